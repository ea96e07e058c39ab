"""A true sentence to false ones that look like it: swapped numbers, names, negations, directions.

Planted faults for the support scorer and for conflicts; a pure function of sentence and seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from framewise.app.names import find_frameworks
from framewise.corpus.taxonomy import Taxonomy

_DATE = re.compile(r"\b(20[12]\d)-(\d\d)-(\d\d)\b")
_VERSION = re.compile(r"(?<![\w.-])\d+\.\d+(?:\.\d+)?(?![\w-])(?!%)")
_COUNT = re.compile(
    r"(?<![\w.,-])(?:\d{1,3}(?:,\d{3})+(?![\w,])|\d+\.\d+(?=%)|[2-9]\d{0,3}(?![\w.,-]*\d)(?![\w-]))"
)
_DIRECTIONS = (
    ("more", "fewer"),
    ("faster", "slower"),
    ("larger", "smaller"),
    ("higher", "lower"),
    ("grew", "fell"),
    ("rose", "fell"),
    ("easier", "harder"),
    ("newer", "older"),
    ("before", "after"),
    ("with", "without"),
)
_STATUSES = (
    ("archived", "actively maintained"),
    ("maintained", "unmaintained"),
    ("active", "archived"),
    ("free", "paid"),
    ("open", "closed"),
    ("stable", "experimental"),
)
_VERBS = (
    ("does not support", "supports"),
    ("do not support", "support"),
    ("cannot", "can"),
    ("is not", "is"),
    ("are not", "are"),
    ("has no", "has a"),
    ("no longer", "still"),
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A false sentence and the kind of edit that made it."""

    kind: str
    text: str


def contrasts(sentence: str, taxonomy: Taxonomy, seed: int = 0) -> list[Contrast]:
    """At most one false sentence of each kind that fits; none of them equals the sentence."""
    draw = random.Random(f"{seed} {sentence}")  # noqa: S311 - test data, not a secret
    kinds: Sequence[tuple[str, Callable[[str], str]]] = (
        ("date", lambda text: _DATE.sub(lambda m: _other_date(m, draw), text, count=1)),
        ("version", lambda text: _swap(_VERSION, text, lambda v: _other_version(v, draw))),
        ("number", lambda text: _swap(_COUNT, text, lambda n: _other_count(n, draw))),
        ("name", lambda text: _other_name(text, taxonomy, draw)),
        ("negation", _negated),
        ("direction", lambda text: _first_pair(text, _DIRECTIONS, both=True)),
        ("status", lambda text: _first_pair(text, _STATUSES, both=True)),
    )
    made = [Contrast(kind, edit(sentence)) for kind, edit in kinds]
    return [contrast for contrast in made if contrast.text != sentence]


def weaker(sentence: str) -> str:
    """A true sentence that says less: the reason or the condition behind the comma left out; or itself."""
    short = re.split(r",? because |, since |; |: ", sentence)[0]
    if len(short.split()) < 6 or short == sentence:
        return sentence
    return short.rstrip(".,") + "."


def _swap(pattern: re.Pattern[str], text: str, other: Callable[[str], str]) -> str:
    plain = _DATE.sub(lambda m: "#" * len(m.group()), text)  # a date is no version and no count
    match = pattern.search(plain)
    if match is None:
        return text
    return text[: match.start()] + other(match.group()) + text[match.end() :]


def _other_date(match: re.Match[str], draw: random.Random) -> str:
    year = int(match[1]) + draw.choice((-2, -1, 1))
    return f"{year}-{match[2]}-{match[3]}"


def _other_version(version: str, draw: random.Random) -> str:
    parts = version.split(".")
    at = draw.randrange(len(parts[:2]))
    parts[at] = str(int(parts[at]) + draw.choice((1, 2, 3)))
    return ".".join(parts)


def _other_count(number: str, draw: random.Random) -> str:
    value = float(number.replace(",", ""))
    changed = value * draw.choice((0.5, 1.5, 3.0)) + 1
    if "," in number:
        return f"{round(changed):,}"
    return f"{changed:.1f}" if "." in number else str(round(changed))


def _other_name(text: str, taxonomy: Taxonomy, draw: random.Random) -> str:
    named = find_frameworks(text, taxonomy)
    found = taxonomy.framework(named[0]) if named else None
    if found is None or found.name not in text:
        return text
    peers = sorted(
        f.name for f in taxonomy.frameworks if f.group == found.group and f.name not in text
    )
    return text.replace(found.name, draw.choice(peers)) if peers else text


def _negated(text: str) -> str:
    changed = _first_pair(text, _VERBS, both=False)
    if changed != text:
        return changed
    for verb, denied in (
        (r"\bsupports\b", "does not support"),
        (r"\bruns\b", "does not run"),
        (r"\bcan\b", "cannot"),
        (r"\bchoose\b", "do not choose"),
        (r"\bis\b", "is not"),
        (r"\bare\b", "are not"),
        (r"\bwas\b", "was not"),
        (r"\bhas\b", "does not have"),
        (r"\bneeds\b", "does not need"),
    ):
        changed = re.sub(verb, denied, text, count=1)
        if changed != text:
            return changed
    return text


def _first_pair(text: str, pairs: Sequence[tuple[str, str]], *, both: bool) -> str:
    both_ways = [*pairs, *((b, a) for a, b in pairs)] if both else list(pairs)
    for one, other in both_ways:
        changed = re.sub(rf"\b{one}\b", other, text, count=1)
        if changed != text:
            return changed
    return text
