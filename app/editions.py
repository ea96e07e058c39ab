"""Versions that a question names and no source knows, by the newest release of each package.

Compares numbers; does not know what a version holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from framewise.app.names import named_in
from framewise.corpus.metrics import load_metrics, slug
from framewise.corpus.taxonomy import Framework, Taxonomy
from framewise.index.index import Index
from packaging.version import InvalidVersion, Version

# Right behind a name: "PyTorch 2.19", "Keras v4". A whole number is no version before what it could count: a plural,
# another number, a unit ("Ray 4 nodes", "JAX 2 or 4 GPUs", "PyTorch 3 times").
_UNIT = r"(?:x|gb|tb|b|m|%|percent|bit|gpu|node|core|card|faster|slower|times|billion|million|seconds?|s|ms)\b"
_DOTTED = rf"\d+(?:\.\d+)+(?![\w.]*\s?{_UNIT})"
_WHOLE = (
    rf"\d{{1,2}}(?![\w-]|\.\d|\s*{_UNIT}|\s+(?:or|to|and)\s+\d|"
    r"\s+(?!(?:is|was|has|does|vs|comes|lands|ships|breaks|changes|needs)\b)\w+s\b)"
)
_VERSION = re.compile(rf"\s?(?:version |release |v)?({_DOTTED}|{_WHOLE})", re.IGNORECASE)
_OLD = re.compile(r"\s\d+$")
NEXT_MAJORS = 3  # a whole number further ahead than this counts something else


@dataclass(frozen=True, slots=True)
class Ahead:
    """A version of a framework newer than any a source knows; `told` is the sentence that says which is newest."""

    name: str
    version: str
    told: str

    def __str__(self) -> str:
        """What a reader is told."""
        return f"No source knows a release {self.name} {self.version}."


def ahead_in(text: str, taxonomy: Taxonomy, index: Index) -> tuple[Ahead, ...]:
    """The versions a text names that are newer than any the index's sources know, in its order."""
    found = []
    for start, end, id in sorted(named_in(text, taxonomy)):
        name = _OLD.sub("", text[start:end])  # "TensorFlow 2" is a name too
        match, framework = _VERSION.match(text, start + len(name)), taxonomy.framework(id)
        if not match or not framework:
            continue
        asked, known = match.group(1), _newest(framework)
        told = _told(framework, known, index)
        if told and _is_ahead(asked, known) and not index.says(f"{framework.name} {asked}"):
            found.append(Ahead(framework.name, asked, told))
    return tuple(dict.fromkeys(found))


def _is_ahead(asked: str, known: str) -> bool:
    """Whether a version is newer, compared in as many parts as it names: 2.15 is not ahead of 2.15.0."""
    try:
        named, newest = Version(asked).release, Version(known).release
    except InvalidVersion:
        return False
    if len(named) == 1:
        return newest[0] < named[0] <= newest[0] + NEXT_MAJORS
    return named > newest[: len(named)]


def _newest(framework: Framework) -> str:
    """The newest release of a framework's package that the tables know; empty where they know none."""
    table = next((t for t in load_metrics() if t.name == "package_releases"), None)
    for row in table.rows if table else ():
        if row.entity == framework.package and row.metric == "latest_version":
            return row.value
    return ""


def _told(framework: Framework, newest: str, index: Index) -> str:
    """The sentence of the index that says so; empty where it has none."""
    said = index.sentences_of(f"metrics.package-releases.{slug(framework.package)}")
    return next((s.id for s in said if newest and f"version {newest}" in s.text), "")
