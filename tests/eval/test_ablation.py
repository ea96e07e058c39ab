"""The ablation suite: which parts can be off, and that off means off; with a scripted model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes import ScriptedModel
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.constrain import EvidenceConstraint
from framewise.app.decide import DecisionConfig
from framewise.eval.ablation import SWITCHES, UNTRAINED, Unmasked, _trained_parts, ablations
from framewise.eval.questions import Nugget, Question
from framewise.eval.report import as_markdown
from framewise.eval.suites import evaluate
from framewise.index.index import Index

QUESTION = Question(
    "q1",
    "Is TorchServe archived?",
    "fact",
    "answered",
    topic="torchserve",
    gold=("torchserve",),
    vital=(Nugget("Archived.", "archived"),),
)
LOOSE = AnswerConfig(decision=DecisionConfig(min_cosine=0.2, min_cosine_unnamed=0.35))


LINE = "[1] TorchServe 0.77 was archived."


def assistant(index: Index, model: str | ScriptedModel) -> Assistant:
    return Assistant(index=index, model=model, scorer="none", config=LOOSE, today="2026-11-22")


def test_each_part_is_off_in_one_system(index: Index) -> None:
    quotes = [system.name for system in ablations(assistant(index, "none"))]
    assert quotes == list(SWITCHES)
    phrased = [system.name for system in ablations(assistant(index, ScriptedModel(LINE)))]
    assert phrased == [
        *SWITCHES,
        "without the judge of support",
        "without the mask",
        "without the language model",
    ]


def test_known_questions_are_off_where_there_are_some(index: Index, tmp_path: Path) -> None:
    told = [replace(d, questions=((0, "is it dead"),)) for d in index.documents.values()]
    asked = Index.build(told, index.encoder, tmp_path / "asked")
    *_, off = ablations(assistant(asked, "none"))
    assert off.name == "without the questions that sentences answer"


def test_a_switch_changes_one_part_of_the_config() -> None:
    for without in SWITCHES.values():
        changed = without(LOOSE)
        parts = ("evidence", "decision", "write", "repair", "whole_clauses")
        assert sum(getattr(changed, part) != getattr(LOOSE, part) for part in parts) == 1
        assert changed.decision == LOOSE.decision


def test_trained_parts_are_off_one_by_one_and_each_is_on_alone() -> None:
    plain, untrained = ScriptedModel(LINE), SWITCHES[UNTRAINED](LOOSE)
    on = {
        name: ("model" not in off, "scorer" not in off, "config" not in off)
        for name, off in _trained_parts(plain, untrained).items()
    }
    assert on == {  # writer, judge, order
        "without the writer's adapter": (False, True, True),
        "nothing trained": (False, False, False),
        "the writer's adapter alone": (True, False, False),
        "trained intent, order and refusal alone": (False, False, True),
        "the judge of support alone": (False, True, False),
    }
    assert not untrained.evidence.trained


def test_without_the_mask_a_number_of_its_own_is_typed() -> None:
    model = ScriptedModel(LINE, obeys=True)
    constraint = EvidenceConstraint(["TorchServe was archived."], "?", model.vocabulary)
    held, free = (
        "".join(writer.write([], constraint, max_tokens=99, stop=lambda: False))
        for writer in (model, Unmasked(model))
    )
    assert free == LINE
    assert not any(char.isdigit() for char in held.removeprefix("[1]"))


def test_the_suite_asks_the_whole_and_each_part_and_tells_the_differences(index: Index) -> None:
    report = evaluate(assistant(index, "none"), [QUESTION], suites=("ablation",))
    assert [system for _, system in report.sections] == ["framewise", *SWITCHES]
    assert report.estimates("ablation", "framewise")["vital nuggets, strict"].mean == 1.0  # type: ignore[union-attr]
    told = as_markdown(report)
    assert "| without quotas | vital nuggets, strict | +0.000 [" in told
