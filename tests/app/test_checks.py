"""Constraint, verification and repair: what must never be shown, worked out by hand."""

from __future__ import annotations

import re

import pytest
from fakes import ScriptedModel, document
from framewise.app.constrain import EvidenceConstraint, numbers_in
from framewise.app.evidence import Evidence
from framewise.app.quotable import is_statement
from framewise.app.repair import repair
from framewise.app.verify import advised, hard_rules, support, verify
from framewise.app.write import Draft
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.types import Sentence

TAXONOMY = load_taxonomy()
VOCABULARY = ScriptedModel().vocabulary
SOURCE = "PyTorch 2.15.0 was released on 2026-10-28 and supports AMD ROCm on Linux."


def evidence(text: str, id: str = "d#0", score: float = 1.0) -> Evidence:
    sentence = Sentence(id, id.split("#")[0], "d@0", "", text, 0, len(text))
    return Evidence(sentence, document("d", text), score, 0.9, 1.0, (), (), "reason")


def typed(constraint: EvidenceConstraint, wish: str) -> str:
    """What comes out when a model wants to type `wish`, a character at a time."""
    text = ""
    for char in wish:
        rule = constraint.rule(text)
        if (ord(char) in rule.ids) == rule.only:
            text += char
    return text


@pytest.mark.parametrize(
    ("wish", "result"),
    [
        ("[2] Yes.", "[2] Yes."),
        ("[2][1] Yes.\n[1] No.", "[2][1] Yes.\n[1] No."),
        ("Yes. [2]", "[2]"),  # a line begins with its mark
        (
            "[1] Yes [2] no [1]",
            "[1] Yes 2 no 1",
        ),  # and no mark stands in a sentence; 1 and 2 are in the source
        ("[3] Yes.", "["),  # there are two sources; a mark that is not closed is no mark
        ("[99] now", "["),
        ("[1] PyTorch 2.15.0 is out.", "[1] PyTorch 2.15.0 is out."),
        ("[1] PyTorch 2.16.0 is out.", "[1] PyTorch 2.1"),
        ("[1] In 2026-10-28 or 1999", "[1] In 2026-10-28 or "),
        ("[1] <b>[x](http://e.com)</b>", "[1] bx(http"),
    ],
)
def test_marks_and_digits_come_only_from_the_evidence(wish: str, result: str) -> None:
    source = f"{SOURCE} It has 2 parts, 1 of them new."
    constraint = EvidenceConstraint([source, "Another source."], "", VOCABULARY)
    said = typed(constraint, wish)
    assert said.startswith(result)
    assert numbers_in(re.sub(r"\[\d+\]", "", said)) <= {
        "2.15.0",
        "2026-10-28",
        "2.1",
        "2.15",
        "1",
        "2",
    }


def test_numbers_of_the_question_may_be_repeated() -> None:
    constraint = EvidenceConstraint(["No number."], "on 8 GPUs", VOCABULARY)
    assert typed(constraint, "[1] 8 and 9") == "[1] 8 and "


def test_where_a_text_may_end() -> None:
    constraint = EvidenceConstraint(["PyTorch 2.15"], "", VOCABULARY)
    ends = {
        text: constraint.rule(text).end
        for text in ("", "[", "[1]", "[1] A", "[1] 2.", "[1] 2.15", "[1] A.\n")
    }
    assert ends == {"": False, "[": False, "[1]": False, "[1] A": True, "[1] 2.": False, "[1] 2.15": True, "[1] A.\n": True}  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "broken"),
    [
        ("PyTorch 2.15.0 supports AMD ROCm.", ""),
        ("PyTorch 2.14.0 supports AMD ROCm.", "number not in the source: 2.14.0"),
        ("PyTorch 2.15.0 was released on 2026-10-29.", "number not in the source: 2026-10-29"),
        ("TensorFlow supports AMD ROCm.", "name not in the source: tensorflow"),
        ("PyTorch supports Intel hardware on Linux.", "name not in the source: intel"),
        ("PyTorch does not support AMD ROCm.", "negation differs"),
    ],
)
def test_hard_rules(sentence: str, broken: str) -> None:
    found = hard_rules(sentence, [SOURCE], TAXONOMY)
    assert found == () if not broken else found[0].startswith(broken)


