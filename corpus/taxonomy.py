"""The frameworks and criteria Framewise knows by name, with aliases and life signs; does not read questions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from framewise.corpus.errors import CorpusError

DATA = Path(__file__).parent / "data"
# "unchecked": named so that questions are understood; nobody has looked for its life signs.
STATUSES = ("active", "preview", "maintenance", "superseded", "archived", "retired", "unchecked")


@dataclass(frozen=True, slots=True)
class Framework:
    """A project by its names, with its sign of life: a status, the day it rests on, its successor's id."""

    id: str
    name: str
    aliases: tuple[str, ...]
    group: str
    package: str
    repository: str
    main: bool
    status: str
    status_date: str
    successor: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling, the shown name first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something a choice hangs on, with the words that questions use for it."""

    id: str
    name: str
    keywords: tuple[str, ...]
    main: bool


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All frameworks and criteria, in the file's order."""

    frameworks: tuple[Framework, ...]
    criteria: tuple[Criterion, ...]

    def framework(self, id: str) -> Framework | None:
        """The framework with this id."""
        return next((f for f in self.frameworks if f.id == id), None)

    def criterion(self, id: str) -> Criterion | None:
        """The criterion with this id."""
        return next((c for c in self.criteria if c.id == id), None)


@cache
def load_taxonomy(path: Path = DATA / "taxonomy.toml") -> Taxonomy:
    """The taxonomy of a TOML file.

    Raises:
        CorpusError: not TOML, a field missing or of the wrong type, an id or name twice, an
            unknown status or successor.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(f"the taxonomy cannot be read: {error.strerror}.", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(f"the taxonomy is not valid TOML: {error}.", path=path) from error
    taxonomy = Taxonomy(
        frameworks=tuple(
            Framework(
                id=_text(row, "id", path),
                name=_text(row, "name", path),
                aliases=_texts(row, "aliases", path),
                group=_text(row, "group", path),
                package=_text(row, "package", path),
                repository=_text(row, "repository", path),
                main=bool(row.get("main", False)),
                status=_text(row, "status", path),
                status_date=_text(row, "status_date", path),
                successor=_text(row, "successor", path),
            )
            for row in tables.get("framework", [])
        ),
        criteria=tuple(
            Criterion(
                id=_text(row, "id", path),
                name=_text(row, "name", path),
                keywords=_texts(row, "keywords", path),
                main=bool(row.get("main", False)),
            )
            for row in tables.get("criterion", [])
        ),
    )
    _check(taxonomy, path)
    return taxonomy


def _check(taxonomy: Taxonomy, path: Path) -> None:
    seen: dict[str, str] = {}
    for framework in taxonomy.frameworks:
        for name in dict.fromkeys((framework.id, *(n.lower() for n in framework.names))):
            owner = seen.setdefault(name, framework.id)
            if owner != framework.id:
                raise CorpusError(f"'{name}' names both '{owner}' and '{framework.id}'.", path=path)
        if framework.status not in STATUSES:
            raise CorpusError(
                f"'{framework.id}' has status '{framework.status}'; known are {', '.join(STATUSES)}.",
                path=path,
            )
        if framework.successor and taxonomy.framework(framework.successor) is None:
            raise CorpusError(
                f"'{framework.id}' names successor '{framework.successor}', which is not listed.",
                path=path,
            )


def _text(row: dict[str, Any], field: str, path: Path) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise CorpusError(f"an entry has no text field '{field}': {row!r}.", path=path)
    return value


def _texts(row: dict[str, Any], field: str, path: Path) -> tuple[str, ...]:
    value = row.get(field)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CorpusError(f"an entry's '{field}' is not a list of texts: {row!r}.", path=path)
    return tuple(value)
