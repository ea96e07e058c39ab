"""Grades of found sentences, and who judges whether a question is answered, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.errors import SuiteError
from framewise.eval.tune.answerable import Asked, figures, questions, unseen, weights
from framewise.eval.tune.rows import Graded, load_graded, load_training, load_unprompted, mark_of

GOOD, MORE, ALSO, OFF = "Choose JAX.", "JAX compiles.", "JAX runs on TPUs.", "Keras is old."
GRADED = Graded("JAX?", (GOOD, MORE), (ALSO,), frozenset({mark_of(OFF)}))


def test_grades_are_by_place_and_what_was_not_read_has_none() -> None:
    assert [GRADED.grade(text) for text in (GOOD, MORE, ALSO, OFF, "Unread.")] == [3, 2, 1, 0, None]


def test_every_training_question_is_graded_and_opens_with_something() -> None:
    graded = load_graded()
    rows = [*load_training(), *load_unprompted()]
    assert {row.question for row in rows} == set(graded)
    assert len({row.topic for row in load_unprompted()}) == len(load_unprompted())
    assert all(graded[row.question].best for row in load_training())
    for item in graded.values():
        assert not set(item.best) & set(item.also)
        assert not {mark_of(text) for text in (*item.best, *item.also)} & item.off


def test_a_damaged_grade_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grades.jsonl"
    path.write_text('{"question": "x", "best": [], "also": [], "off": []}\n{"question": "y"}\n')
    with pytest.raises(SuiteError, match=r"grades.jsonl:2: not a grade"):
        load_graded(path)


def test_questions_to_refuse_are_of_four_writers_and_no_one_s_twice() -> None:
    asked = questions()
    assert {item.writer for item in asked} == set("abcd")
    assert len({item.question for item in asked}) == len(asked)
    assert sum(not item.answerable for item in asked) > 500
    assert {item.kind for item in asked if item.answerable} == {
        "answerable",
        "training",
        "unprompted",
    }


def test_a_writer_s_questions_are_judged_by_weights_that_saw_none_of_them() -> None:
    asked = [
        Asked(writer, "x" if good else "y", f"{writer}{n}{good}", good)
        for writer in "ab"
        for n in range(20)
        for good in (True, False)
    ]
    # The feature tells; but for writer b it tells the opposite, which only weights that saw b could know.
    seen = [{"f": float(i.answerable == (i.writer == "a"))} for i in asked]
    found = unseen(asked, seen)
    right = [(p > 0.5) == i.answerable for p, i in zip(found, asked, strict=True)]
    assert not any(right)
    assert abs(weights(asked, seen).weights["f"]) < 0.05
    assert figures(asked, seen)["AUROC"].startswith("0.000")
