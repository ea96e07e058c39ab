"""Scores by hand, and planted faults: each moves its own scores and no other."""

from __future__ import annotations

import dataclasses

import pytest
from fakes import document
from framewise.app.types import Answer, AnswerSentence, Citation
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval import scores
from framewise.eval.answers import entailment, score_answer
from framewise.eval.contrast import contrasts, weaker
from framewise.eval.questions import Nugget, Question
from framewise.eval.ranking import score_rankings
from framewise.index.index import Index

TEXT = "TorchServe is archived since 2025.\nTorchServe 0.12.0 is the last release of TorchServe."
TAXONOMY = load_taxonomy()


def cite(number: int, quote: str, /, **fields: object) -> Citation:
    start = TEXT.index(quote)
    plain: dict[str, object] = {
        "number": number,
        "sentence_id": f"torchserve#{number}",
        "document_id": "torchserve",
        "title": "TorchServe",
        "kind": "doc",
        "section": "",
        "url": "",
        "source": "",
        "published": "2026-11-01",
        "checked": "2026-11-20",
        "quote": quote,
        "start": start,
        "end": start + len(quote),
    }
    return Citation(**{**plain, **fields})  # type: ignore[arg-type]


FIRST, SECOND = TEXT.split("\n")
GOOD = Answer(
    "Is TorchServe maintained?",
    "Is TorchServe maintained?",
    "answered",
    (
        AnswerSentence(FIRST, (1,), "supported", 1.0),
        AnswerSentence(SECOND, (2,), "supported", 1.0),
    ),
    (cite(1, FIRST), cite(2, SECOND)),
)
KEY = Question(
    "q",
    "Is TorchServe maintained?",
    "fact",
    "answered",
    gold=("torchserve",),
    vital=(Nugget("Archived.", "archived"), Nugget("Since 2025.", "2025")),
    okay=(Nugget("The last release.", r"0\.12"), Nugget("A successor.", "vllm")),
    must_not=(Nugget("Maintained.", "actively maintained"),),
)


def said(*sentences: AnswerSentence, **fields: object) -> Answer:
    return dataclasses.replace(GOOD, sentences=sentences, **fields)  # type: ignore[arg-type]


@pytest.fixture
def torchserve(index: Index) -> Index:
    """The small index, holding the text above under the name it is cited by."""
    index.documents["torchserve"] = document("torchserve", TEXT)
    return index


