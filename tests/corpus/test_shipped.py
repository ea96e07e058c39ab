"""The knowledge that ships: clean, covered, sourced, and as wide as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from framewise.corpus.articles import load_shipped
from framewise.corpus.coverage import count, empty_cells, sources_of, stale_documents
from framewise.corpus.document import Document
from framewise.corpus.lint import lint
from framewise.corpus.load import load_corpus
from framewise.corpus.metrics import load_metrics
from framewise.corpus.sentences import split_sentences
from framewise.corpus.taxonomy import load_taxonomy

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def shipped() -> list[Document]:
    return load_corpus()


def test_the_corpus_is_clean() -> None:
    assert [str(finding) for finding in lint(load_shipped(), load_taxonomy(), load_metrics())] == []


def test_it_is_as_wide_as_it_says(shipped: list[Document]) -> None:
    rows = {
        (kind, form): (documents, sentences) for kind, form, documents, sentences in count(shipped)
    }
    assert rows["all", ""][0] >= 350
    assert rows["all", ""][1] >= 8_000
    for form, least in {
        "guide": 60,
        "comparison": 60,
        "migration": 20,
        "myth": 40,
        "claim": 11,
    }.items():
        assert rows["article", form][0] >= least
    assert rows["doc", "profile"][0] >= 100
    assert rows["doc", "explanation"][0] >= 40
    assert empty_cells(shipped, load_taxonomy()) == []


def test_every_claim_and_every_system_of_the_starting_article_has_its_document(
    shipped: list[Document],
) -> None:
    ids = {document.id for document in shipped}
    assert sorted({id.split("-")[1] for id in ids if id.startswith("claim-")}) == [
        f"{n:02}" for n in range(1, 12)
    ]
    assert {"pytorch", "tensorflow", "jax", "haiku", "flax", "cuda", "hugging-face"} <= ids


def test_every_sentence_is_traced_to_a_source(shipped: list[Document]) -> None:
    for document in shipped:
        known = {source.id for source in document.sources}
        for span in split_sentences(document.text):
            marks = document.marks_of(span.start, span.end)
            assert marks, (document.id, document.text[span.start : span.end])
            assert {mark.key for mark in marks} <= known, document.id


def test_no_registry_host_and_no_machine_path_stands_in_the_corpus(shipped: list[Document]) -> None:
    hosts = ("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "crates" + ".io/api")
    for document in shipped:
        said = document.text + "".join(source.url + source.locator for source in document.sources)
        assert not any(host in said for host in hosts), document.id


def test_sources_and_age(shipped: list[Document]) -> None:
    import datetime

    assert len(sources_of(shipped)) > 300
    assert stale_documents(shipped, 180, datetime.date(2026, 12, 1)) == []
    assert len(stale_documents(shipped, 180, datetime.date(2027, 12, 1))) == len(shipped)


def test_the_shipped_embeddings_know_the_shipped_corpus(shipped: list[Document]) -> None:
    """A sentence that changed since `framewise index export` costs an encoding at first use, no more."""
    from framewise.index.embed import text_key
    from framewise.index.library import encoder_id

    with np.load(ROOT / "index" / "data" / "embeddings.npz", allow_pickle=False) as arrays:
        keys = {row.tobytes() for row in arrays["keys"]}
        assert arrays["vectors"].shape == (len(keys), 384)
    texts = {d.text[s.start : s.end] for d in shipped for s in split_sentences(d.text)}
    known = sum(text_key(encoder_id(), text) in keys for text in texts)
    assert known / len(texts) > 0.95
