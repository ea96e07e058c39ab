"""Questions beside the corpus: read, tied to their sentences by text, and orphans named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import document
from framewise.corpus.articles import load_shipped
from framewise.corpus.asked import ASKED, load_asked, orphans, unasked, with_questions
from framewise.corpus.errors import CorpusError
from framewise.corpus.lint import lint
from framewise.corpus.taxonomy import load_taxonomy

TEXT = "JAX runs on TPU.\n\nFlax is built\non JAX."
FLAX = "Flax is built on JAX."


def test_a_question_finds_its_sentence_by_its_words() -> None:
    found = with_questions(document("d", TEXT), {FLAX: ("What is Flax made of?", "flax base")})
    assert found.questions == (
        (TEXT.index("Flax"), "What is Flax made of?"),
        (TEXT.index("Flax"), "flax base"),
    )
    plain = document("d", TEXT)
    assert with_questions(plain, {"Gone.": ("?",)}) is plain
    assert found.content_hash != plain.content_hash


def test_a_sentence_that_is_gone_leaves_an_orphan() -> None:
    asked = {FLAX: ("?",), "Gone.": ("?",)}
    assert orphans([document("d", TEXT)], asked) == ["Gone."]
    assert unasked(document("d", TEXT), asked) == ["JAX runs on TPU."]
    assert unasked(document("d", TEXT), {FLAX: ()})[1:] == [FLAX]  # a line not filled in
    findings = lint([document("d", TEXT)], load_taxonomy(), (), asked)
    assert "asked.jsonl: question without its sentence: 'Gone.'" in map(str, findings)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    good = json.dumps({"document": "d", "sentence": FLAX, "asked": ["Why?"]})
    path.write_text(good + "\n")
    assert load_asked(path) == {FLAX: ("Why?",)}
    for bad in ("{", '{"sentence": "a"}', "3"):
        path.write_text(f"{good}\n{bad}\n")
        with pytest.raises(CorpusError, match=r"asked\.jsonl:2: not "):
            load_asked(path)
    with pytest.raises(CorpusError, match="nowhere"):
        load_asked(tmp_path / "nowhere.jsonl")


def test_every_shipped_question_has_its_sentence() -> None:
    asked, documents = load_asked(), load_shipped()
    assert orphans(documents, asked) == []
    assert [line for document in documents for line in unasked(document, asked)] == []
    questions = [question for found in asked.values() for question in found]
    assert len(questions) > 10_000
    assert all(4 < len(question) < 250 for question in questions)
    assert ASKED.stat().st_size < 4_000_000
