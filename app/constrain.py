"""What a writer may type: marks from a closed set, digits only from evidence, no links or markup.

A logits mask, not a hope. Knows evidence only as texts and numbers; does not judge meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\d+(?:[.,:\-]\d+)*")
_OPEN_NUMBER = re.compile(r"\d+(?:[.,:\-]\d+)*[.,:\-]?$")
_MARKS = re.compile(r"(?:\[\d+\])+\s?")
_OPEN_MARK = re.compile(r"(?:\[\d+\])*\[(\d*)")
# Brackets, angles and schemes build marks, HTML and links, which only code may make.
_UNSAFE = re.compile(r"[\[\]<>|{}\\]|://|www\.")


def numbers_in(text: str) -> set[str]:
    """Every number of a text as it is written: versions, dates, shares, counts."""
    return set(_NUMBER.findall(text))


@dataclass(frozen=True, slots=True)
class Rule:
    """Which token ids may come next: only these, or all but these; and whether the text may end here."""

    only: bool
    ids: Sequence[int]
    end: bool = False


class EvidenceConstraint:
    """The rule for each next token, given the evidence in the prompt.

    A line is one or more marks, then a sentence.

    Args:
        evidence: the numbered evidence's texts; the marks are [1] to [len(evidence)].
        question: numbers of the question may be repeated.
        vocabulary: the model's tokens and their ids.
    """

    def __init__(
        self, evidence: Sequence[str], question: str, vocabulary: Mapping[str, int]
    ) -> None:
        self._marks = [str(number) for number in range(1, len(evidence) + 1)]
        self._numbers = {n for text in (question, *evidence) for n in numbers_in(text)}
        self._digits = {t: id for t, id in vocabulary.items() if any(c.isdigit() for c in t)}
        self._in_mark = {t: id for t, id in vocabulary.items() if re.fullmatch(r"\d+|\]|\d+\]", t)}
        self._signs = {sign: vocabulary[sign] for sign in ".,:-" if sign in vocabulary}
        self._opening = [vocabulary["["]] if "[" in vocabulary else []
        unsafe = {id for token, id in vocabulary.items() if _UNSAFE.search(token)}
        starts = {id for token, id in self._digits.items() if self._begins(token.strip())}
        self._unsafe = frozenset(unsafe)
        self._free = frozenset(unsafe | (set(self._digits.values()) - starts))

    def rule(self, text: str) -> Rule:
        """What may follow the text written so far."""
        line = text.rsplit("\n", 1)[-1]
        if not line:
            return Rule(only=True, ids=self._opening, end=bool(text))
        if mark := _OPEN_MARK.fullmatch(line):
            written = mark.group(1)
            fits = {id for t, id in self._in_mark.items() if self._continues_mark(written + t)}
            return Rule(only=True, ids=sorted(fits))
        if _MARKS.fullmatch(line):  # a further mark, or the sentence
            return Rule(only=False, ids=sorted(self._free - set(self._opening)))
        return self._in_sentence(line)

    def _in_sentence(self, line: str) -> Rule:
        number = _OPEN_NUMBER.search(line)
        if number is None:
            return Rule(only=False, ids=sorted(self._free), end=True)
        longer = {id for t, id in self._digits.items() if self._begins(number.group() + t)}
        longer |= {id for sign, id in self._signs.items() if self._begins(number.group() + sign)}
        if number.group().rstrip(".,:-") not in self._numbers:
            return Rule(only=True, ids=sorted(longer))
        banned = (self._unsafe | set(self._digits.values())) - longer
        return Rule(only=False, ids=sorted(banned), end=True)

    def _begins(self, written: str) -> bool:
        return bool(written) and any(number.startswith(written) for number in self._numbers)

    def _continues_mark(self, written: str) -> bool:
        if written.endswith("]"):
            return written[:-1] in self._marks
        return any(mark.startswith(written) for mark in self._marks)
