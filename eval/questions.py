"""Evaluation questions: what is asked, what a right answer must and must not hold; asks nothing itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import SuiteError

DATA = Path(__file__).parent / "data"
KINDS = (
    "choose",
    "compare",
    "fact",
    "trend",
    "migrate",
    "explain",
    "follow-up",
    "unanswerable",
    "false-premise",
)
STATUSES = ("answered", "refused")


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its key.

    `status`: "answered" stands for answered, partial and conflict alike. `gold` are documents of
    which any one holds the answer. `vital` are regular expressions of which each must match the
    answer's sentences; `must_not` of which none may. `history` are earlier user turns.
    """

    id: str
    text: str
    kind: str
    status: str
    gold: tuple[str, ...] = ()
    vital: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


def load_questions(path: Path = DATA / "dev.jsonl") -> list[Question]:
    """The questions of a JSON Lines file, in its order.

    Raises:
        SuiteError: unreadable, a line that is not a question, an id twice; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the question file '{path}' cannot be read: {error}.") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        question = _question(line, f"{path}:{number}")
        if question.id in questions:
            raise SuiteError(f"{path}:{number}: the id '{question.id}' stands twice.")
        questions[question.id] = question
    if not questions:
        raise SuiteError(f"the question file '{path}' holds no question.")
    return list(questions.values())


def _question(line: str, place: str) -> Question:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{place}: not JSON: {error}.") from error
    if not isinstance(row, Mapping):
        raise SuiteError(f"{place}: not a JSON object.")
    for field, known in (("kind", KINDS), ("status", STATUSES)):
        if row.get(field) not in known:
            raise SuiteError(
                f"{place}: '{field}' is {row.get(field)!r}; known are {', '.join(known)}."
            )
    question = Question(
        id=_text(row, "id", place),
        text=_text(row, "text", place),
        kind=_text(row, "kind", place),
        status=_text(row, "status", place),
        gold=_texts(row, "gold", place),
        vital=_texts(row, "vital", place),
        must_not=_texts(row, "must_not", place),
        history=_texts(row, "history", place),
    )
    for pattern in (*question.vital, *question.must_not):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SuiteError(
                f"{place}: the pattern '{pattern}' is not a regular expression: {error}."
            ) from error
    return question


def _text(row: Mapping[str, Any], field: str, place: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise SuiteError(f"{place}: '{field}' is {value!r}, not a text.")
    return value


def _texts(row: Mapping[str, Any], field: str, place: str) -> tuple[str, ...]:
    value = row.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SuiteError(f"{place}: '{field}' is {value!r}, not a list of texts.")
    return tuple(value)
