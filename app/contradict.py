"""Do two sentences contradict each other? Plain cases only: opposites, a negation, one other number.

Knows texts alone, not whose they are. Precision comes first: two sentences that merely differ are
not a conflict.
"""

from __future__ import annotations

import re

from framewise.app.constrain import numbers_in
from framewise.index.bm25 import words

_NEGATION = re.compile(
    r"\b(not|no longer|cannot|can't|doesn't|don't|isn't|without|never|neither|nor|no)\b",
    re.IGNORECASE,
)
_OPPOSITES = (
    (
        r"\b(actively maintained|active development|is active|still maintained)\b",
        r"\b(archived|unmaintained|retired|discontinued)\b",
    ),
    (
        r"\b(supports?|supported)\b",
        r"\b(does not support|unsupported|dropped support|no support)\b",
    ),
)
# Words that turn a statement round when nothing else in it changes.
_ANTONYMS = frozenset(
    frozenset(pair)
    for pair in (
        ("more", "less"), ("more", "fewer"), ("faster", "slower"), ("larger", "smaller"),
        ("higher", "lower"), ("grew", "fell"), ("rose", "fell"), ("easier", "harder"),
        ("newer", "older"), ("before", "after"), ("with", "without"), ("open", "closed"),
        ("free", "paid"), ("stable", "experimental"), ("active", "archived"),
        ("maintained", "unmaintained"), ("better", "worse"), ("increase", "decrease"),
    )
)  # fmt: skip
_SAME_WORDS = 0.8
_NUMBER = re.compile(r"\d+(?:[.,:\-]\d+)*")


def contradict(one: str, other: str) -> bool:
    """Whether one sentence plainly denies what the other says.

    Known opposites do, the same words but for a negation, and the same sentence but for one
    number or one word of opposite sense.
    """
    return _opposed(one, other) or _negated(one, other) or _one_slot_differs(one, other)


def says_otherwise(one: str, other: str) -> bool:
    """Whether two like sentences must both be kept: they hold other numbers, or contradict."""
    return numbers_in(one) != numbers_in(other) or contradict(one, other)


def _opposed(one: str, other: str) -> bool:
    for affirmed, denied in _OPPOSITES:
        for first, second in ((one, other), (other, one)):
            plain = not re.search(denied, first, re.I) and not _NEGATION.search(first)
            says = re.search(affirmed, first, re.I) and plain
            if says and re.search(denied, second, re.I):
                return True
    return False


def _negated(one: str, other: str) -> bool:
    bare = [set(words(_NEGATION.sub(" ", text))) for text in (one, other)]
    shared = len(bare[0] & bare[1]) / max(1, len(bare[0] | bare[1]))
    denied = [bool(_NEGATION.search(text)) for text in (one, other)]
    return shared >= _SAME_WORDS and denied[0] != denied[1]


def _one_slot_differs(one: str, other: str) -> bool:
    """The same words in the same order but for one number, or one word and its antonym."""
    first, second = (re.findall(r"\d+(?:[.,:\-]\d+)*|\w+", text.lower()) for text in (one, other))
    if len(first) != len(second):
        return False
    slots = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    if len(slots) != 1:
        return False
    a, b = slots[0]
    numbers = _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b)
    return bool(numbers) or frozenset((a, b)) in _ANTONYMS
