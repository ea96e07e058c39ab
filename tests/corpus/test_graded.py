"""What readers said of sentences: grades by hand, what ships, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.errors import CorpusError
from framewise.corpus.graded import GRADES, READ, Graded, load_graded, mark_of

GOOD, MORE, ALSO, OFF = "Choose JAX.", "JAX compiles.", "JAX runs on TPUs.", "Keras is old."
GRADED = Graded("JAX?", (GOOD, MORE), (ALSO,), frozenset({mark_of(OFF)}))


def test_grades_are_by_place_and_what_was_not_read_has_none() -> None:
    assert [GRADED.grade(text) for text in (GOOD, MORE, ALSO, OFF, "Unread.")] == [3, 2, 1, 0, None]
    assert GRADED.grades() == {
        mark_of(OFF): 0,
        mark_of(ALSO): 1,
        mark_of(GOOD): 3,
        mark_of(MORE): 2,
    }


def test_no_question_is_graded_twice_and_no_sentence_twice_for_one() -> None:
    shipped = load_graded()
    assert len(shipped) == len(load_graded(GRADES)) + len(load_graded(READ))
    for item in shipped.values():
        assert not set(item.best) & set(item.also)
        assert not {mark_of(text) for text in (*item.best, *item.also)} & item.off


def test_a_damaged_grade_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grades.jsonl"
    path.write_text('{"question": "x", "best": [], "also": [], "off": []}\n{"question": "y"}\n')
    with pytest.raises(CorpusError, match=r"grades.jsonl:2: not a grade"):
        load_graded(path)
