"""The answers suite: every system on every question, the assistant on twins and paraphrases too."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from framewise.app.assistant import Assistant
from framewise.app.types import Answer
from framewise.app.verify import verify
from framewise.corpus.taxonomy import Taxonomy
from framewise.eval import scores
from framewise.eval.questions import Question, spread
from framewise.eval.rows import Report, Row, Score
from framewise.eval.run import Job
from framewise.eval.systems import Subject, System, controls, framewise
from framewise.index.index import Index

SUITE, TWINS, PARAPHRASES = "answers", "twins", "paraphrases"
TWIN, PARAPHRASE = "twin", "paraphrase"
TOP = 5


def answer_jobs(
    assistant: Assistant,
    questions: Sequence[Question],
    *,
    with_controls: bool = True,
    with_variants: bool = True,
) -> list[Job]:
    """The jobs of the suite, the assistant's own first."""
    entails = entailment(assistant.taxonomy)
    subject = Subject(assistant)
    ours = framewise(subject)
    jobs = jobs_of(ours, questions, assistant, entails)
    if with_variants:
        for variant, forms in _variants(questions):
            jobs += jobs_of(ours, forms, assistant, entails, variant)
    for control in controls(subject) if with_controls else []:
        jobs += jobs_of(control, spread(questions, control.most), assistant, entails)
    return jobs


def entailment(taxonomy: Taxonomy) -> scores.Entails:
    """The support scorer of citation recall and precision: the app's own verifier.

    It is the scorer that the assistant is built with, so it flatters the assistant; the suite
    "support" publishes how often it errs.
    """

    def carries(sentence: str, cited: Sequence[str]) -> bool:
        return verify(sentence, cited, taxonomy).verdict == "supported"

    return carries


def score_answer(
    question: Question, answer: Answer, index: Index, entails: scores.Entails
) -> dict[str, Score]:
    """Every score of an answer by name. A refusal has no nuggets to lose, only its status."""
    refused = answer.status == "refused"
    asked = question.answerable
    return {
        "citations valid": float(not scores.invalid_citations(answer, index.documents)),
        "citation recall": scores.citation_recall(answer, entails),
        "citation precision": scores.citation_precision(answer, entails),
        "numbers and identifiers contained": scores.exact_containment(answer),
        "vital nuggets, strict": scores.strict_vital(question, answer) if asked else None,
        "nuggets, weighted": scores.weighted_nuggets(question, answer) if asked else None,
        "nuggets, all": scores.all_nuggets(question, answer) if asked else None,
        "must-not violated": float(scores.violations(question, answer) > 0),
        "gold cited": scores.cited_gold(question, answer) if asked else None,
        "status right": scores.right_status(question, answer),
        "refusal recall": None if asked else float(refused),
        "refusal precision": float(not asked) if refused else None,
        "answerable falsely refused": float(refused) if asked else None,
        "words": None if refused else scores.length_words(answer),
    }


def compared(report: Report) -> Report:
    """The report with a row per twin and paraphrase, scored against the question's own answer.

    Neutrality: a twin keeps the verdict (`scores.chosen`) and the decision to answer. Agreement: a
    paraphrase keeps the decision, a cited document, and the five documents ranked first.
    """
    # A form is held against the answer of the system that gave it, never against a control's.
    plain = {
        (row.system, row.id): row for row in report.rows if row.suite == SUITE and not row.variant
    }
    made = []
    for row in report.rows:
        base = plain.get((row.system, row.id))
        if row.suite != SUITE or not row.variant or base is None:
            continue
        same_decision = float((row.detail["status"] == "refused") == _was_refused(base))
        if row.variant == TWIN:
            same = same_decision and row.detail["chosen"] == base.detail["chosen"]
            found: dict[str, Score] = {"verdict same": float(bool(same))}
            suite = TWINS
        else:
            both = not _was_refused(base) and row.detail["status"] != "refused"
            shared = set(row.detail["documents"]) & set(base.detail["documents"])
            found = {
                "decision same": same_decision,
                "cited document same": float(bool(shared)) if both else None,
                "ranked documents shared": scores.jaccard(
                    row.detail["ranked"], base.detail["ranked"]
                ),
            }
            suite = PARAPHRASES
        detail = {"status": row.detail["status"], "text": row.detail["text"]}
        made.append(replace(row, suite=suite, scores=found, faults=(), detail=detail))
    return Report(report.about, (*report.rows, *made))


def _was_refused(row: Row) -> bool:
    return bool(row.detail["status"] == "refused")


def jobs_of(
    system: System,
    questions: Sequence[Question],
    assistant: Assistant,
    entails: scores.Entails,
    variant: str = "",
    suite: str = SUITE,
) -> list[Job]:
    """The jobs of one system on the questions, as many side by side as it takes."""
    parts = [questions[at : at + system.batch] for at in range(0, len(questions), system.batch)]
    return [
        Job(
            tuple((suite, system.name, q.id, variant) for q in part),
            _work(system, part, assistant, entails, variant, suite),
        )
        for part in parts
    ]


def _work(
    system: System,
    questions: Sequence[Question],
    assistant: Assistant,
    entails: scores.Entails,
    variant: str,
    suite: str,
) -> Callable[[], list[Row]]:
    def work() -> list[Row]:
        start = time.perf_counter()
        answers = system.answers(questions)
        seconds = (time.perf_counter() - start) / len(questions)
        return [
            replace(_row(system.name, q, a, assistant, entails, variant, seconds), suite=suite)
            for q, a in zip(questions, answers, strict=True)
        ]

    return work


def _row(
    system: str,
    question: Question,
    answer: Answer,
    assistant: Assistant,
    entails: scores.Entails,
    variant: str,
    seconds: float,
) -> Row:
    index = assistant.index
    faults = (
        tuple(scores.invalid_citations(answer, index.documents)) if system == "framewise" else ()
    )
    hits = index.search(answer.standalone_question, 5 * TOP)
    return Row(
        suite=SUITE,
        system=system,
        id=question.id,
        kind=question.kind,
        cluster=question.cluster,
        variant=variant,
        # Another form of a question is scored against its own answer, not against the key.
        scores={} if variant else score_answer(question, answer, index, entails),
        faults=faults,
        detail={
            "question": question.text,
            "status": answer.status,
            "expected": question.status,
            "text": answer.text,
            "chosen": sorted(scores.chosen(answer, assistant.taxonomy)),
            "documents": list(dict.fromkeys(c.document_id for c in answer.citations)),
            "cited": [citation.sentence_id for citation in answer.citations],
            "ranked": list(dict.fromkeys(hit.unit.document_id for hit in hits))[:TOP],
            "seconds": round(seconds, 3),
            "first_sentence_s": answer.timings_s.get("first_sentence"),
        },
    )


def _variants(questions: Sequence[Question]) -> list[tuple[str, list[Question]]]:
    forms = [(TWIN, [replace(q, text=q.twin) for q in questions if q.twin])]
    most = max((len(q.paraphrases) for q in questions), default=0)
    for n in range(most):
        told = [replace(q, text=q.paraphrases[n]) for q in questions if len(q.paraphrases) > n]
        forms.append((f"{PARAPHRASE} {n + 1}", told))
    return forms
