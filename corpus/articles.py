"""Files to Documents: front matter checked field by field; knows nothing of sentences or search."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from framewise.corpus.document import FORMS, KINDS, Document, Source
from framewise.corpus.errors import CorpusError, UnreadableError
from framewise.corpus.markdown import (
    MAX_FRONT_MATTER_CHARS,
    split_front_matter,
    take_out_marks,
    visible_text,
)

_LOG = logging.getLogger("framewise")
DATA = Path(__file__).parent / "data"
MAX_DOCUMENT_BYTES = 2_000_000
MAX_SLUG = 100
OWN_FIELDS = {"id", "kind"}  # front matter with both is ours; any other is another program's
SUFFIXES = (".md", ".markdown", ".txt")
_ID = re.compile(r"^[a-z0-9][a-z0-9._-]{1,79}$")
_DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2})?)?$")


def load_shipped() -> list[Document]:
    """The articles and docs that ship with Framewise, by id.

    Raises:
        CorpusError: a file breaks the format, or two share an id.
    """
    paths = [path for folder in ("articles", "docs") for path in (DATA / folder).glob("*.md")]
    return check_ids(load_document(path) for path in sorted(paths))


def load_folder(folder: Path) -> list[Document]:
    """Every Markdown and text file below a folder, by id; links are not followed.

    A file that is no document (binary, empty, too large) is left out, with a warning that names it;
    one that has Framewise's own front matter must keep its format.

    Raises:
        CorpusError: no such folder, no document in it, a file breaks the format, two share an id.
    """
    if not folder.is_dir():
        raise CorpusError(f"'{folder}' is not a folder.", fix="Name a folder of .md or .txt files.")
    root = folder.resolve()
    documents = []
    for path in files_below(root, SUFFIXES):
        try:
            documents.append(load_document(path, root=root))
        except UnreadableError as error:
            _LOG.warning("framewise: left out: %s", error)
    if not documents:
        raise CorpusError(
            f"'{folder}' holds no document.", fix=f"Put {', '.join(SUFFIXES)} files into it."
        )
    return check_ids(documents)


def files_below(root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of these kinds below a folder, in order; a link is no file."""
    return [
        path
        for path in sorted(root.resolve().rglob("*"))
        if path.suffix.lower() in suffixes and not path.is_symlink() and path.is_file()
    ]


def check_ids(documents: Iterable[Document]) -> list[Document]:
    """The documents by id.

    Raises:
        CorpusError: two share an id.
    """
    by_id: dict[str, Document] = {}
    for document in documents:
        other = by_id.setdefault(document.id, document)
        if other is not document:
            raise CorpusError(
                f"the id '{document.id}' is taken by {other.path}.",
                path=Path(document.path),
                line=1,
                fix="Give one of them another id.",
            )
    return [by_id[id] for id in sorted(by_id)]


def load_document(path: Path, root: Path | None = None) -> Document:
    """One file's Document; a file without front matter is a user's page, named by its path.

    Raises:
        CorpusError: unreadable, not UTF-8, over 2 MB, empty, or front matter that breaks the
            format; the message names the file and the line.
    """
    raw = _read(path)
    fields, body, line = _front_matter(raw, path)
    marked = bool(fields.get("sources"))
    text, marks = take_out_marks(body.strip("\n")) if marked else (body.strip("\n"), ())
    if not text.strip():
        raise UnreadableError("the document has no text.", path=path, line=line)
    if not set(fields) >= OWN_FIELDS:
        return _page(path, root, text, str(fields.get("title") or ""))
    check = _Fields(fields, path)
    return Document(
        id=check.id("id"),
        title=check.text("title"),
        text=text,
        kind=check.choice("kind", KINDS),
        form=check.choice("form", FORMS, default="page"),
        frameworks=check.texts("frameworks"),
        topics=check.texts("topics"),
        published=check.date("published"),
        checked=check.date("checked"),
        sources=check.sources("sources"),
        marks=marks,
        path=str(path),
    )