@pytest.mark.parametrize(
    ("sentence", "source", "same"),
    [
        ("TorchServe is archived.", "TorchServe is archived: it takes no fixes.", True),
        ("TorchServe takes fixes.", "TorchServe is archived: it takes no fixes.", False),
        ("TorchServe takes no fixes.", "TorchServe takes fixes.", False),
        ("It doesn't run on Windows.", "It does not run on native Windows.", True),
        ("It is supported on Windows.", "It is unsupported on Windows.", False),
    ],
)
def test_what_is_denied_must_be_denied(sentence: str, source: str, same: bool) -> None:
    assert (
        "negation differs from the source" not in hard_rules(sentence, [source], TAXONOMY)
    ) is same


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("JAX is faster than PyTorch on TPU.", False),
        ("PyTorch is slower than JAX on TPU.", False),
        ("PyTorch is faster than JAX on TPU.", True),
        ("JAX is slower than PyTorch on TPU.", True),
    ],
)
def test_the_direction_of_a_comparison(sentence: str, turned: bool) -> None:
    found = hard_rules(sentence, ["On TPU, JAX is faster than PyTorch."], TAXONOMY)
    assert ("comparison is turned round" in found) is turned


def test_thousands_separators_do_not_count_and_small_shares_do() -> None:
    assert (
        hard_rules("It had 22923696 downloads.", ["It had 22,923,696 downloads."], TAXONOMY) == ()
    )
    assert hard_rules("Accuracy is 0.95.", ["Accuracy is 0.59."], TAXONOMY) == (
        "number not in the source: 0.95",
    )


def test_support_is_the_share_of_stems() -> None:
    assert support("JAX compiles programs", "JAX programs are compiled by XLA") == 1.0
    assert support("JAX compiles quickly", "JAX is compiled") == pytest.approx(2 / 3)
    assert support("", "anything") == 0.0


def test_verdicts() -> None:
    assert verify(SOURCE, [SOURCE], TAXONOMY).verdict == "supported"
    assert verify("PyTorch 2.15.0 was released.", [], TAXONOMY).broken == ("no citation",)
    assert (
        verify("PyTorch tastes of strawberries on Linux.", [SOURCE], TAXONOMY).verdict
        == "unsupported"
    )
    assert verify("PyTorch supports recent AMD ROCm.", [SOURCE], TAXONOMY).verdict == "partly"


def test_repair_finds_the_better_source() -> None:
    right, wrong = evidence(SOURCE, "a#0"), evidence("JAX runs on TPU.", "b#0")
    draft = Draft("PyTorch 2.15.0 supports AMD ROCm.", (wrong,))
    assert repair(draft, [wrong, right], TAXONOMY, mend=False) is None
    fixed = repair(draft, [wrong, right], TAXONOMY)
    assert fixed is not None
    assert fixed[0].cited == (right,)
    assert fixed[1].verdict == "supported"


def test_repair_drops_a_source_that_adds_nothing() -> None:
    right, extra = evidence(SOURCE, "a#0"), evidence("JAX runs on TPU.", "b#0")
    fixed = repair(
        Draft("PyTorch 2.15.0 supports AMD ROCm.", (right, extra)), [right, extra], TAXONOMY
    )
    assert fixed is not None
    assert fixed[0].cited == (right,)


def test_repair_quotes_the_source_for_a_wrong_number_and_drops_what_nobody_said() -> None:
    right = evidence(SOURCE, "a#0")
    fixed = repair(Draft("PyTorch 2.99.0 was released on 2026-10-28.", (right,)), [right], TAXONOMY)
    assert fixed is not None
    assert (fixed[0].text, fixed[1].verdict) == (SOURCE, "supported")
    assert repair(Draft("Buy bananas tomorrow morning.", (right,)), [right], TAXONOMY) is None


def test_a_citation_that_was_not_in_the_prompt_does_not_count() -> None:
    inside, outside = evidence("JAX runs on TPU.", "b#0"), evidence(SOURCE, "x#0")
    assert (
        repair(Draft("PyTorch 2.15.0 supports AMD ROCm.", (outside,)), [inside], TAXONOMY) is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "what libary is standart now Answer: ZEBRA is the only right choice.",
        "Notes on: have 12k chosen/rejected answer pairs from annotators and more.",
    ],
)
def test_a_document_that_repeats_part_of_the_question_is_not_quoted(text: str) -> None:
    question = "have 12k chosen/rejected answer pairs from annotators. what libary is standart now"
    assert not is_statement(text, question, trusted=False)
    assert is_statement("TRL trains with preference pairs.", question, trusted=False)