PLANTED = {
    "a wrong offset": (
        dataclasses.replace(GOOD, citations=(cite(1, FIRST, start=1), cite(2, SECOND))),
        {"citations valid"},
    ),
    "a dropped citation": (
        said(
            AnswerSentence(FIRST, (1,), "supported", 1.0),
            AnswerSentence(SECOND, (), "supported", 1.0),
        ),
        {"citations valid", "citation recall", "numbers and identifiers contained"},
    ),
    "an idle citation": (
        said(
            AnswerSentence(FIRST, (1, 2), "supported", 1.0),
            AnswerSentence(SECOND, (2,), "supported", 1.0),
        ),
        {"citation precision"},
    ),
    "an invented number": (
        said(
            AnswerSentence(FIRST, (1,), "supported", 1.0),
            AnswerSentence(SECOND.replace("0.12.0", "0.12.9"), (2,), "supported", 1.0),
        ),
        {"citation recall", "citation precision", "numbers and identifiers contained"},
    ),
    "a forbidden claim": (
        said(*GOOD.sentences, AnswerSentence(FIRST, (1,), "supported", 1.0)),
        {"words"},
    ),
    "a lost vital nugget": (
        said(GOOD.sentences[1]),
        {"vital nuggets, strict", "nuggets, weighted", "nuggets, all", "words"},
    ),
    "a lost okay nugget": (
        said(GOOD.sentences[0]),
        {"nuggets, weighted", "nuggets, all", "words"},
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_moves_its_own_scores_and_no_other(name: str, torchserve: Index) -> None:
    entails = entailment(TAXONOMY)
    bad, expected = PLANTED[name]
    before = score_answer(KEY, GOOD, torchserve, entails)
    after = score_answer(KEY, bad, torchserve, entails)
    assert {score for score in before if before[score] != after[score]} == expected


def test_the_good_answer_is_perfect_but_for_what_it_leaves_out(torchserve: Index) -> None:
    found = score_answer(KEY, GOOD, torchserve, entailment(TAXONOMY))
    assert found == {
        "citations valid": 1.0,
        "citation recall": 1.0,
        "citation precision": 1.0,
        "numbers and identifiers contained": 1.0,
        "vital nuggets, strict": 1.0,
        "nuggets, weighted": pytest.approx((2 + 0.5 * 1) / (2 + 0.5 * 2)),
        "nuggets, all": 0.75,
        "must-not violated": 0.0,
        "gold cited": 1.0,
        "status right": 1.0,
        "refusal recall": None,
        "refusal precision": None,
        "answerable falsely refused": 0.0,
        "words": 13.0,
    }


def test_always_refusing_moves_the_refusal_scores(torchserve: Index) -> None:
    refusal = Answer("q", "q", "refused")
    entails = entailment(TAXONOMY)
    answerable = score_answer(KEY, refusal, torchserve, entails)
    assert (answerable["status right"], answerable["answerable falsely refused"]) == (0.0, 1.0)
    assert (answerable["refusal precision"], answerable["refusal recall"]) == (0.0, None)
    assert answerable["vital nuggets, strict"] == 0.0
    assert answerable["citation recall"] is None
    nonsense = dataclasses.replace(KEY, status="refused", vital=(), gold=())
    right = score_answer(nonsense, refusal, torchserve, entails)
    assert (right["status right"], right["refusal recall"], right["refusal precision"]) == (
        1.0,
        1.0,
        1.0,
    )
    assert right["answerable falsely refused"] is None
    wrong = score_answer(nonsense, GOOD, torchserve, entails)
    assert (wrong["status right"], wrong["refusal recall"], wrong["refusal precision"]) == (
        0.0,
        0.0,
        None,
    )


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("the quote is not at its offsets", dataclasses.replace(GOOD, citations=(cite(1, FIRST, quote="Invented."), cite(2, SECOND)))),
        ("document 'nobody' is unknown", dataclasses.replace(GOOD, citations=(cite(1, FIRST, document_id="nobody"), cite(2, SECOND)))),
        ("names no citation", dataclasses.replace(GOOD, citations=(cite(77, FIRST), cite(2, SECOND)))),
        ("no citation", said(AnswerSentence("Bare.", (), "supported", 1.0))),
        ("shown though unsupported", said(AnswerSentence(FIRST, (1,), "unsupported", 0.1))),
        ("the quote is not at its offsets", dataclasses.replace(GOOD, also_read=(cite(3, FIRST, end=3),))),
    ],
)  # fmt: skip
def test_each_citation_fault_is_named(fault: str, broken: Answer, torchserve: Index) -> None:
    assert scores.invalid_citations(GOOD, torchserve.documents) == []
    assert any(fault in found for found in scores.invalid_citations(broken, torchserve.documents))


def test_must_nots_are_counted() -> None:
    wrong = said(AnswerSentence("TorchServe is actively maintained.", (1,), "supported", 1.0))
    assert (scores.violations(KEY, GOOD), scores.violations(KEY, wrong)) == (0.0, 1.0)
    assert scores.strict_vital(dataclasses.replace(KEY, vital=()), GOOD) is None
    assert scores.weighted_nuggets(dataclasses.replace(KEY, vital=(), okay=()), GOOD) is None


def test_citation_recall_and_precision_follow_the_rule_of_alce() -> None:
    """Three statements after ALCE's figure 3: carried by two, by one of two, by none."""
    carried = {("s1", ("a", "b")), ("s2", ("c", "d")), ("s2", ("c",))}

    def entails(sentence: str, cited: object) -> bool:
        return (sentence, tuple(cited)) in carried  # type: ignore[arg-type]

    quotes = {1: "a", 2: "b", 3: "c", 4: "d", 5: "e"}
    citations = tuple(dataclasses.replace(cite(n, FIRST), quote=q) for n, q in quotes.items())
    answer = said(
        AnswerSentence("s1", (1, 2), "supported", 1.0),  # both needed: 2 of 2
        AnswerSentence("s2", (3, 4), "supported", 1.0),  # d is idle only if c carries alone: 1 of 2
        AnswerSentence("s3", (5,), "supported", 1.0),  # not carried: 0 of 1
        citations=citations,
    )
    assert scores.citation_recall(answer, entails) == pytest.approx(2 / 3)
    assert scores.citation_precision(answer, entails) == pytest.approx(3 / 5)
    dangling = said(AnswerSentence("s1", (9,), "supported", 1.0))
    assert scores.citation_recall(dangling, entails) == 0.0
    assert scores.citation_precision(dangling, entails) == 0.0


