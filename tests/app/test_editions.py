"""Versions that no source can know: told by numbers, silent where the index has no table of releases."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import HashEncoder, document
from framewise.app.decide import decide
from framewise.app.editions import Ahead, ahead_in
from framewise.app.gather import gather
from framewise.app.understand import understand
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.index import Index

TAXONOMY = load_taxonomy()


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Holds what the tables say of three packages."""
    newest = {"torch": "2.15.0", "keras": "3.15.1", "oneflow": "0.9.0"}
    documents = [
        document(f"metrics.package-releases.{name}", f"The latest {name} is version {version}.")
        for name, version in newest.items()
    ]
    said = document("profiles.keras", "Keras 3 has backends. A preview is called Keras-4.")
    return Index.build([*documents, said], HashEncoder(), tmp_path / "index")


@pytest.mark.parametrize(
    ("question", "version"),
    [
        ("Need the exact day PyTorch 2.19 comes out", "2.19"),
        ("is torch 3 out?", "3"),
        ("pytorch v2.15.1 wheels", "2.15.1"),
        ("Is PyTorch version 4 faster?", ""),  # "4 faster" could count something
        ("PyTorch 2.15, 2.15.0 or PyTorch 2.9?", ""),  # known
        ("PyTorch 8 GPUs", ""),
        ("PyTorch 8 or 16 GPUs", ""),
        ("PyTorch 2.5x faster, PyTorch 4.5 GB", ""),
        ("PyTorch 64, which host?", ""),  # too far ahead for a version
        ("PyTorch on 3.99", ""),
        ("oneflow 0.9 and ZeRO-3", ""),
        ("tf or pytorch 2.40 wheels?", "2.40"),
        ("Keras 4?", ""),  # a source speaks of it
        ("JAX 9.0?", ""),  # no table in this index
    ],
)
def test_a_version_is_ahead_where_its_number_is(question: str, version: str, index: Index) -> None:
    found = ahead_in(question, TAXONOMY, index)
    assert [item.version for item in found] == ([version] if version else [])


def test_it_is_told_once_with_the_sentence_that_knows_better(index: Index) -> None:
    (found,) = ahead_in("OneFlow 1.0 or oneflow 1.0?", TAXONOMY, index)
    assert found == Ahead("OneFlow", "1.0", "metrics.package-releases.oneflow#0")
    assert str(found) == "No source knows a release OneFlow 1.0."


def test_the_newest_release_opens_the_answer_and_a_refusal_names_the_version(index: Index) -> None:
    query = understand("What does Keras 5 change?", (), TAXONOMY, "2026-11-22")
    found = gather(query, index, TAXONOMY)
    assert found.evidence[0].text == "The latest keras is version 3.15.1."
    assert [item.id for item in found.evidence].count(found.evidence[0].id) == 1
    note = "No source knows a release Keras 5."
    assert note in decide(query, found, TAXONOMY, likely=0.9).notes
    refused = decide(query, found, TAXONOMY, likely=0.1)
    assert refused.status == "refused"
    assert note in refused.notes[0]
