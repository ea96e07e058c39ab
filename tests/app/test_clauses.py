"""What a small model may leave out of its source, whole clauses, and what not, words inside one; by hand."""

from __future__ import annotations

import pytest
from framewise.app.clauses import clauses, takes_whole_clauses
from framewise.app.verify import verify
from framewise.corpus.taxonomy import load_taxonomy

ADVICE = "For phones, choose LiteRT or ONNX Runtime, because both have small wheels."
TEAM = "A search team should add a reranker first, because rerankers read both texts."


def test_clauses_end_at_signs_and_joining_words_but_lists_and_numbers_stay_whole() -> None:
    assert clauses("For A, B or C code, use `x.y`, because 1,024 is enough.") == [
        ("for", "a,", "b", "or", "c", "code"),
        ("use", "x.y"),
        ("because", "1,024", "is", "enough"),
    ]
    assert clauses("For serving choose A (MIT) when it rains") == [
        ("for", "serving"),
        ("choose", "a"),
        ("mit",),
        ("when", "it", "rains"),
    ]
    assert clauses("Tutorials that use A") == [("tutorials", "that", "use", "a")]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Choose LiteRT or ONNX Runtime, because both have small wheels.", ADVICE),
        ("Choose LiteRT or ONNX Runtime for phones.", ADVICE),
        ("Both have small wheels.", ADVICE),
        ("Add a reranker first.", TEAM),
        ("Choose JAX, because it lists TPUs.", "Choose JAX, because JAX lists TPUs."),
        ("Choose JAX, which lists TPUs.", "Choose JAX, because JAX lists TPUs."),
        ("JAX 1.0 is new.", "JAX 1.0, released in May, is new."),
        ("X is out, so choose Y.", "X is out (2.0), so choose Y, as Z says."),
    ],
)
def test_whole_clauses_may_go_move_and_be_pointed_at(sentence: str, source: str) -> None:
    assert takes_whole_clauses(sentence, [source])


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("For phones, choose LiteRT, because both have small wheels.", ADVICE),
        ("For phones, both have small wheels.", ADVICE),  # a reason is no advice
        ("JAX requires Python 3.12.", "JAX requires Python >=3.12."),
        ("It has wheels for cp311 cp313.", "It has wheels for cp311 cp312 cp313."),
        ("AMD released a fork in May.", "AMD released a fork of torchtitan in May."),
        ("Keras 3 was retired in 2019.", "Multi-backend Keras was retired in 2019."),
        ("The claim is out of date: Y.", "The claim that X is right is out of date: Y."),
        ("For legacy Caffe, move on.", "For legacy Caffe, Theano or CNTK code, move on."),
        ("Do X.", "A team should not do X."),
        ("Choose A, although it is fast.", "Choose A, because A is fast."),
        ("Use A stopped working.", "Tutorials that use A stopped working."),
        ("Speed is a trade-off: tokens stay.", "In decoding, tokens stay."),
        ("Choose B, because it is fast.", "Choose B, because the newest release of A is fast."),
    ],
)
def test_words_inside_a_clause_may_not(sentence: str, source: str) -> None:
    assert not takes_whole_clauses(sentence, [source])


def test_odd_texts_break_nothing() -> None:
    assert not takes_whole_clauses("A.", ["The team should "])
    assert takes_whole_clauses("...", ["A."]) is False
    assert takes_whole_clauses("", ["A."])
    long = ", a b" * 2000 + " or"
    assert takes_whole_clauses(long, [long])


def test_clauses_of_several_sources_stand_side_by_side_and_none_twice() -> None:
    assert takes_whole_clauses(
        "A is fast, while B is small.", ["A is fast.", "X, while B is small."]
    )
    assert not takes_whole_clauses("A is fast A is fast.", ["A is fast."])


def test_only_what_is_shortened_must_be_whole() -> None:
    taxonomy, sentence = load_taxonomy(), "PyTorch requires Python 3.11."
    source = ["PyTorch requires Python >=3.11."]
    assert verify(sentence, source, taxonomy).verdict == "supported"
    check = verify(sentence, source, taxonomy, shortened=True)
    assert (check.verdict, check.broken) == ("unsupported", ("a clause is not whole",))
