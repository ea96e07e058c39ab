"""The retrieval suite: are the gold documents ranked first, and is it noticed when they are gone?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from framewise.app.assistant import Assistant
from framewise.eval.questions import Question
from framewise.eval.ranking import score_rankings
from framewise.eval.rows import Row
from framewise.eval.run import Job
from framewise.eval.systems import turns
from framewise.index.ranker import Mode
from framewise.index.types import Filters

SUITE, REMOVAL = "retrieval", "gold removed"
MODES: tuple[Mode, ...] = ("bm25", "dense", "fusion")
DEPTH = 10
PASSAGES = 5 * DEPTH


def retrieval_jobs(assistant: Assistant, questions: Sequence[Question]) -> list[Job]:
    """A job per mode and question with gold, and one with its gold documents taken away."""
    asked = [q for q in questions if q.gold and q.answerable]
    jobs = [
        Job(((SUITE, mode, q.id, ""),), _ranked(assistant, q, mode))
        for mode in MODES
        for q in asked
    ]
    jobs += [Job(((REMOVAL, "framewise", q.id, ""),), _removed(assistant, q)) for q in asked]
    return jobs


def _ranked(assistant: Assistant, question: Question, mode: Mode) -> Callable[[], list[Row]]:
    def work() -> list[Row]:
        whole = " ".join([*question.history, question.text])
        hits = assistant.index.search(whole, PASSAGES, mode=mode)
        ranking = list(dict.fromkeys(hit.unit.document_id for hit in hits))[:DEPTH]
        found = score_rankings({question.id: ranking}, {question.id: question.gold})
        return [_row(SUITE, mode, question, dict(found[question.id]), {"ranked": ranking})]

    return work


def _removed(assistant: Assistant, question: Question) -> Callable[[], list[Row]]:
    """The assistant's confidence in both worlds: AUROC over these pairs cannot be had by topic alone."""

    def work() -> list[Row]:
        history = turns(question)
        gone = Filters(without=frozenset(question.gold))
        before = assistant.assess(question.text, history=history)
        after = assistant.assess(question.text, history=history, filters=gone)
        return [
            _row(
                REMOVAL,
                "framewise",
                question,
                {"refused without gold": float(after.status == "refused")},
                {
                    "with gold": before.confidence,
                    "without gold": after.confidence,
                    "question": question.text,
                },
            )
        ]

    return work


def _row(
    suite: str, system: str, question: Question, scores: dict[str, float], detail: dict[str, object]
) -> Row:
    return Row(
        suite=suite,
        system=system,
        id=question.id,
        kind=question.kind,
        cluster=question.cluster,
        scores=dict(scores),
        detail=detail,
    )
