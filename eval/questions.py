"""Evaluation questions: what is asked, what a right answer must and must not hold; asks nothing itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import SuiteError
from framewise.corpus.json_lines import rows_of

DATA = Path(__file__).parent / "data"
SPLITS = ("dev", "test")
KINDS = (
    "choose",
    "compare",
    "fact",
    "trend",
    "migrate",
    "explain",
    "follow-up",
    "constraint",
    "unanswerable",
    "false-premise",
    "adversarial",
)
STATUSES = ("answered", "refused")
DIFFICULTIES = ("", "easy", "medium", "hard")
_NEEDED = ("id", "text", "kind", "status")
_TEXTS = ("topic", "voice", "difficulty", "why", "as_of", "source", "good", "bad", "twin")
REASONS = ("", "future", "out-of-domain", "non-existent", "unknowable")


@dataclass(frozen=True, slots=True)
class Nugget:
    """One thing an answer may say: `says` in a plain sentence, `pattern` as a regular expression."""

    says: str
    pattern: str

    def stands_in(self, text: str) -> bool:
        """Whether the text matches the pattern, in upper or lower case."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its key.

    `status`: "answered" stands for answered, partial and conflict alike; `why` is the reason that
    nothing can answer it. `gold` are documents of which any one holds the answer. An answer is
    complete that holds all `vital` nuggets, better with `okay` ones, wrong with a `must_not`.
    `good` and `bad` are answers that the key was checked against (`faults`). `history` are earlier
    user turns, `twin` the same question with its options in the other order, `paraphrases` the same
    question as others would type it. `topic` names the situation: a topic is in one split only,
    and the questions of one topic are one cluster of the statistics.
    """

    id: str
    text: str
    kind: str
    status: str
    topic: str = ""
    voice: str = ""
    difficulty: str = ""
    why: str = ""
    as_of: str = ""
    source: str = ""
    gold: tuple[str, ...] = ()
    vital: tuple[Nugget, ...] = ()
    okay: tuple[Nugget, ...] = ()
    must_not: tuple[Nugget, ...] = ()
    good: str = ""
    bad: str = ""
    history: tuple[str, ...] = ()
    twin: str = ""
    paraphrases: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the corpus should answer it."""
        return self.status == "answered"

    @property
    def cluster(self) -> str:
        """What the statistics resample: the topic, or the question where it has none."""
        return self.topic or self.id


def split_path(split: str) -> Path:
    """The shipped question file of a split. Raises: SuiteError: no such split."""
    if split not in SPLITS:
        raise SuiteError(f"there is no split '{split}'; known are {', '.join(SPLITS)}.")
    return DATA / f"{split}.jsonl"


def load_questions(path: Path = DATA / "dev.jsonl") -> list[Question]:
    """The questions of a JSON Lines file, in its order.

    Raises:
        SuiteError: unreadable, a line that is not a question, an id twice; names file and line.
    """
    questions: dict[str, Question] = {}
    for place, row in rows_of(path, SuiteError):
        question = _question(row, place)
        if question.id in questions:
            raise SuiteError(f"{place}: the id '{question.id}' stands twice.")
        questions[question.id] = question
    if not questions:
        raise SuiteError(f"the question file '{path}' holds no question.")
    return list(questions.values())


def spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """At most `limit` questions, evenly over the file, so that every kind is met; all for None."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return [questions[number * len(questions) // limit] for number in range(limit)]


def faults(question: Question) -> list[str]:
    """Where a question's key does not tell its own good answer from its own bad one.

    The good answer must hold every vital nugget and no must-not; the bad one must hold a
    must-not, or lack every vital nugget. A question without such answers has nothing to check.
    """
    found = []
    if question.good:
        lacking = [n.pattern for n in question.vital if not n.stands_in(question.good)]
        found += [f"{question.id}: the good answer lacks '{pattern}'" for pattern in lacking]
        hit = [n.pattern for n in question.must_not if n.stands_in(question.good)]
        found += [f"{question.id}: the good answer holds '{pattern}'" for pattern in hit]
    if question.bad and (question.vital or question.must_not):
        wrong = any(n.stands_in(question.bad) for n in question.must_not)
        empty = question.vital and not any(n.stands_in(question.bad) for n in question.vital)
        if not wrong and not empty:
            found.append(f"{question.id}: the bad answer passes")
    return found


def _question(row: Any, place: str) -> Question:  # noqa: ANN401 - JSON
    if not isinstance(row, Mapping):
        raise SuiteError(f"{place}: not a JSON object.")
    strange = sorted(set(row) - set(Question.__dataclass_fields__))
    if strange:
        raise SuiteError(f"{place}: unknown field '{strange[0]}'.")
    for field, known in (
        ("kind", KINDS),
        ("status", STATUSES),
        ("difficulty", DIFFICULTIES),
        ("why", REASONS),
    ):
        value = row.get(field, "")
        if value not in known:
            names = ", ".join(name for name in known if name)
            raise SuiteError(f"{place}: '{field}' is {value!r}; known are {names}.")
    fields: dict[str, Any] = {
        **{field: _text(row, field, place) for field in _NEEDED},
        **{field: _text(row, field, place, default="") for field in _TEXTS},
        **{field: _texts(row, field, place) for field in ("gold", "history", "paraphrases")},
        **{field: _nuggets(row, field, place) for field in ("vital", "okay", "must_not")},
    }
    return Question(**fields)


def _text(row: Mapping[str, Any], field: str, place: str, default: str | None = None) -> str:
    value = row.get(field, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise SuiteError(f"{place}: '{field}' is {value!r}, not a text.")
    return value


def _texts(row: Mapping[str, Any], field: str, place: str) -> tuple[str, ...]:
    value = row.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SuiteError(f"{place}: '{field}' is {value!r}, not a list of texts.")
    return tuple(value)


def _nuggets(row: Mapping[str, Any], field: str, place: str) -> tuple[Nugget, ...]:
    value = row.get(field, [])
    if not isinstance(value, list):
        raise SuiteError(f"{place}: '{field}' is {value!r}, not a list.")
    return tuple(_nugget(item, field, place) for item in value)


def _nugget(item: object, field: str, place: str) -> Nugget:
    """{"says", "pattern"}, or a pattern alone, which then says itself."""
    told: Any = {"says": item, "pattern": item} if isinstance(item, str) else item
    says, pattern = (
        (told.get("says"), told.get("pattern")) if isinstance(told, Mapping) else (None, None)
    )
    if not isinstance(says, str) or not isinstance(pattern, str) or not pattern:
        raise SuiteError(f"{place}: '{field}' holds {item!r}, not a pattern with what it says.")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SuiteError(
            f"{place}: the pattern '{pattern}' is not a regular expression: {error}."
        ) from error
    return Nugget(says, pattern)
