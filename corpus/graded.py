"""Questions of which a reader said which sentences answer them, and which are off the point; knows sentences by words.

Grades are relevance judgements as in TREC: readers who did not know each other's read what was found for a question.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from framewise.corpus.articles import DATA
from framewise.corpus.errors import CorpusError
from framewise.corpus.json_lines import rows_of

GRADES = DATA / "grades.jsonl"
# Graded too; these alone the encoder has learnt from.
READ = DATA / "read.jsonl"


@dataclass(frozen=True, slots=True)
class Graded:
    """What a reader of all found sentences chose for a question.

    `best`: the answer's sentences in order, the first of which opens it; `also`: what would also serve;
    `off`: the marks (`mark_of`) of what was read and is off the point.
    """

    question: str
    best: tuple[str, ...]
    also: tuple[str, ...]
    off: frozenset[str]

    def grade(self, text: str) -> int | None:
        """3 for the opening, 2 for the rest of the best, 1 for what serves, 0 off the point, None unread."""
        if text in self.best:
            return 2 + (text == self.best[0])
        if text in self.also:
            return 1
        return 0 if mark_of(text) in self.off else None

    def grades(self) -> dict[str, int]:
        """The grade of all that was read, by its mark."""
        good = {mark_of(text): 1 for text in self.also} | {mark_of(text): 2 for text in self.best}
        opening = {mark_of(text): 3 for text in self.best[:1]}
        return dict.fromkeys(sorted(self.off), 0) | good | opening


def mark_of(text: str) -> str:
    """A short mark of a sentence, so that what was rejected need not be kept word for word."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def load_graded(*paths: Path) -> dict[str, Graded]:
    """The grades by their question; of all that ships where no file is named.

    Raises:
        CorpusError: unreadable, or a line that is no grade; names file and line.
    """
    graded = {}
    for path in paths or (GRADES, READ):
        for place, row in rows_of(path, CorpusError):
            try:
                question = str(row["question"])
                best, also, off = (tuple(map(str, row[name])) for name in ("best", "also", "off"))
            except (KeyError, TypeError) as error:
                raise CorpusError(f"{place}: not a grade: {error!r}.") from error
            graded[question] = Graded(question, best, also, frozenset(off))
    return graded
