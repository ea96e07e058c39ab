"""Whether what was found answers the question: what is weighed, by hand, and when the weights keep silent."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashEncoder, document
from framewise.app.answerable import WEIGHTS, features, how_answerable, load_answerable
from framewise.app.calibration import Calibration, logistic
from framewise.app.decide import DOUBT, ELSEWHERE, decide
from framewise.app.gather import Gathered, gather
from framewise.app.understand import Query, understand
from framewise.corpus.errors import ModelLoadError
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.index import Index
from framewise.index.library import encoder_id

TAXONOMY = load_taxonomy()
TEXTS = ("Keras runs on JAX.", "Keras runs on PyTorch.", "Flax needs JAX.")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    documents = [document(f"d{n}", text) for n, text in enumerate(TEXTS)]
    return Index.build(documents, HashEncoder(), tmp_path / "index")


def looked_up(text: str, index: Index) -> tuple[Query, Gathered]:
    query = understand(text, (), TAXONOMY, "2026-11-22")
    return query, gather(query, index, TAXONOMY)


def test_rarity_is_the_inverse_document_frequency(index: Index) -> None:
    assert index.rarity("kera") == pytest.approx(math.log(1 + 1.5 / 2.5))  # in 2 of 3
    assert index.rarity("flax") == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert index.rarity("qubit") == pytest.approx(math.log(1 + 3.5 / 0.5))


def test_rare_words_that_no_source_holds_weigh_most(index: Index) -> None:
    seen = features(*looked_up("Does Keras run on qubits?", index), index)
    lost, held = index.rarity("qubit"), index.rarity("kera") + index.rarity("run")
    assert seen["held by all"] == pytest.approx(held / (held + lost))
    assert seen["rarest lost"] == pytest.approx(lost / 10)
    assert seen["one framework"] == 1.0
    assert (seen["future"], seen["stranger"]) == (0.0, 0.0)
    whole = features(*looked_up("Does Keras run on JAX?", index), index)
    assert (whole["held by one"], whole["rarest lost"]) == (1.0, 0.0)


def test_nothing_found_is_no_evidence_and_no_crash(index: Index) -> None:
    query, _ = looked_up("Does Keras run on qubits?", index)
    seen = features(query, Gathered((), {}, 0), index)
    assert (seen["held by five"], seen["cosine"], seen["leading cosine"]) == (0.0, 0.0, 0.0)
    assert all(map(math.isfinite, seen.values()))


def test_the_weights_keep_silent_on_another_encoder_or_kind_of_index_and_on_a_user_s_document(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [replace(d, questions=((0, "Why?"),)) for d in index.documents.values()]
    bare, index = index, Index.build(asked, index.encoder, tmp_path / "asked")
    query, found = looked_up("Does Keras run on JAX?", index)
    assert how_answerable(query, found, index) is None  # they know the embedded encoder
    weights = Calibration(0.5, {"one framework": 1.0, "several frameworks": 0.0})
    monkeypatch.setattr(
        "framewise.app.answerable.load_answerable", lambda: (index.encoder.id, weights)
    )
    assert query.frameworks == ("keras", "jax")
    assert how_answerable(query, found, index) == pytest.approx(logistic(0.5))
    assert (
        how_answerable(query, found, bare) is None
    )  # nothing is known of what its sentences answer
    own = replace(found.evidence[0], document=replace(found.evidence[0].document, kind="user"))
    mine = replace(found, evidence=(own, *found.evidence[1:]))
    assert how_answerable(query, mine, index) is None


def test_a_likely_question_is_answered_and_an_unlikely_one_says_why_not(index: Index) -> None:
    query, found = looked_up("Does Keras run on JAX?", index)
    assert decide(query, found, TAXONOMY, likely=0.9).status == "answered"
    refused = decide(query, found, TAXONOMY, likely=0.1)
    assert (refused.status, refused.notes) == ("refused", (ELSEWHERE,))
    doubtful = decide(query, found, TAXONOMY, likely=0.3)
    assert (doubtful.status, doubtful.notes) == ("answered", (DOUBT,))
    strange = replace(found, strangers=("QuantumFlow",))
    assert "called QuantumFlow" in decide(query, strange, TAXONOMY, likely=0.9).notes[0]
    ahead = replace(query, future=True)
    assert "about the future" in decide(ahead, found, TAXONOMY, likely=0.1).notes[0]
    assert decide(query, Gathered((), {}, 0), TAXONOMY, likely=0.9).status == "refused"


def test_the_weights_that_ship_fit_what_is_weighed(index: Index) -> None:
    encoder, weights = load_answerable()
    assert encoder == encoder_id()
    ours = {n for n in features(*looked_up("Keras?", index), index) if not n[1:].isdigit()}
    assert {n for n in weights.weights if not n[1:].isdigit()} == ours
    assert sum(n[1:].isdigit() for n in weights.weights) == ENCODER_DIMS


ENCODER_DIMS = 384


@pytest.mark.parametrize(
    "change", [{"bias": "x"}, {"weights": []}, {"encoder": None, "bias": None}]
)
def test_other_weights_are_one_clear_error(change: dict[str, object], tmp_path: Path) -> None:
    row = json.loads(WEIGHTS.read_text()) | change
    path = tmp_path / "answerable.json"
    path.write_text(json.dumps(row))
    with pytest.raises(ModelLoadError, match="answerable.json"):
        load_answerable(path)
