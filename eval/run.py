"""Asks every question, scores every answer, keeps every row; knows no way of showing them."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framewise.app.assistant import Assistant
from framewise.app.types import Answer
from framewise.corpus.errors import SuiteError
from framewise.eval.questions import Question
from framewise.eval.scores import (
    Score,
    cited_gold,
    invalid_citations,
    length_words,
    reciprocal_rank_at,
    right_status,
    success_at,
    violations,
    vital_recall,
)
from framewise.eval.statistics import Estimate, estimate
from framewise.index.embed import Progress

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One question's answer and scores; `faults` are invalid citations."""

    id: str
    kind: str
    status: str
    expected: str
    scores: dict[str, Score]
    faults: tuple[str, ...]
    text: str
    cited: tuple[str, ...]
    seconds: float
    first_sentence_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """A run: what was run on what, every row, and each score's estimate."""

    about: dict[str, str]
    rows: tuple[Row, ...]

    @property
    def faults(self) -> list[str]:
        """Every invalid citation, with its question's id; any one fails the run."""
        return [f"{row.id}: {fault}" for row in self.rows for fault in row.faults]

    @property
    def estimates(self) -> dict[str, Estimate | None]:
        """Mean and interval of each score over the rows to which it applies."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.scores))
        return {name: estimate([row.scores.get(name) for row in self.rows]) for name in names}


def run_questions(
    assistant: Assistant,
    questions: Sequence[Question],
    *,
    log: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Asks the questions one by one.

    Args:
        assistant: what is measured.
        questions: at least one.
        log: a JSON Lines file; rows in it from an interrupted run on the same index and model
            are taken over, new ones are appended as they are made.
        progress: told ("eval", done, total).

    Raises:
        SuiteError: no questions, or a log that another index, model or question set wrote.
    """
    if not questions:
        raise SuiteError("there is no question to ask.")
    about = describe(assistant, questions)
    done = _resume(log, about)
    rows = []
    for number, question in enumerate(questions, 1):
        row = done.get(question.id) or ask_one(assistant, question)
        if log is not None and question.id not in done:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
        rows.append(row)
        if progress:
            progress("eval", number, len(questions))
    return Report(about, tuple(rows))


def ask_one(assistant: Assistant, question: Question) -> Row:
    """One question's row."""
    history = [{"role": "user", "content": text} for text in question.history]
    start = time.perf_counter()
    answer = assistant.ask(question.text, history=history)
    seconds = time.perf_counter() - start
    ranking = _documents(assistant, answer)
    refused = answer.status == "refused"
    answerable = question.status == "answered"
    scores: dict[str, Score] = {
        "citations valid": float(not invalid_citations(answer, assistant.index.documents)),
        "status right": right_status(question, answer),
        "unanswerable refused": None if answerable else float(refused),
        "answerable falsely refused": float(refused) if answerable else None,
        "retrieval success@5": success_at(ranking, question.gold, 5),
        "retrieval MRR@10": reciprocal_rank_at(ranking, question.gold, DEPTH),
        "gold cited": cited_gold(question, answer) if answerable else None,
        "vital recall": vital_recall(question, answer) if answerable else None,
        "must-not violated": float(violations(question, answer) > 0),
        "words": length_words(answer) if not refused else None,
    }
    return Row(
        id=question.id,
        kind=question.kind,
        status=answer.status,
        expected=question.status,
        scores=scores,
        faults=tuple(invalid_citations(answer, assistant.index.documents)),
        text=answer.text,
        cited=tuple(citation.sentence_id for citation in answer.citations),
        seconds=round(seconds, 3),
        first_sentence_s=answer.timings_s["first_sentence"],
    )


def describe(assistant: Assistant, questions: Iterable[Question]) -> dict[str, str]:
    """What a run's figures rest on: digests and versions."""
    from importlib.metadata import version

    key = json.dumps([asdict(question) for question in questions], sort_keys=True)
    return {
        "framewise": version("framewise"),
        "model": assistant.model_id,
        "encoder": assistant.index.encoder.id,
        "index": assistant.index.digest,
        "questions": hashlib.sha256(key.encode()).hexdigest()[:16],
        "config": hashlib.sha256(repr(assistant.config).encode()).hexdigest()[:16],
        "torch": version("torch"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def _documents(assistant: Assistant, answer: Answer) -> list[str]:
    """The documents of the ranked passages for the question on its own, best first, each once."""
    hits = assistant.index.search(answer.standalone_question, 5 * DEPTH)
    return list(dict.fromkeys(hit.unit.document_id for hit in hits))


def _resume(log: Path | None, about: dict[str, str]) -> dict[str, Row]:
    if log is None:
        return {}
    if not log.is_file() or not log.read_text(encoding="utf-8").strip():
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(json.dumps({"about": about}) + "\n", encoding="utf-8")
        return {}
    head, *lines = log.read_text(encoding="utf-8").splitlines()
    found: Any = json.loads(head)
    if found.get("about") != about:
        raise SuiteError(
            f"'{log}' was written on another index, model or question set.",
            fix="Name another file with --log, or delete this one.",
        )
    rows = [_row(line) for line in lines if line.endswith("}")]  # a cut last line is asked again
    return {row.id: row for row in rows}


def _row(line: str) -> Row:
    record = json.loads(line)
    record["faults"], record["cited"] = tuple(record["faults"]), tuple(record["cited"])
    return Row(**record)
