"""Questions, scores, statistics, runs: hand-worked values and planted faults."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from fakes import HashEncoder, ScriptedModel, small_corpus
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.decide import DecisionConfig
from framewise.app.types import Answer, AnswerSentence, Citation
from framewise.corpus.errors import SuiteError
from framewise.eval.outside import measure_retrieval
from framewise.eval.questions import Question, load_questions
from framewise.eval.report import as_json, as_markdown
from framewise.eval.run import run_questions
from framewise.eval.scores import (
    invalid_citations,
    reciprocal_rank_at,
    right_status,
    success_at,
    violations,
    vital_recall,
)
from framewise.eval.statistics import estimate
from framewise.index.index import Index

LINE = '{"id": "a", "text": "Is it?", "kind": "fact", "status": "answered"}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "q.jsonl:1: not JSON"),
        ("[]", "q.jsonl:1: not a JSON object"),
        (LINE.replace("fact", "riddle"), "q.jsonl:1: 'kind' is 'riddle'; known are choose"),
        (LINE.replace("answered", "maybe"), "'status' is 'maybe'"),
        (LINE.replace('"Is it?"', '""'), "'text' is '', not a text"),
        (LINE[:-1] + ', "gold": "x"}', "'gold' is 'x', not a list of texts"),
        (LINE[:-1] + ', "vital": ["("]}', r"the pattern '\(' is not a regular expression"),
        (LINE + "\n" + LINE, "q.jsonl:2: the id 'a' stands twice"),
        ("\n", "holds no question"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_question_file_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(line)
    with pytest.raises(SuiteError, match=message):
        load_questions(path)
    with pytest.raises(SuiteError, match="cannot be read"):
        load_questions(tmp_path / "nowhere.jsonl")


def test_the_development_questions_are_well_formed_and_their_gold_exists() -> None:
    from framewise.corpus.load import load_corpus

    questions = load_questions()
    assert len(questions) >= 40
    assert sum(q.status == "refused" for q in questions) >= 8
    known = {document.id for document in load_corpus()}
    assert [q.id for q in questions if not set(q.gold) <= known] == []


@pytest.mark.parametrize(
    ("gold", "k", "success", "rank"),
    [
        (("c",), 3, 1.0, 1 / 3),
        (("c",), 2, 0.0, 0.0),
        (("x", "a"), 1, 1.0, 1.0),
        ((), 3, None, None),
    ],
)
def test_ranking_scores_by_hand(
    gold: tuple[str, ...], k: int, success: float | None, rank: float | None
) -> None:
    assert success_at(["a", "b", "c"], gold, k) == success
    assert reciprocal_rank_at(["a", "b", "c"], gold, k) == rank


@pytest.fixture
def assistant(index: Index) -> Assistant:
    loose = AnswerConfig(decision=DecisionConfig(min_cosine=0.2, min_cosine_unnamed=0.35))
    return Assistant(index=index, model=ScriptedModel(small=True), config=loose, today="2026-11-22")


def test_each_planted_fault_is_seen(assistant: Assistant) -> None:
    good = assistant.ask("Is TorchServe archived?")
    documents = assistant.index.documents
    assert invalid_citations(good, documents) == []
    first = good.citations[0]

    def with_citation(**fields: object) -> Answer:
        return dataclasses.replace(
            good, citations=(dataclasses.replace(first, **fields), *good.citations[1:])
        )  # type: ignore[arg-type]

    for fault, bad in (
        ("the quote is not at its offsets", with_citation(start=first.start + 1)),
        ("the quote is not at its offsets", with_citation(quote="Invented.")),
        ("document 'nobody' is unknown", with_citation(document_id="nobody")),
        ("names no citation", with_citation(number=77)),
        (
            "no citation",
            dataclasses.replace(good, sentences=(AnswerSentence("Bare.", (), "supported", 1.0),)),
        ),
        (
            "shown though unsupported",
            dataclasses.replace(
                good, sentences=(AnswerSentence("Bad.", (1,), "unsupported", 0.1),)
            ),
        ),
    ):
        assert any(fault in found for found in invalid_citations(bad, documents)), fault


def test_answer_scores_by_hand() -> None:
    cited = Citation(1, "d#0", "d", "T", "doc", "", "", "", "2026", "2026", "q", 0, 1)
    said = Answer(
        "q",
        "q",
        "answered",
        (AnswerSentence("TorchServe is archived since 2025.", (1,), "supported", 1.0),),
        (cited,),
    )
    refused = Answer("q", "q", "refused")
    key = Question(
        "a", "q", "fact", "answered", ("d",), ("archived|retired", "2026"), ("actively",)
    )
    assert vital_recall(key, said) == 0.5
    assert violations(key, said) == 0.0
    assert (right_status(key, said), right_status(key, refused)) == (1.0, 0.0)
    assert vital_recall(dataclasses.replace(key, vital=()), said) is None


def test_estimates_by_hand() -> None:
    assert estimate([None, None]) is None
    assert str(estimate([1.0])) == "1.000 (n=1)"
    half = estimate([1.0, 0.0, None, 1.0, 0.0])
    assert half is not None
    assert (half.mean, half.n) == (0.5, 4)
    assert (half.low, half.high) == pytest.approx((0.15004, 0.84996), abs=1e-4)  # Wilson, 2 of 4
    spread = estimate([0.2, 0.4, 0.9])
    assert spread is not None
    assert 0.2 <= spread.low < 0.5 < spread.high <= 0.9  # type: ignore[operator]
    assert estimate([0.2, 0.4, 0.9]) == spread


QUESTIONS = [
    Question("q1", "Is TorchServe archived?", "fact", "answered", ("torchserve",), ("archived",)),
    Question("q2", "How do I bake bread at home?", "unanswerable", "refused"),
]


def test_a_run_its_report_and_going_on_after_an_interruption(
    assistant: Assistant, tmp_path: Path
) -> None:
    log = tmp_path / "log" / "run.jsonl"
    first = run_questions(assistant, QUESTIONS[:1], log=None)
    assert first.estimates["vital recall"].mean == 1.0  # type: ignore[union-attr]
    whole = run_questions(assistant, QUESTIONS, log=log)
    assert whole.faults == []
    assert {name: e and e.mean for name, e in whole.estimates.items()}["status right"] == 1.0
    assert whole.estimates["unanswerable refused"].n == 1  # type: ignore[union-attr]
    lines = log.read_text().splitlines()
    log.write_text(
        "\n".join(lines[:2]) + "\n" + lines[2][:20]
    )  # cut in the middle of the second row
    model: ScriptedModel = assistant.model  # type: ignore[assignment]
    again = run_questions(assistant, QUESTIONS, log=log)
    assert [row.text for row in again.rows] == [row.text for row in whole.rows]
    with pytest.raises(SuiteError, match="was written on another index, model or question set"):
        run_questions(assistant, QUESTIONS[:1], log=log)
    with pytest.raises(SuiteError, match="there is no question"):
        run_questions(assistant, [])
    assert "| status right | 1.000" in as_markdown(whole)
    assert json.loads(as_json(whole))["rows"][0]["id"] == "q1"
    assert model.id == "scripted"


def test_an_invalid_citation_fails_the_report(assistant: Assistant) -> None:
    found = run_questions(assistant, QUESTIONS[:1])
    bad = dataclasses.replace(
        found, rows=(dataclasses.replace(found.rows[0], faults=("[1] wrong",)),)
    )
    assert bad.faults == ["q1: [1] wrong"]
    assert "INVALID CITATION q1: [1] wrong" in as_markdown(bad)


def test_outside_sets_are_read_and_scored(tmp_path: Path) -> None:
    rows = [
        {"_id": d.id, "title": d.title, "text": " ".join(d.text.replace("#", "").split())}
        for d in small_corpus()
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "1", "text": "TorchServe archived"}\n{"_id": "2", "text": "tabular gradient boosting"}'
    )
    (tmp_path / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n1\ttorchserve\t1\n2\txgboost\t1\n"
    )
    found = measure_retrieval(tmp_path, HashEncoder())
    assert found["fusion"] == {"nDCG@10": 1.0, "R@100": 1.0, "RR@10": 1.0}
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tjax\t1\n2\tjax\t1\n")
    assert measure_retrieval(tmp_path, HashEncoder())["fusion"]["nDCG@10"] < 0.7
    (tmp_path / "qrels.tsv").unlink()
    with pytest.raises(SuiteError, match="qrels.tsv' cannot be read"):
        measure_retrieval(tmp_path, HashEncoder())
