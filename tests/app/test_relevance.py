"""The trained relevance: its sum by hand, its file's damage, and what it does to the order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import HashEncoder, document
from framewise.app.evidence import EvidenceConfig
from framewise.app.gather import gather
from framewise.app.order import weighable
from framewise.app.relevance import (
    UNASKED_WEIGHTS,
    WEIGHTS,
    Known,
    Relevance,
    Seen,
    load_relevance,
)
from framewise.app.understand import understand
from framewise.corpus.errors import ModelLoadError
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.index import Index
from framewise.index.library import encoder_id

PLAIN = Seen(
    cosine=0.5, bm25=0.0, overlap=0.0, fused=0.0, rank=4, passage_cosine=None, document_rank=1,
    intent="choose", form="guide", form_fits=True, heading="verdict", role="verdict",
    frameworks=0.0, criteria=0.0, words=30, held=0.0, rarest_held=0.0, rarest_lost=0.0, other_frameworks=0,
    other_criteria=0, none_asked=False,
)  # fmt: skip


def model(**weights: float) -> Relevance:
    names = {name.replace(" ", "_"): name for name in PLAIN.features()}
    chosen = {names[key]: value for key, value in weights.items()}
    return Relevance(dict.fromkeys(PLAIN.features(), 0.0) | chosen, -1.0, "hash-256")


def test_a_probability_is_the_logistic_of_a_weighed_sum() -> None:
    # -1 + 2 x .5 (cosine) + 3 x 1/5 (fifth in rank) + 4 x 1/2 (second document) = 2.6
    found = model(cosine=2.0, rank=3.0, document_rank=4.0).weigh([PLAIN])
    assert found.tolist() == pytest.approx([1 / (1 + math.exp(-2.6))])
    assert model().weigh([]).shape == (0,)


def test_what_was_not_found_counts_as_far_away() -> None:
    features = replace(PLAIN, document_rank=None).features()
    assert features["document rank"] == pytest.approx(1 / 61)
    assert features["passage cosine"] == 0.2


def test_no_feature_names_a_framework() -> None:
    names = {name.lower() for framework in load_taxonomy().frameworks for name in framework.names}
    assert not names & set(PLAIN.features())


def test_the_weights_that_ship_fit_the_features_and_the_embedded_encoder() -> None:
    for path in (WEIGHTS, UNASKED_WEIGHTS):
        shipped = load_relevance(path)
        assert set(shipped.weights) == set(PLAIN.features())
        assert shipped.encoder == encoder_id()
    near, far = replace(PLAIN, cosine=0.8, rank=0), replace(PLAIN, cosine=0.1, rank=50)
    assert shipped.weigh([near])[0] > shipped.weigh([far])[0]
    asked = Known(0.9, 0.0, 0, 0.7, 1, 0.8, 5.0, 2.0, 2.0)
    other = Known(0.3, 0.6, 9, 0.2, 8, 0.1, 1.0, 9.0, 9.0)
    known = load_relevance(WEIGHTS)
    asked_for, other_for = replace(PLAIN, known=asked), replace(PLAIN, known=other)
    assert known.weigh([asked_for])[0] > known.weigh([other_for])[0]
    assert shipped.weigh([asked_for])[0] == pytest.approx(shipped.weigh([PLAIN])[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row["weights"].pop("cosine"), "'cosine' is missing or unknown"),
        (lambda row: row["weights"].update(shoe=1.0), "'shoe' is missing or unknown"),
        (lambda row: row["weights"].update(cosine="much"), "cannot be read"),
        (lambda row: row.update(bias=math.nan), "not a number"),
        (lambda row: row.pop("encoder"), "cannot be read"),
    ],
)
def test_weights_that_do_not_fit_are_one_clear_error(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    row = json.loads(WEIGHTS.read_text())
    change(row)
    path = tmp_path / "relevance.json"
    path.write_text(json.dumps(row))
    with pytest.raises(ModelLoadError, match=said):
        load_relevance(path)
    with pytest.raises(ModelLoadError, match="cannot be read"):
        load_relevance(tmp_path / "none.json")


def test_the_trained_order_leads_and_another_encoder_keeps_retrieval_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (
        "Keras runs on JAX, TensorFlow and PyTorch.",
        "Keras 3 saves models in the keras format and loads them on any backend.",
    )
    index = Index.build(
        [document(f"d{n}", text) for n, text in enumerate(texts)], HashEncoder(), tmp_path / "index"
    )
    taxonomy = load_taxonomy()
    query = understand("Which backend does Keras run on?", (), taxonomy, "2026-11-22")
    own = [item.id for item, _ in weighable(query, index, taxonomy)]
    unweighed = gather(query, index, taxonomy)
    assert {item.relevance for item in unweighed.evidence} == {None}
    # A model that likes long sentences only turns the order by its one weight.
    monkeypatch.setattr(
        "framewise.app.order.load_relevance", {UNASKED_WEIGHTS: model(length=5.0)}.get
    )
    weighed = gather(query, index, taxonomy)
    lengths = [len(item.text.split()) for item in weighed.evidence]
    assert lengths == sorted(lengths, reverse=True)
    assert {item.id for item in weighed.evidence} == set(own)
    monkeypatch.setattr(
        "framewise.app.order.load_relevance", {UNASKED_WEIGHTS: model(length=-5.0)}.get
    )
    assert [i.id for i in gather(query, index, taxonomy).evidence] == [
        i.id for i in weighed.evidence
    ][::-1]
    # With known questions it is the other weights that count.
    asked = [replace(document("d0", texts[0]), questions=((0, "what does Keras run on"),))]
    known = Index.build([*asked, document("d1", texts[1])], HashEncoder(), tmp_path / "known")
    monkeypatch.setattr("framewise.app.order.load_relevance", {WEIGHTS: model(known=5.0)}.get)
    assert [i.id for i in gather(query, known, taxonomy).evidence] == ["d0#0", "d1#0"]
    off = gather(query, index, taxonomy, config=EvidenceConfig(trained=False))
    assert {item.relevance for item in off.evidence} == {None}
