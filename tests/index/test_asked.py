"""What sentences are known to answer: by hand, in search order, under filters, damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, document
from framewise.corpus.errors import IndexDamagedError
from framewise.index.asked import Asked, nearest
from framewise.index.build import QUESTIONS
from framewise.index.index import Index
from framewise.index.types import Filters

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
AT = np.array([0, 0, 2], dtype=np.int64)


def test_a_sentence_is_as_near_as_its_nearest_question() -> None:
    asked = Asked(VECTORS, AT, 4)
    assert asked.cosines(np.array([0.8, 0.6], dtype=np.float32)).tolist() == pytest.approx(
        [0.8, 0.0, 0.96, 0.0]
    )
    means = asked.means(np.array([0.8, 0.6], dtype=np.float32))
    assert means.tolist() == pytest.approx([0.7, 0.0, 0.96, 0.0])
    assert Asked(VECTORS[:0], AT[:0], 2).cosines(VECTORS[0]).tolist() == [0.0, 0.0]
    assert Asked(VECTORS[:0], AT[:0], 2).means(VECTORS[0]).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="order of the sentences"):
        Asked(VECTORS, AT[::-1], 4)


def test_ties_go_by_id_and_what_answers_nothing_is_not_found() -> None:
    cosines = np.array([0.5, 0.0, 0.9, 0.5], dtype=np.float32)
    assert nearest(cosines, ["d", "a", "c", "b"], 9) == ["c", "b", "d"]
    assert nearest(cosines, ["d", "a", "c", "b"], 2) == ["c", "b"]
    assert nearest(cosines[:0], [], 2) == []


def documents() -> list[object]:
    terse = document("terse", "It is the first choice there.", frameworks=("jax",))
    plain = document("plain", "Bread needs flour, water and time.", frameworks=("keras",))
    return [replace(terse, questions=((0, "which framework trains on TPU pods"),)), plain]


def test_a_sentence_is_found_by_a_question_it_shares_no_word_with(tmp_path: Path) -> None:
    made = documents()
    index = Index.build(made, HashEncoder(), tmp_path / "with")  # type: ignore[arg-type]
    hits = index.search_sentences("which framework trains on TPU pods")
    assert hits[0].id == "terse#0"
    assert index.asked("which framework trains on TPU pods", ["terse#0", "plain#0"]) == (
        [pytest.approx((1.0, 1.0)), (0.0, 0.0)]
    )
    assert [
        hit.id
        for hit in index.search_sentences(
            "which framework trains on TPU pods", filters=Filters(frameworks=("keras",))
        )
    ] == ["plain#0"]
    bare = [replace(item, questions=()) for item in made]  # type: ignore[type-var]
    without = Index.build(bare, HashEncoder(), tmp_path / "without")  # type: ignore[arg-type]
    assert without.digest != index.digest
    assert without.asked("anything", ["terse#0"]) == [(0.0, 0.0)]
    forgetful = index.without_questions()
    assert (index.knows_questions, forgetful.knows_questions) == (True, False)
    asked = "which framework is the first choice"
    assert forgetful.search_sentences(asked) == without.search_sentences(asked)


def test_damaged_questions_are_refused(tmp_path: Path) -> None:
    Asked(VECTORS, AT, 4).save(tmp_path / QUESTIONS)
    assert Asked.load(tmp_path / QUESTIONS, 4).cosines(VECTORS[0])[2] == pytest.approx(0.6)
    with pytest.raises(IndexDamagedError, match="is not there"):
        Asked.load(tmp_path / QUESTIONS, 2)
    (tmp_path / QUESTIONS / "vectors.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(IndexDamagedError, match="cannot be read"):
        Asked.load(tmp_path / QUESTIONS, 4)