def _front_matter(raw: str, path: Path) -> tuple[dict[str, Any], str, int]:
    """Our front matter checked; that of other programs read where it can be, else kept as text."""
    try:
        return split_front_matter(raw, path)
    except CorpusError:
        head = raw[:MAX_FRONT_MATTER_CHARS].splitlines()
        if all(any(line.startswith(f"{field}:") for line in head) for field in OWN_FIELDS):
            raise
        return {}, raw, 1


def _read(path: Path) -> str:
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_DOCUMENT_BYTES:
            raise UnreadableError(
                f"the file has {size_bytes} bytes; at most {MAX_DOCUMENT_BYTES} are read.",
                path=path,
                fix="Split it.",
            )
        return visible_text(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"byte {error.start} is not UTF-8.", path=path, fix="Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise UnreadableError(f"the file cannot be read: {error.strerror}.", path=path) from error


def _page(path: Path, root: Path | None, text: str, title: str) -> Document:
    name = str(path.relative_to(root)) if root else path.name
    plain = name.lower().replace(os.sep, ".")
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-.")
    if not plain.isascii() or len(slug) > MAX_SLUG:
        # Letters were lost: the name's checksum keeps two such files apart.
        slug = f"{slug[:MAX_SLUG]}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    heading = re.match(r"#\s+(.+)", text)
    return Document(
        id=f"user.{slug}",
        title=title or (heading.group(1).strip() if heading else path.stem),
        text=text,
        kind="user",
        path=str(path),
    )


class _Fields:
    """Front matter fields, each checked with an error that names file, line and value."""

    def __init__(self, fields: dict[str, Any], path: Path) -> None:
        self._fields = fields
        self._path = path

    def _error(self, message: str, field: str, fix: str = "") -> CorpusError:
        lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        line = next((n for n, row in enumerate(lines, 1) if row.startswith(f"{field}:")), 1)
        return CorpusError(message, path=self._path, line=line, fix=fix)

    def text(self, field: str) -> str:
        value = self._fields.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self._error(
                f"the field '{field}' is {value!r}.", field, f"Write '{field}: some text'."
            )
        return value.strip()

    def id(self, field: str) -> str:
        value = self.text(field)
        if not _ID.match(value):
            raise self._error(
                f"the id '{value}' is not lower case letters, digits, '.', '_' or '-'.", field
            )
        return value

    def choice(self, field: str, choices: tuple[str, ...], default: str = "") -> str:
        value = self._fields.get(field, default)
        if value not in choices:
            raise self._error(
                f"the field '{field}' is {value!r}.", field, f"Known are {', '.join(choices)}."
            )
        return str(value)

    def date(self, field: str) -> str:
        value = str(self._fields.get(field, ""))
        if not _DATE.match(value):
            raise self._error(
                f"the field '{field}' is {value!r}.", field, "Write a date as 2026-11-22."
            )
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._fields.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(
                f"the field '{field}' is {value!r}.", field, f"Write '{field}: [one, two]'."
            )
        return tuple(value)

    def sources(self, field: str) -> tuple[Source, ...]:
        value = self._fields.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._error(f"the field '{field}' is not a list of sources.", field)
        return tuple(self._source(item, field) for item in value)

    def _source(self, item: dict[str, Any], field: str) -> Source:
        if isinstance(item.get("date"), int):  # YAML reads a bare year as a number
            item = {**item, "date": str(item["date"])}
        for name in ("id", "title", "locator", "date", "licence"):
            if not isinstance(item.get(name), str) or not item[name].strip():
                raise self._error(f"a source's '{name}' is {item.get(name)!r}.", field)
        if not _DATE.match(item["date"]):
            raise self._error(f"a source's date is {item['date']!r}.", field)
        url = str(item.get("url", ""))
        if url and not re.match(r"^https?://[^\s<>\"']+$", url):
            raise self._error(f"a source's url is {url!r}.", field, "Write an http(s) address.")
        return Source(
            id=item["id"],
            title=item["title"],
            locator=item["locator"],
            date=item["date"],
            licence=item["licence"],
            url=url,
        )
