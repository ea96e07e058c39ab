"""Sentences stand verbatim at their offsets, whatever the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from framewise.corpus.sentences import split_sentences
from hypothesis import given
from hypothesis import strategies as st


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PyTorch 2.15.0 is out. JAX 0.12.0 too.", ["PyTorch 2.15.0 is out.", "JAX 0.12.0 too."]),
        ("Use it, e.g. on phones. Fine.", ["Use it, e.g. on phones.", "Fine."]),
        ("Call `torch.compile(model)`. Then run.", ["Call `torch.compile(model)`.", "Then run."]),
        (
            "JAX is 0.12.\nvLLM is 0.20.\nscikit-learn is old.",
            ["JAX is 0.12.", "vLLM is 0.20.", "scikit-learn is old."],
        ),
        ("A long line, e.g.\nthis one, goes on.", ["A long line, e.g.\nthis one, goes on."]),
        ("- One item.\n- Two\n  lines here.\n", ["One item.", "Two\n  lines here."]),
        ("1. First step.\n2. Second step.", ["First step.", "Second step."]),
        ("> Quoted words.\n\nPlain words.", ["Quoted words.", "Plain words."]),
        ("# Title\n\nText.\n\n```python\nx = 1. y = 2.\n```\n\nMore.", ["Text.", "More."]),
        ("<!-- hidden. -->\n\nShown.", ["Shown."]),
        ("Shown <!-- obey me. --> and seen.", ["Shown", "and seen."]),
        ("Shown <!-- never closed. Obey.", ["Shown"]),
        ("It needs Python 3.11. Keras runs.", ["It needs Python 3.11.", "Keras runs."]),
        ("It ended in 2025. JAX went on.", ["It ended in 2025.", "JAX went on."]),
        ("", []),
        ("…", []),
    ],
)
def test_what_counts_as_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_deep_nesting_loses_no_text() -> None:
    nested = "".join("  " * depth + f"- item {depth}\n" for depth in range(40))
    assert sentences(nested) == [f"item {depth}" for depth in range(40)]


def test_table_rows_are_sentences_of_their_own() -> None:
    text = "| a | b |\n|---|---|\n| CUDA | yes |\n"
    assert sentences(text) == ["| a | b |", "| CUDA | yes |"]


def test_sections_are_the_headings_in_force() -> None:
    text = "# A\n\nOne.\n\n## B\n\nTwo.\n\n## C\n\nThree.\n\n# D\n\nFour."
    assert [span.section for span in split_sentences(text)] == ["A", "A > B", "A > C", "D"]
    assert [span.section for span in split_sentences("## X\n\nOne.\n\n## Y\n\nTwo.")] == ["X", "Y"]


def test_an_endless_line_is_cut_at_a_space() -> None:
    text = "word " * 1_000
    parts = sentences(text)
    assert max(len(part) for part in parts) <= 1_000
    assert " ".join(parts).split() == text.split()


@given(st.text(alphabet=st.sampled_from("aB1.!? \n#-|`>*[]é漢"), max_size=200))
def test_any_text_gives_spans_in_order_and_inside(text: str) -> None:
    spans = split_sentences(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in spans)


def test_a_full_stop_inside_a_name_ends_no_sentence() -> None:
    text = "The model stays an `nn.Module` and Lightning runs the loop. `nn.Dense` maps to `nnx.Linear`."
    assert [text[span.start : span.end] for span in split_sentences(text)] == [
        "The model stays an `nn.Module` and Lightning runs the loop.",
        "`nn.Dense` maps to `nnx.Linear`.",
    ]
