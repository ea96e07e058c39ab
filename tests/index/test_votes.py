"""What readers said of sentences: votes by hand, in search order, under filters, taken back, damaged."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, document
from framewise.corpus.errors import IndexDamagedError
from framewise.corpus.graded import Graded, mark_of
from framewise.index.build import GRADES
from framewise.index.index import Index
from framewise.index.types import Filters
from framewise.index.votes import DOUBT, FULL, QUESTIONS, SHARP, Votes, votes_on

VECTORS = np.array([[1, 0], [0, 1]], dtype=np.float32)
# The first question's reader opens with sentence 0 and finds 1 off the point; the second's would also take 0.
ROWS = np.array([[0, 0, 3], [0, 1, 0], [1, 0, 1]], dtype=np.int32)
NEAR, FAR = math.exp(SHARP * (1 - FULL)), math.exp(SHARP * (0 - FULL))

TERSE, PLAIN = "It is the first choice there.", "Bread needs flour, water and time."
ASKED = "which framework trains on TPU pods"
GRADED = [
    Graded(ASKED, (TERSE,), (), frozenset({mark_of(PLAIN)})),
    Graded("of another corpus", ("Gone.",), (), frozenset()),
]


def documents() -> list[object]:
    return [
        document("terse", TERSE, frameworks=("jax",)),
        document("plain", PLAIN, frameworks=("keras",)),
    ]


def test_near_questions_vote_and_silence_doubts() -> None:
    votes = Votes(VECTORS, ["one", "two"], ROWS, 3)
    assert votes.of(VECTORS[0]).tolist() == pytest.approx(
        [(2 * NEAR + 0.3 * FAR) / (NEAR + FAR + DOUBT), -0.5 * NEAR / (NEAR + DOUBT), 0.0]
    )
    assert votes.without({"one"}).of(VECTORS[0]).tolist() == pytest.approx(
        [0.3 * FAR / (FAR + DOUBT), 0.0, 0.0]
    )
    assert votes.without({"one", "two"}).of(VECTORS[0]).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("row", [[2, 0, 0], [0, 3, 0], [0, 0, 4], [0, -1, 0]])
def test_a_vote_on_what_is_not_there_is_refused(row: list[int]) -> None:
    with pytest.raises(ValueError, match="not there"):
        Votes(VECTORS, ["one", "two"], np.array([row], dtype=np.int32), 3)


def test_votes_go_to_every_sentence_of_these_words_and_unheard_questions_are_left_out() -> None:
    questions, votes = votes_on([PLAIN, TERSE, f"Bread  needs\nflour,{PLAIN[18:]}"], GRADED)
    assert questions == [ASKED]
    assert sorted(votes.tolist()) == [[0, 0, 0], [0, 1, 3], [0, 2, 0]]
    assert votes_on([PLAIN], [])[1].shape == (0, 3)


def test_a_sentence_is_found_by_what_readers_said_of_it(tmp_path: Path) -> None:
    made = documents()
    index = Index.build(made, HashEncoder(), tmp_path / "with", graded=GRADED)  # type: ignore[arg-type]
    assert index.search_sentences(ASKED)[0].id == "terse#0"
    vote = NEAR / (NEAR + DOUBT)
    assert index.votes(ASKED, ["plain#0", "terse#0"]) == pytest.approx([-0.5 * vote, 2 * vote])
    others = Filters(frameworks=("keras",))
    assert [hit.id for hit in index.search_sentences(ASKED, filters=others)] == ["plain#0"]

    bare = Index.build(made, HashEncoder(), tmp_path / "without")  # type: ignore[arg-type]
    assert bare.digest != index.digest
    assert (index.knows_votes, bare.knows_votes) == (True, False)
    for unread in (bare, index.without_votes(), index.without_votes({ASKED})):
        assert unread.votes(ASKED, ["terse#0"]) == [0.0]
        assert unread.search_sentences(ASKED) == bare.search_sentences(ASKED)
    assert index.without_votes({"another"}).votes(ASKED, ["terse#0"]) == pytest.approx([2 * vote])
    assert index.votes(ASKED, ["terse#0"]) == pytest.approx([2 * vote])  # nothing was taken from it


def test_damaged_grades_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / GRADES
    Votes(VECTORS, ["one", "two"], ROWS, 3).save(folder)
    assert Votes.load(folder, 3).of(VECTORS[0])[2] == 0.0
    with pytest.raises(IndexDamagedError, match="is not there"):
        Votes.load(folder, 1)
    (folder / QUESTIONS).write_text("7")
    with pytest.raises(IndexDamagedError, match="cannot be read"):
        Votes.load(folder, 3)
