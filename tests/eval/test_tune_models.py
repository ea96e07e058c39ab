"""What the writer and the judge learn from, by hand; and that training learns, on a model made here."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from fakes import HashEncoder, document
from framewise.app.support import claim_prompt, evidence_prompt
from framewise.corpus.errors import SuiteError
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.tune.claims import (
    Judged,
    as_example,
    fold_of,
    held_out,
    inference,
    learnt_from,
    ours,
    outside,
    with_opposites,
    with_own_sentence,
)
from framewise.eval.tune.flips import opposites
from framewise.eval.tune.lora import Branch, Example, Recipe, train
from framewise.eval.tune.rows import CitedSentence, TrainingQuestion, ids_of
from framewise.eval.tune.scorer import Pair, calibrated, figures
from framewise.eval.tune.writer import examples
from framewise.index.index import Index

TAXONOMY = load_taxonomy()


@pytest.mark.parametrize(
    ("claim", "opposite"),
    [
        ("Aspirin increases bleeding.", "Aspirin decreases bleeding."),
        ("Aspirin inhibits clotting.", "Aspirin does not inhibit clotting."),
        ("The repository is archived.", "The repository is not archived."),
        ("It does not support Windows.", "It support Windows."),
        ("The wheel has no CUDA code.", "The wheel has a CUDA code."),
    ],
)
def test_a_claim_is_turned_round(claim: str, opposite: str) -> None:
    assert opposite in opposites(claim, 1)


def test_what_cannot_be_turned_round_is_left_and_the_seed_decides() -> None:
    assert opposites("Paris.", 1) == []
    assert opposites("Aspirin increases bleeding.", 7) == opposites(
        "Aspirin increases bleeding.", 7
    )


def test_the_opposite_of_true_is_false_and_of_unclear_unclear() -> None:
    item = Judged("s", "g", "e", (("It is free.", "yes"),))
    assert set(with_opposites(item, 1).claims[1:]) == {
        ("It is paid.", "no"),
        ("It is not free.", "no"),
    }
    item = Judged("s", "g", "e", (("It is free.", "no"),))
    assert ("It is not free.", "yes") in with_opposites(item, 1).claims
    item = Judged("s", "g", "e", (("It is free.", "unclear"),))
    assert [label for _, label in with_opposites(item, 1).claims] == ["unclear", "unclear"]


ROWS = [
    TrainingQuestion(
        f"topic-{n}",
        "fact",
        f"question {n}?",
        (
            CitedSentence(f"Haiku {n} is archived.", (f"Since 2025, Haiku {n} is archived.",)),
            CitedSentence("JAX runs on TPU.", ("JAX runs on TPU, too.",)),
        ),
        (),
    )
    for n in range(9)
]


def test_our_answers_carry_planted_faults_and_answers_to_something_else() -> None:
    first = next(iter(ours(ROWS, TAXONOMY, 1)))
    for quote in ("Since 2025, Haiku 0 is archived.", "JAX runs on TPU, too."):
        assert quote in first.evidence
    labels = [label for _, label in first.claims]
    assert labels[0] == "yes"
    assert set(labels[1:]) <= {"no", "unclear"}
    assert "no" in labels


def test_passages_are_held_out_by_writer_and_labels_are_few(tmp_path: Path) -> None:
    found = inference()
    assert {item.group for item in found if item.held_out} == {"inference b"}
    labels = Counter(label for item in found for _, label in item.claims)
    assert set(labels) == {"yes", "no", "unclear"}
    assert min(labels.values()) > 0.9 * max(labels.values())
    first = with_own_sentence(found[0], random.Random(1))
    assert first.claims[:-1] == found[0].claims
    assert first.claims[-1][1] == "yes"
    assert first.claims[-1][0] in first.evidence
    path = tmp_path / "passages.jsonl"
    path.write_text('{"writer": "z", "passage": "A.", "claims": [["A.", "maybe"]]}\n')
    with pytest.raises(SuiteError, match=r"jsonl:1: 'maybe' is no label"):
        inference(path)
    path.write_text('{"writer": "z", "passage": "A.", "claims": ["A claim."]}\n')
    with pytest.raises(SuiteError, match=r"jsonl:1: not a passage with claims"):
        inference(path)


def write_sets(folder: Path) -> None:
    for name in ("scifact_claims", "wice_oracle", "wice_claim", "begin"):
        rows = [
            {"id": f"{name}-{n}", "claim": f"X{n} is free.", "evidence": f"Text {n}. X{n} is free.",
             "label": int(n % 2), "label_raw": "CONTRADICT" if name.startswith("sci") else "other"}
            for n in range(12)
        ]  # fmt: skip
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))


def test_no_group_is_both_learnt_from_and_measured(tmp_path: Path) -> None:
    write_sets(tmp_path)
    texts = [f"Haiku {n} is archived since 2025 and takes no fixes from anybody." for n in range(8)]
    index = Index.build(
        [document(f"d{n}", text, frameworks=("haiku",)) for n, text in enumerate(texts)],
        HashEncoder(),
        tmp_path / "index",
    )
    learnt = learnt_from(tmp_path, ROWS, index, TAXONOMY, 1)
    measured = held_out(tmp_path, ROWS, TAXONOMY, 1)
    assert learnt
    assert measured
    assert not {item.group for item in learnt} & {item.group for item, _, _ in measured}
    assert {fold_of(item.group) for item in learnt} == {1, 2}
    assert outside(tmp_path, "scifact_claims")[0].claims == (("X0 is free.", "no"),)
    with pytest.raises(SuiteError, match="nowhere"):
        outside(tmp_path / "nowhere", "begin")


def test_a_judged_text_is_a_prompt_with_a_branch_a_claim() -> None:
    item = Judged("s", "g", "E.", (("C.", "yes"), ("D.", "no")))
    made = as_example(item, lambda text: [ord(char) for char in text])
    assert "".join(map(chr, made.prompt_ids)) == evidence_prompt("E.")
    assert "".join(map(chr, made.branches[1].read_ids)) == claim_prompt("D.")
    assert ["".join(map(chr, branch.label_ids)) for branch in made.branches] == [" yes", " no"]


def test_the_writer_learns_numbers_of_what_it_is_shown_and_no_broken_rule(tmp_path: Path) -> None:
    texts = [
        "Flax 0.12 was released on 2026-10-27 and runs on JAX.",
        "Haiku is in maintenance mode since August 2023.",
        "XGBoost trains boosted trees on one machine or on many.",
    ]
    index = Index.build([document("d", "\n\n".join(texts))], HashEncoder(), tmp_path)
    row = TrainingQuestion(
        "flax",
        "fact",
        "newest flax release on jax?",
        (
            CitedSentence("Flax 0.12 came on 2026-10-27.", (texts[0],)),
            CitedSentence("Haiku 9.9 is dead.", (texts[1],)),
        ),
        (),
    )
    for epoch in range(12):
        (made,) = examples([row], index, ids_of(index), TAXONOMY, epoch)
        for line in made.reply.splitlines():
            number, said = line[1:].split("] ", 1)
            source = made.sources[int(number) - 1]
            assert said == source or said == "Flax 0.12 came on 2026-10-27."
        assert "9.9" not in made.reply


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("base")
    sizes = {"vocab_size": 12, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1, "initializer_range": 0.5}  # fmt: skip
    LlamaForCausalLM(LlamaConfig(**sizes)).save_pretrained(path)
    return path


COPY = [Example((1, a, 2), (Branch((3,), (a,)), Branch((4,), (5,)))) for a in (6, 7, 8, 9)]
SMALL = Recipe(rank=4, alpha=8, rate=2e-2, batch=4, first_layer=0, attention="eager")


def test_training_learns_and_the_same_seed_gives_the_same_adapter(
    base: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    losses = train(base, [COPY * 8] * 10, tmp_path / "one", recipe=SMALL, tell=told.append)
    assert losses[-1] < 0.5 * losses[0]
    assert losses == train(base, [COPY * 8] * 10, tmp_path / "two", recipe=SMALL, tell=told.append)
    one, two = (tmp_path / name / "adapter_model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    config = json.loads((tmp_path / "one" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == ""
    note = json.loads((tmp_path / "one" / "training.json").read_text())
    assert (note["epochs"], note["recipe"]["seed"]) == ([32] * 10, SMALL.seed)


def test_no_branch_sees_another(base: Path) -> None:
    import torch
    from framewise.eval.tune.lora import _loss
    from transformers import AutoModelForCausalLM

    class Wrapped:
        def __init__(self) -> None:
            self.base_model = self
            self.model = AutoModelForCausalLM.from_pretrained(base, attn_implementation="eager")

    model = Wrapped()
    together = Example((1, 6, 2), (Branch((3,), (6,)), Branch((4, 8), (5, 7))))
    apart = [Example((1, 6, 2), (branch,)) for branch in together.branches]
    with torch.inference_mode():
        whole = float(_loss(model, [together], "cpu"))
        first, second = (float(_loss(model, [part], "cpu")) for part in apart)
    assert whole == pytest.approx((first + 2 * second) / 3, abs=1e-3)


def test_a_calibration_separates_what_can_be_separated() -> None:
    pairs = [
        Pair("set", f"g{n}", "yes" if n % 2 else "no", {"a": float(n % 2), "b": 0.0})
        for n in range(40)
    ]
    found = calibrated(pairs)
    assert found.weights["a"] > 1
    assert found.weights["b"] == 0
    told = figures(pairs)
    assert told["set: balanced accuracy at .5"].startswith("1.000")
    assert told["set: yes against no, AUROC"].startswith("1.000")
