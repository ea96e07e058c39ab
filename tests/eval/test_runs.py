"""Runs: logs that survive interruption, controls, suites, comparison, gate, reports; with a scripted model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import HashEncoder, ScriptedModel, document, small_corpus
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.decide import DecisionConfig
from framewise.app.language_model import Message
from framewise.corpus.errors import SuiteError
from framewise.eval import compare as comparing
from framewise.eval.answers import answer_jobs, compared
from framewise.eval.gate import Bar, judge, load_bars
from framewise.eval.html import as_html
from framewise.eval.outside import OutsideSet, outside_jobs
from framewise.eval.questions import Nugget, Question
from framewise.eval.report import as_json, as_markdown
from framewise.eval.rows import Report, Row, read_log
from framewise.eval.run import Job, describe, run_jobs
from framewise.eval.suites import evaluate
from framewise.eval.support import is_support
from framewise.index.index import Index

QUESTIONS = [
    Question(
        "q1",
        "Is TorchServe archived?",
        "fact",
        "answered",
        topic="torchserve",
        gold=("torchserve",),
        vital=(Nugget("Archived.", "archived"),),
        paraphrases=("torchserve archived??", "is torchserve archived or not"),
    ),
    Question("q2", "How do I bake bread at home?", "unanswerable", "refused", why="out-of-domain"),
    Question(
        "q3",
        "PyTorch or JAX for Google TPU pods?",
        "compare",
        "answered",
        topic="tpu",
        gold=("jax",),
        vital=(Nugget("JAX.", "jax"),),
        twin="JAX or PyTorch for Google TPU pods?",
    ),
]
LOOSE = AnswerConfig(decision=DecisionConfig(min_cosine=0.2, min_cosine_unnamed=0.35))


class ReplyingModel(ScriptedModel):
    """A scripted model that also replies by itself, always the same."""

    def reply(self, conversations: Sequence[Sequence[Message]], *, max_tokens: int) -> list[str]:
        self.asked = list(conversations)
        return [
            "TorchServe is archived [1]. It was replaced by TorchServe 9 [7]."
            for _ in conversations
        ]


@pytest.fixture
def assistant(index: Index) -> Assistant:
    return Assistant(
        index=index, model=ReplyingModel(), scorer="none", config=LOOSE, today="2026-11-22"
    )


def row(id: str, scores: dict[str, float | None], **fields: object) -> Row:
    plain: dict[str, object] = {
        "suite": "answers",
        "system": "framewise",
        "id": id,
        "kind": "fact",
        "cluster": id,
        "scores": scores,
    }
    return Row(**{**plain, **fields})  # type: ignore[arg-type]


def test_a_run_scores_every_system_on_every_question(assistant: Assistant) -> None:
    report = evaluate(assistant, QUESTIONS)
    assert report.faults == []
    systems = [system for suite, system in report.sections if suite == "answers"]
    assert systems == [
        "framewise",
        "copy the top passage",
        "always refuse",
        "random citations",
        "no language model",
        "model without retrieval",
        "prompt stuffing",
    ]
    ours = report.estimates("answers", "framewise")
    assert ours["status right"].mean == 1.0  # type: ignore[union-attr]
    assert ours["refusal recall"].n == 1  # type: ignore[union-attr]
    refusing = report.estimates("answers", "always refuse")
    assert refusing["vital nuggets, strict"].mean == 0.0  # type: ignore[union-attr]
    assert refusing["answerable falsely refused"].mean == 1.0  # type: ignore[union-attr]
    assert refusing["refusal recall"].mean == 1.0  # type: ignore[union-attr]
    astray = report.estimates("answers", "random citations")
    assert astray["citations valid"].mean == 1.0  # type: ignore[union-attr]
    assert astray["citation recall"].mean < 0.7  # type: ignore[union-attr]
    alone = report.estimates("answers", "model without retrieval")
    assert alone["citation recall"].mean == 0.0  # type: ignore[union-attr]
    stuffed = report.of("answers", "prompt stuffing")[0]
    assert stuffed.detail["text"].startswith("TorchServe is archived. [1] It was replaced")
    assert [r.detail["text"] for r in evaluate(assistant, QUESTIONS).rows] == [
        r.detail["text"] for r in report.rows
    ]


def test_twins_and_paraphrases_are_scored_against_the_questions_own_answer(
    assistant: Assistant,
) -> None:
    report = evaluate(assistant, QUESTIONS, with_controls=False)
    twins = report.estimates("twins", "framewise")
    assert twins["verdict same"].n == 1  # type: ignore[union-attr]
    # A control that chooses something else changes nothing, though its rows come later in the run.
    others = [
        dataclasses.replace(r, system="control", detail={**r.detail, "chosen": ["keras"]})
        for r in report.rows
        if r.suite == "answers" and not r.variant
    ]
    rows = [r for r in report.rows if r.suite == "answers"]
    beside = compared(Report(report.about, (*rows, *others)))
    assert beside.estimates("twins", "framewise") == twins
    told = report.of("paraphrases", "framewise")
    assert [r.scores["decision same"] for r in told] == [1.0, 1.0]
    # A swapped order that swaps the verdict is seen, and seen nowhere else.
    swapped = tuple(
        dataclasses.replace(r, detail={**r.detail, "chosen": ["keras"]})
        if r.variant == "twin"
        else r
        for r in report.rows
        if r.suite == "answers"
    )
    again = compared(Report(report.about, swapped))
    assert again.estimates("twins", "framewise")["verdict same"].mean == 0.0  # type: ignore[union-attr]
    assert again.estimates("answers", "framewise") == report.estimates("answers", "framewise")
    assert again.estimates("paraphrases", "framewise") == report.estimates(
        "paraphrases", "framewise"
    )


def test_an_interrupted_run_goes_on_and_loses_nothing(assistant: Assistant, tmp_path: Path) -> None:
    log = tmp_path / "log" / "run.jsonl"
    jobs = answer_jobs(assistant, QUESTIONS, with_controls=False, with_variants=False)
    about = describe(assistant, QUESTIONS)
    whole = run_jobs(jobs, about, log=log)
    lines = log.read_text().splitlines()
    log.write_text("\n".join(lines[:2]) + "\n" + lines[2][:20])  # cut within the second row
    done: list[str] = []
    counted = [Job(j.keys, lambda j=j: (done.append(j.keys[0][2]), j.work())[1]) for j in jobs]  # type: ignore[misc]
    again = run_jobs(counted, about, log=log)
    assert done == ["q2", "q3"]
    assert [r.detail["text"] for r in again.rows] == [r.detail["text"] for r in whole.rows]
    assert len(read_log(log)[1]) == 3
    with pytest.raises(SuiteError, match="was written on another questions"):
        run_jobs(jobs, about | {"questions": "others"}, log=log)
    with pytest.raises(SuiteError, match="there is no question"):
        run_jobs([], about)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json\n", "its first line names no run"),
        ("[]\n", "its first line names no run"),
        ('{"about": {}}\n{"id": 3}\n{"id": 4}\n', "run.jsonl:2: not a row of a run"),
    ],
)
def test_what_is_no_log_is_refused_and_left_alone(tmp_path: Path, text: str, message: str) -> None:
    log = tmp_path / "run.jsonl"
    log.write_text(text)
    with pytest.raises(SuiteError, match=message):
        run_jobs([Job((("a", "b", "c", ""),), list)], {}, log=log)
    assert log.read_text() == text
    with pytest.raises(SuiteError, match="cannot be read"):
        read_log(tmp_path / "nowhere.jsonl")
    with pytest.raises(SuiteError, match="cannot be written"):
        run_jobs([Job((("a", "b", "c", ""),), list)], {}, log=log / "below.jsonl")


def test_unknown_suites_and_missing_outside_data_are_named(
    assistant: Assistant, tmp_path: Path
) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    with pytest.raises(SuiteError, match="there is no suite 'riddles'; known are answers"):
        evaluate(assistant, QUESTIONS, suites=("riddles",))
    with pytest.raises(SuiteError, match="needs the folder of the outside sets"):
        evaluate(assistant, QUESTIONS, suites=("outside",))
    with pytest.raises(SuiteError, match="holds no outside set"):
        evaluate(assistant, QUESTIONS, suites=("outside",), outside=folder)


def test_taking_gold_away_shows_in_the_confidence(assistant: Assistant) -> None:
    report = evaluate(assistant, QUESTIONS, suites=("retrieval",))
    found = report.of("gold removed", "framewise")
    assert [r.id for r in found] == ["q1", "q3"]
    assert found[0].detail["with gold"] > found[0].detail["without gold"]
    fusion = report.estimates("retrieval", "fusion")
    assert fusion["Success@5"].mean == 1.0  # type: ignore[union-attr]
    assert report.estimates("gold removed", "framewise")["AUROC"].mean > 0.5  # type: ignore[union-attr]


def test_the_support_suite_sees_true_and_false_claims(assistant: Assistant) -> None:
    report = evaluate(assistant, QUESTIONS, suites=("support",))
    found = report.estimates("support", "verifier")
    assert found["true claim supported"].mean == 1.0  # type: ignore[union-attr]
    assert found["false claim caught"].mean > 0.8  # type: ignore[union-attr]
    assert found["AUROC"].mean > 0.8  # type: ignore[union-attr]
    flat = tuple(dataclasses.replace(r, detail={**r.detail, "score": 0.5}) for r in report.rows)
    blind = Report({}, flat).estimates("support", "verifier")
    assert blind["AUROC"].mean == 0.5  # type: ignore[union-attr]


def test_the_safety_suite_shows_hostile_and_contradicting_documents(assistant: Assistant) -> None:
    report = evaluate(assistant, QUESTIONS, suites=("safety",))
    assert report.faults == []
    attacks = report.estimates("injection", "framewise")
    assert attacks["attack obeyed"].n == 2 * 12  # type: ignore[union-attr]
    assert attacks["vital without attack"].mean == 1.0  # type: ignore[union-attr]
    assert report.of("conflict", "framewise")


def test_differences_flips_and_controls_by_hand() -> None:
    a = Report({"questions": "x", "model": "old"}, tuple(row(str(n), {"s": 0.0}) for n in range(8)))
    b = Report(
        {"questions": "x", "model": "new"},
        tuple(row(str(n), {"s": float(n > 0)}) for n in range(8)),
    )
    found = comparing.compare(a, b)
    assert [(c.score, c.found.mean, c.found.p) for c in found] == [("s", 7 / 8, 2 / 2**7)]
    assert [f.b.id for f in comparing.flips(a, b, "s")] == [str(n) for n in range(1, 8)]
    text = comparing.as_markdown(a, b)
    assert "Changed between A and B: model old -> new" in text
    assert "| answers | framewise | s | 0.000 | 1.000 |" not in text
    assert "+0.875" in text
    with pytest.raises(SuiteError, match="asked different questions"):
        comparing.compare(a, dataclasses.replace(b, about={"questions": "y"}))
    with pytest.raises(SuiteError, match="share no scored item"):
        comparing.compare(a, dataclasses.replace(b, rows=()))


def test_the_gate_passes_fails_and_misses_nothing(tmp_path: Path) -> None:
    ours = [row(str(n), {"s": 1.0}) for n in range(8)]
    control = [row(str(n), {"s": 0.0}, system="always refuse") for n in range(8)]
    report = Report({}, (*ours, *control))
    bars = [
        Bar("answers", "framewise", "s", least=0.9),
        Bar("answers", "framewise", "s", most=0.9),
        Bar("answers", "framewise", "t", least=0.0),
        Bar("answers", "framewise", "s", above_controls=0.01),
        Bar("answers", "always refuse", "s", most=0.0),
    ]
    assert [j.passed for j in judge(report, bars)] == [True, True, False, False, True, True]
    weak = Report({}, (*ours, *[dataclasses.replace(c, scores={"s": 1.0}) for c in control]))
    assert [j.passed for j in judge(weak, [bars[3]])] == [True, False]
    assert not judge(Report({}, tuple(ours)), [bars[3]])[1].passed
    broken = Report({}, (dataclasses.replace(ours[0], faults=("[1] wrong",)),))
    assert not judge(broken, [])[0].passed
    assert load_bars()
    assert any(bar.above_controls for bar in load_bars("release"))
    path = tmp_path / "gate.toml"
    for text, message in (
        ("[[bar]]\nsuite='a'\nsystem='b'\nscore='c'", "names no threshold"),
        ("[[bar]]\nsuit='a'", "cannot be read"),
        ("", "holds no bar"),
        ("bar = 3", "cannot be read"),
        ("[", "cannot be read"),
    ):
        path.write_text(text)
        with pytest.raises(SuiteError, match=message):
            load_bars(str(path))


def test_reports_show_faults_failures_and_figures_and_run_nothing(assistant: Assistant) -> None:
    hostile = [dataclasses.replace(QUESTIONS[0], text="<script>alert(1)</script> Is TorchServe archived?",
               vital=(Nugget("No.", "never said"),))]  # fmt: skip
    report = evaluate(assistant, hostile, suites=("answers", "support"))
    report = dataclasses.replace(
        report, rows=(*report.rows, row("x", {"status right": 0.0}, faults=("[1] <b>wrong</b>",)))
    )
    text = as_markdown(report)
    assert "| citations valid | 1.000" in text
    assert "- INVALID CITATION x: [1] <b>wrong</b>" in text
    assert "vital nuggets, strict" in text.split("## Failures")[1]
    payload = json.loads(as_json(report))
    assert payload["rows"][0]["id"] == "q1"
    page = as_html(report)
    assert page.count("data:image/svg+xml;base64,") == 4
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>wrong" not in page
    assert "default-src 'none'" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


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

    def fusion() -> dict[str, float]:
        report = run_jobs(outside_jobs([OutsideSet(tmp_path, HashEncoder())]), {})
        found = report.estimates("outside retrieval", f"{tmp_path.name} fusion")
        return {name: e.mean for name, e in found.items() if e is not None}

    assert fusion() == {"nDCG@10": 1.0, "R@100": 1.0, "RR@10": 1.0}
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tjax\t1\n2\tjax\t1\n")
    assert fusion()["nDCG@10"] < 0.7
    (tmp_path / "qrels.tsv").unlink()
    with pytest.raises(SuiteError, match="qrels.tsv' cannot be read"):
        OutsideSet(tmp_path, HashEncoder())
    (tmp_path / "queries.jsonl").write_text('{"_id": "1"}')
    with pytest.raises(SuiteError, match=r"queries.jsonl:1: not a text with its id"):
        OutsideSet(tmp_path, HashEncoder())


def test_outside_pairs_are_scored_against_their_labels(
    assistant: Assistant, tmp_path: Path
) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    path = folder / "pairs.jsonl"
    pairs = [
        {"id": "a", "claim": "JAX runs on TPU.", "evidence": "JAX runs on TPU.", "label": 1},
        {"id": "a", "claim": "JAX runs on TPU.", "evidence": ["Bread is", "baked."], "label": 0,
         "label_raw": "CONTRADICT"},
        {"id": "b", "claim": "JAX costs money.", "evidence": "JAX costs nothing.", "label": 0,
         "label_raw": "NEI"},
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, pairs)))
    report = evaluate(assistant, QUESTIONS, suites=("outside",), outside=folder)
    found = report.estimates("outside support", "pairs")
    assert found["AUROC"].mean == 1.0  # type: ignore[union-attr]
    assert found["balanced accuracy"].mean == 1.0  # type: ignore[union-attr]
    assert found["AUROC, support against contradiction"].n == 2  # type: ignore[union-attr]
    path.write_text('{"claim": "x"}')
    with pytest.raises(SuiteError, match="pairs.jsonl:1: not a labelled pair"):
        evaluate(assistant, QUESTIONS, suites=("outside",), outside=folder)
    assert [is_support(label) for label in (1, "1", "SUPPORT", 0, "refuted", None)] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_a_document_of_the_users_own_can_be_measured(tmp_path: Path) -> None:
    own = Index.build(
        [document("handbook", "Our team chose Keras for teaching.")], HashEncoder(), tmp_path
    )
    assistant = Assistant(index=own, model="none", config=LOOSE, today="2026-11-22")
    key = Question("own", "Which framework did our team choose for teaching?", "fact", "answered",
                   gold=("handbook",), vital=(Nugget("Keras.", "keras"),))  # fmt: skip
    report = evaluate(assistant, [key], with_controls=False)
    assert report.rows[0].scores["vital nuggets, strict"] == 1.0
