"""Grades of found sentences, and who judges whether a question is answered, by hand."""

from __future__ import annotations

from framewise.corpus.graded import GRADES, load_graded
from framewise.eval.tune.answerable import Asked, figures, questions, unseen, weights
from framewise.eval.tune.rows import alike, load_training, load_unprompted


def test_every_training_question_is_graded_and_opens_with_something() -> None:
    graded = load_graded(GRADES)
    rows = [*load_training(), *load_unprompted()]
    assert {row.question for row in rows} == set(graded)
    assert len({row.topic for row in load_unprompted()}) == len(load_unprompted())
    assert all(graded[row.question].best for row in load_training())


def test_questions_of_a_topic_are_alike() -> None:
    rows = load_training()
    own = alike(rows)
    assert all(
        own[row.question] == {r.question for r in rows if r.topic == row.topic} for row in rows
    )


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
