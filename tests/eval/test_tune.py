"""Tuning: its questions are apart from the evaluation, and its figures can be worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, document
from framewise.app.intent_model import IntentModel, features, load_intents, with_trained_intent
from framewise.app.relevance import INTENTS, Seen, load_relevance
from framewise.app.understand import understand
from framewise.corpus.errors import ModelLoadError, SuiteError
from framewise.corpus.graded import READ, load_graded
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.questions import SPLITS, load_questions, split_path
from framewise.eval.tune.answerable import questions
from framewise.eval.tune.intent import KINDS, looked_at
from framewise.eval.tune.intent import fit as fit_intent
from framewise.eval.tune.intent import save as save_intent
from framewise.eval.tune.relevance import (
    Judged,
    as_graded,
    fit,
    fold_of,
    judge,
    ndcg,
    reordered,
    save,
)
from framewise.eval.tune.rows import (
    CitedSentence,
    TrainingQuestion,
    check_apart,
    ids_of,
    load_training,
    load_unprompted,
    near_evaluation,
)
from framewise.index.index import Index

SENTENCES = (
    "Flax 0.12 was released on 2026-10-27 and runs on JAX.",
    "Haiku is in maintenance mode since August 2023.",
    "XGBoost trains boosted trees on one machine or on many.",
)
ROW = TrainingQuestion(
    "flax-version",
    "fact",
    "newest flax release on jax?",
    (CitedSentence("Flax 0.12 came out on 2026-10-27.", (SENTENCES[0],)),),
    (SENTENCES[1], "A sentence that has left the corpus."),
)
SEEN = Seen(
    0.5,
    0.0,
    0.0,
    0.0,
    0,
    0.3,
    0,
    "fact",
    "guide",
    False,
    "",
    "reason",
    0.0,
    0.0,
    12,
    0.0,
    0.0,
    0.0,
    0,
    0,
    False,
)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    documents = [document(f"d{n}", text) for n, text in enumerate(SENTENCES)]
    return Index.build(documents, HashEncoder(), tmp_path / "index")


def test_training_topics_are_no_evaluation_topics() -> None:
    asked = [q for split in SPLITS for q in load_questions(split_path(split))]
    rows = load_training()
    assert len(rows) >= 500
    assert not {row.topic for row in rows} & {q.topic for q in asked}
    assert not {row.question.lower() for row in rows} & {q.text.lower() for q in asked}


@pytest.mark.models
def test_no_training_question_asks_what_an_evaluation_question_asks() -> None:
    from framewise.index.library import PLAIN, open_encoder

    asked = [item.question for item in questions()]
    assert {row.question for row in (*load_training(), *load_unprompted())} <= set(asked)
    read = load_graded(READ)
    assert len(read) > 1600
    assert not set(read) & set(asked)  # the encoder's alone
    asked += read
    assert near_evaluation(asked, open_encoder(PLAIN)) == []


def test_a_training_question_that_copies_an_evaluation_question_is_refused(index: Index) -> None:
    copied = load_questions()[0].text
    with pytest.raises(SuiteError, match="asks what an evaluation question asks"):
        check_apart([ROW.question, copied], index.encoder)
    check_apart([ROW.question], index.encoder)


def test_a_question_without_grades_is_graded_by_its_answer(index: Index) -> None:
    judged = judge(ROW, as_graded(ROW), index, ids_of(index))
    assert sorted((*judged.grades, *judged.missed), reverse=True)[:2] == [3, 1]
    assert sum(judged.grades) + sum(judged.missed) == 4  # what left the corpus counts for nothing


def test_ndcg_by_hand() -> None:
    # Gains 3 and 1: found in places 2 and 3, ideal in places 1 and 2.
    found = 3 / math.log2(3) + 1 / math.log2(4)
    ideal = 3 / math.log2(2) + 1 / math.log2(3)
    assert ndcg((0, 2, 1), ()) == ndcg((0, 3, 1), ()) == pytest.approx(found / ideal)
    assert ndcg((0, 0, 0, 0, 0, 3), ()) == 0.0  # an answer says five sentences
    assert ndcg((2, 1, 0), ()) == 1.0
    assert ndcg((0, 0), (2,)) == 0.0
    assert ndcg((2,), (1,)) == pytest.approx(3 / ideal)
    assert ndcg((), ()) == 0.0


def test_fitting_learns_the_one_feature_that_tells_and_gives_the_same_twice() -> None:
    judged = [
        Judged(
            f"topic {n}",
            tuple(replace(SEEN, cosine=c) for c in (0.2, 0.9, 0.3)),
            (0, 2, 0),
            (),
        )
        for n in range(12)
    ]
    model = fit(judged, "hash-256")
    assert model == fit(judged, "hash-256")
    assert model.weights["cosine"] > 1.0
    assert model.weights["length"] == 0.0
    assert reordered(judged[0], model) == (2, 0, 0)


def test_weights_are_written_as_they_are_read(tmp_path: Path) -> None:
    save(load_relevance(), tmp_path / "w.json", 3)
    assert load_relevance(tmp_path / "w.json") == load_relevance()


def test_folds_are_fixed_by_the_topic() -> None:
    assert {fold_of(f"topic {n}") for n in range(40)} == {0, 1, 2}
    assert fold_of("flax-version") == fold_of("flax-version")


def test_a_damaged_training_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"topic": "x"}\n')
    with pytest.raises(SuiteError, match=r"rows\.jsonl:1"):
        load_training(path)
    with pytest.raises(SuiteError, match="cannot be read"):
        load_training(tmp_path / "none.jsonl")


def test_the_intent_model_is_the_largest_weighed_sum_and_needs_its_encoder(
    tmp_path: Path, index: Index
) -> None:
    query = understand("newest flax release?", (), load_taxonomy(), "2026-11-22")
    vector = index.vector(query.neutral)
    row = features(query, vector)
    assert len(row) == len(vector) + len(INTENTS) + 2
    assert row[len(vector) :].tolist() == [float(i == query.intent) for i in INTENTS] + [1.0, 0.0]
    weights = np.zeros((2, len(row)))
    weights[1, -2] = 2.0  # one framework is named
    model = IntentModel(("choose", "trend"), weights, np.array([1.0, 0.0]), "hash-256")
    assert model.intent(query, vector) == "trend"
    assert model.intent(replace(query, frameworks=()), vector) == "choose"
    assert with_trained_intent(query, index) == query  # the weights that ship know another encoder


def test_intent_weights_are_written_read_and_refused(tmp_path: Path, index: Index) -> None:
    rows = [replace(ROW, topic=f"t{n}", kind=kind, question=text) for n, (kind, text) in enumerate(
        [("fact", "newest flax release?"), ("trend", "does haiku grow?"), ("constraint", "which one under MIT?")] * 3)]  # fmt: skip
    seen, ruled = looked_at(rows, index)
    assert (len(seen), len(ruled)) == (9, 9)
    model = fit_intent(seen, np.array([KINDS.get(row.kind, row.kind) for row in rows]))
    save_intent(model, tmp_path / "intent.json", index.encoder.id)
    found = load_intents(tmp_path / "intent.json")
    assert (found.intents, found.encoder) == (("choose", "fact", "trend"), "hash-256")
    assert found.weights == pytest.approx(model.coef_, abs=1e-4)
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(ModelLoadError, match="cannot be read"):
        load_intents(tmp_path / "bad.json")
    text = (tmp_path / "intent.json").read_text().replace('"fact"', '"gossip"')
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ModelLoadError, match="do not fit"):
        load_intents(tmp_path / "odd.json")