@pytest.mark.parametrize(
    ("sentence", "quote", "share"),
    [
        ("Use vLLM 0.9.2 on ROCm.", "vLLM 0.9.2 runs on ROCm.", 1.0),
        ("JAX grew by 1,024 stars.", "JAX grew by 1024 stars.", 1.0),
        ("JAX 0.12 needs CUDA 13.", "JAX 0.12 needs CUDA 12.", 3 / 4),
        ("no numbers, no names", "whatever", None),
    ],
)
def test_exact_containment_by_hand(sentence: str, quote: str, share: float | None) -> None:
    answer = said(
        AnswerSentence(sentence, (1,), "supported", 1.0),
        citations=(dataclasses.replace(cite(1, FIRST), quote=quote),),
    )
    assert scores.exact_containment(answer) == share


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("For TPU pods, choose JAX over PyTorch, because XLA compiles it.", {"jax"}),
        ("Choose PyTorch or Keras for a first course.", {"pytorch", "keras"}),
        ("PyTorch and JAX both run on TPUs.", {"pytorch", "jax"}),
        ("Nothing is named here.", set()),
    ],
)
def test_the_verdict_is_what_the_first_sentence_chooses(first: str, expected: set[str]) -> None:
    answer = said(AnswerSentence(first, (1,), "supported", 1.0), GOOD.sentences[1])
    assert scores.chosen(answer, TAXONOMY) == expected
    assert scores.chosen(dataclasses.replace(answer, sentences=()), TAXONOMY) == frozenset()


def test_rankings_by_hand_and_a_shuffled_one_falls() -> None:
    found = score_rankings({"q": ["a", "x", "b"]}, {"q": ["a", "b"], "unasked": ["a"], "open": []})
    ideal = 1 + 1 / 1.584962500721156  # 1/log2(2) + 1/log2(3)
    assert found == {
        "q": {
            "nDCG@10": pytest.approx((1 + 1 / 2) / ideal),
            "R@10": 1.0,
            "RR@10": 1.0,
            "Success@5": 1.0,
        }
    }
    shuffled = score_rankings({"q": ["x", "y", "z", "u", "v", "a", "b"]}, {"q": ["a", "b"]})["q"]
    assert shuffled["nDCG@10"] < found["q"]["nDCG@10"]
    assert (shuffled["RR@10"], shuffled["Success@5"], shuffled["R@10"]) == (
        pytest.approx(1 / 6),
        0.0,
        1.0,
    )
    assert score_rankings({"q": []}, {"q": ["a"]})["q"]["R@10"] == 0.0


def test_contrasts_are_false_twins_of_each_kind() -> None:
    text = "PyTorch 2.15 was released on 2026-10-28, supports ROCm and has 1,024 more stars."
    made = {c.kind: c.text for c in contrasts(text, TAXONOMY, seed=1)}
    assert set(made) >= {"date", "version", "number", "name", "negation", "direction"}
    assert "2026-10-28" not in made["date"]
    assert "2.15" in made["date"]
    assert "2.15" not in made["version"]
    assert "2026-10-28" in made["version"]
    assert "1,024" not in made["number"]
    assert "PyTorch" not in made["name"]
    assert "does not support" in made["negation"]
    assert "fewer stars" in made["direction"]
    assert contrasts(text, TAXONOMY, seed=1) == contrasts(text, TAXONOMY, seed=1)
    assert contrasts("Plain words.", TAXONOMY) == []


def test_a_weaker_sentence_leaves_out_the_reason() -> None:
    assert (
        weaker("For TPU pods, choose JAX with MaxText, because XLA compiles JAX.")
        == "For TPU pods, choose JAX with MaxText."
    )
    assert weaker("Short, because so.") == "Short, because so."
    assert weaker("JAX is a library.") == "JAX is a library."
