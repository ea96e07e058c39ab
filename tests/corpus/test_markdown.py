"""Front matter, marks and hidden characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.document import Mark
from framewise.corpus.errors import CorpusError
from framewise.corpus.markdown import split_front_matter, take_out_marks, visible_text

PATH = Path("doc.md")


def test_fields_body_and_the_line_the_body_starts_on() -> None:
    fields, body, line = split_front_matter("---\nid: a\ndate: 2026-11-22\n---\nText.\n", PATH)
    assert fields == {"id": "a", "date": "2026-11-22"}  # a date stays text
    assert (body, line) == ("Text.\n", 5)


def test_text_without_front_matter_is_all_body() -> None:
    assert split_front_matter("Text.", PATH) == ({}, "Text.", 1)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("---\nid: a\n", r"doc.md:1: the front matter has no closing '---' line"),
        ("---\nid: [a\n---\n", r"doc.md:2: the front matter is not valid YAML"),
        ("---\n- a\n---\n", r"doc.md:1: the front matter is not a list of 'key: value' lines"),
        ("---\na: &x [1]\nb: *x\n---\n", r"alias '\*x' is not allowed"),
        ("---\na: !!python/object/apply:os.system [ls]\n---\n", r"not valid YAML"),
        ("---\n" + "a: b\n" * 20_000 + "---\n", r"at most 64000 are read"),
    ],
)
def test_bad_front_matter_names_file_and_line(raw: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        split_front_matter(raw, PATH)


def test_an_alias_bomb_is_refused_at_once() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(CorpusError, match="alias"):
        split_front_matter(f"---\n{bomb}---\n", PATH)


def test_deep_nesting_is_a_clear_error() -> None:
    with pytest.raises(CorpusError, match="nested too deeply|not valid YAML"):
        split_front_matter("---\na: " + "[" * 20_000 + "\n---\n", PATH)


def test_marks_leave_the_text_and_keep_their_offsets() -> None:
    text, marks = take_out_marks("One. [^a]\nTwo. [^b] [^metric/t/e]\n")
    assert text == "One.\nTwo.\n"
    assert marks == (Mark(4, "a"), Mark(9, "b"), Mark(9, "metric/t/e"))


def test_a_pattern_in_code_is_no_mark() -> None:
    body = "Use `[^a-z]` here. [^readme]\n\n```\nre.sub('[^0-9]', '')\n```\n"
    text, marks = take_out_marks(body)
    assert text == body.replace(" [^readme]", "")
    assert [mark.key for mark in marks] == ["readme"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("!!int x", "holds a value that cannot be read"),
        ("9" * 5_000, "holds a value that cannot be read"),
    ],
)
def test_a_value_that_is_none_is_a_clear_error(value: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        split_front_matter(f"---\nid: {value}\n---\nText.", Path("x.md"))


def test_escapes_in_front_matter_spell_no_hidden_characters() -> None:
    fields, _, _ = split_front_matter(
        '---\ntitle: "a\\u202eb\\ud800c"\nlist: ["\\u0007"]\n---\nText.', Path("x.md")
    )
    assert fields == {"title": "abc", "list": [""]}


def test_hidden_characters_are_dropped() -> None:
    assert visible_text("a\u200bb\u202ec\x00d\x1b[31m\U000e0041\r\n") == "abcd[31m\n"
