"""Question files: what is refused, what is shipped, and keys that tell right from wrong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from framewise.corpus.errors import SuiteError
from framewise.eval.questions import (
    SPLITS,
    Nugget,
    Question,
    faults,
    load_questions,
    split_path,
    spread,
)
from framewise.eval.scaffold import scaffold

LINE = '{"id": "a", "text": "Is it?", "kind": "fact", "status": "answered"}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "q.jsonl:1: not JSON"),
        ("[]", "q.jsonl:1: not a JSON object"),
        (LINE.replace("fact", "riddle"), "q.jsonl:1: 'kind' is 'riddle'; known are choose"),
        (LINE.replace("answered", "maybe"), "'status' is 'maybe'"),
        (LINE[:-1] + ', "difficulty": "very"}', "'difficulty' is 'very'; known are easy"),
        (LINE.replace('"Is it?"', '""'), "'text' is '', not a text"),
        (LINE[:-1] + ', "topic": 3}', "'topic' is 3, not a text"),
        (LINE[:-1] + ', "gold": "x"}', "'gold' is 'x', not a list of texts"),
        (LINE[:-1] + ', "vital": "x"}', "'vital' is 'x', not a list"),
        (LINE[:-1] + ', "vital": [3]}', "'vital' holds 3, not a pattern"),
        (LINE[:-1] + ', "vital": [{"says": "x"}]}', "not a pattern with what it says"),
        (LINE[:-1] + ', "vital": ["("]}', r"the pattern '\(' is not a regular expression"),
        (LINE[:-1] + ', "golden": []}', "unknown field 'golden'"),
        (LINE + "\n" + LINE, "q.jsonl:2: the id 'a' stands twice"),
        ("\n", "holds no question"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_question_file_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(line)
    with pytest.raises(SuiteError, match=message):
        load_questions(path)
    with pytest.raises(SuiteError, match="cannot be read"):
        load_questions(tmp_path / "nowhere.jsonl")


def test_a_pattern_alone_says_itself(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(LINE[:-1] + ', "vital": ["a|b", {"says": "C.", "pattern": "c"}]}')
    assert load_questions(path)[0].vital == (Nugget("a|b", "a|b"), Nugget("C.", "c"))


def test_faults_name_keys_that_do_not_tell_good_from_bad() -> None:
    key = Question(
        "q", "?", "fact", "answered",
        vital=(Nugget("", "archived"), Nugget("", "2025")), must_not=(Nugget("", "maintained"),),
        good="Archived in 2025.", bad="It is maintained.",
    )  # fmt: skip
    assert faults(key) == []
    assert faults(dataclasses.replace(key, good="Archived.")) == ["q: the good answer lacks '2025'"]
    assert faults(dataclasses.replace(key, good="Archived in 2025, maintained before.")) == [
        "q: the good answer holds 'maintained'"
    ]
    assert faults(dataclasses.replace(key, bad="Archived.")) == ["q: the bad answer passes"]
    assert faults(dataclasses.replace(key, bad="No idea.")) == []
    assert faults(dataclasses.replace(key, good="", bad="")) == []


def test_a_limit_is_spread_over_the_file() -> None:
    questions = [Question(str(n), "?", "fact", "answered") for n in range(10)]
    assert [q.id for q in spread(questions, 4)] == ["0", "2", "5", "7"]
    assert spread(questions, None) == spread(questions, 99) == questions


def test_a_scaffold_is_a_question_file_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "own" / "questions.jsonl"
    scaffold(path)
    assert [faults(q) for q in load_questions(path)] == [[], []]
    with pytest.raises(SuiteError, match="is there already"):
        scaffold(path)
    with pytest.raises(SuiteError, match="cannot be written"):
        scaffold(path / "below" / "a-file.jsonl")


def test_no_split_is_invented() -> None:
    with pytest.raises(SuiteError, match="there is no split 'train'; known are dev, test"):
        split_path("train")


@pytest.fixture(scope="module")
def shipped() -> dict[str, list[Question]]:
    return {split: load_questions(split_path(split)) for split in SPLITS}


def test_the_shipped_questions_are_as_many_and_as_varied_as_promised(
    shipped: dict[str, list[Question]],
) -> None:
    both = [q for questions in shipped.values() for q in questions]
    assert len(both) >= 400
    for questions in shipped.values():
        assert len(questions) >= 200
        assert len({q.kind for q in questions}) == 11
        assert len({q.voice for q in questions}) >= 5
        assert all(q.topic and q.difficulty and q.as_of and q.source for q in questions)
        assert all(q.twin for q in questions if q.kind == "compare")
        assert {q.why for q in questions if q.kind == "unanswerable"} == {
            "future", "out-of-domain", "non-existent", "unknowable",
        }  # fmt: skip
    assert sum(len(q.paraphrases) == 5 for q in both) >= 100
    assert [q.id for q in both if q.twin == q.text or q.text in q.paraphrases] == []


def test_no_topic_and_no_question_is_in_both_splits(shipped: dict[str, list[Question]]) -> None:
    topics = {split: {q.topic for q in questions} for split, questions in shipped.items()}
    assert topics["dev"] & topics["test"] == set()
    texts = [q.text.lower() for questions in shipped.values() for q in questions]
    assert len(set(texts)) == len(texts)
    ids = [q.id for questions in shipped.values() for q in questions]
    assert len(set(ids)) == len(ids)


def test_every_shipped_key_tells_its_good_answer_from_its_bad_one(
    shipped: dict[str, list[Question]],
) -> None:
    both = [q for questions in shipped.values() for q in questions]
    assert [fault for q in both for fault in faults(q)] == []
    assert [q.id for q in both if q.answerable and not (q.good and q.bad and q.vital)] == []


def test_the_gold_documents_of_the_shipped_questions_exist(
    shipped: dict[str, list[Question]],
) -> None:
    from framewise.corpus.load import load_corpus

    known = {document.id for document in load_corpus()}
    both = [q for questions in shipped.values() for q in questions]
    assert [(q.id, sorted(set(q.gold) - known)) for q in both if set(q.gold) - known] == []


def test_the_shipped_files_are_plain_json_lines() -> None:
    for split in SPLITS:
        for line in split_path(split).read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