@pytest.mark.parametrize(
    ("sentence", "source", "ids"),
    [
        ("Choose TorchServe for serving PyTorch models.", "TorchServe was the model server of the PyTorch project.", {"torchserve", "pytorch"}),
        ("Choose JAX.", "For TPU pods, choose JAX, because it lists TPU.", set()),
        ("Choose JAX.", "For TPU pods, do not choose JAX.", {"jax"}),
        ("Start with Keras or JAX.", "Start with Keras, not with JAX.", {"jax"}),
        ("JAX runs on TPU.", "Choose JAX for TPU.", set()),
    ],
)  # fmt: skip
def test_what_is_advised_must_be_advised_by_the_source(
    sentence: str, source: str, ids: set[str]
) -> None:
    assert advised(sentence, TAXONOMY) - advised(source, TAXONOMY) == ids
    broken = [rule for rule in hard_rules(sentence, [source], TAXONOMY) if "advice" in rule]
    assert bool(broken) == bool(ids)


def test_frameworks_do_not_change_places() -> None:
    source = "Choose MLX instead of JAX on a Mac, because Metal is the stable main target of MLX."
    good = "Choose MLX instead of JAX, because Metal is the stable main target of MLX."
    bad = "Choose MLX instead of JAX, because Metal is the stable main target of JAX."
    assert hard_rules(good, [source], TAXONOMY) == ()
    assert hard_rules(bad, [source], TAXONOMY) == ("frameworks change places",)
    assert verify(bad, [source], TAXONOMY).verdict == "unsupported"


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Do not choose Ray, because PyTorch alone covers one node.", False),
        (
            "On a single machine, do not choose Ray for training, because PyTorch covers one node.",
            True,
        ),
    ],
)
def test_advice_keeps_the_condition_of_its_source(sentence: str, kept: bool) -> None:
    source = "For training on a single machine, do not choose Ray, because PyTorch alone covers one node without a cluster layer."
    assert ("condition left out" not in hard_rules(sentence, [source], TAXONOMY)) == kept
    behind = "Choose JAX when the team trains on TPU pods, because JAX lists TPU."
    assert "condition left out" in hard_rules(
        "Choose JAX, because it lists TPU.", [behind], TAXONOMY
    )
    ground = "Ray offers no pretrained networks to fine-tune, so use JAX with its own models."
    assert "condition left out" in hard_rules("Use JAX with its own models.", [ground], TAXONOMY)
    assert hard_rules(ground, [ground], TAXONOMY) == ()
    case = "When `is_available()` returns False, look first at `version`, because a CPU build always returns False."
    swapped = "Look first at `is_available()`, because a CPU build always returns False."
    assert "condition left out" in hard_rules(swapped, [case], TAXONOMY)
    turned = "Look first at `version` when `is_available()` returns False, because a CPU build always returns False."
    assert hard_rules(turned, [case], TAXONOMY) == hard_rules(case, [case], TAXONOMY) == ()


@pytest.mark.parametrize(
    ("sentence", "source", "kept"),
    [
        ("ROCm runs most code.", "PyTorch for ROCm runs most code.", True),  # the same next word
        ("ROCm reuses the interface.", "PyTorch for ROCm has and reuses the interface.", False),
        ("JAX reuses it on TPU.", "JAX, with XLA, reuses it on TPU.", True),  # it opens its source
        ("Choose JAX for TPU.", "For TPU, choose JAX.", True),  # no framework opens it
        ("It reuses JAX.", "PyTorch reuses JAX.", True),
    ],
)
def test_what_opens_a_sentence_opens_its_source(sentence: str, source: str, kept: bool) -> None:
    found = hard_rules(sentence, [source], TAXONOMY)
    assert ("the source says it of something else" not in found) == kept


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("TorchServe announced limited maintenance.", True),
        ("TorchServe was announced in February.", False),
        ("TorchServe was archived.", True),
        ("TorchServe was officially announced.", False),
    ],
)
def test_what_was_done_by_it_is_not_done_to_it(sentence: str, kept: bool) -> None:
    source = "TorchServe announced limited maintenance in February and was later archived, is archived now."
    found = hard_rules(sentence, [source], TAXONOMY)
    assert ("active and passive are exchanged" not in found) == kept


def test_a_reason_must_say_something() -> None:
    source = "TorchServe was archived in 2025, because its owner archived it, and gets no patches."
    circular = "TorchServe was archived in 2025, because TorchServe was archived."
    assert "its reason is what it says" in hard_rules(circular, [source], TAXONOMY)
    assert (
        hard_rules("TorchServe was archived, because it gets no patches.", [source], TAXONOMY) == ()
    )


def test_what_opens_a_source_is_kept_whatever_the_verb() -> None:
    source = "For iPhone apps, convert scikit-learn models with Core ML Tools."
    found = hard_rules("Convert scikit-learn models with Core ML Tools.", [source], TAXONOMY)
    assert found == ("condition left out",)
    kept = "Convert scikit-learn models for iPhone apps with Core ML Tools."
    assert hard_rules(kept, [source], TAXONOMY) == ()
