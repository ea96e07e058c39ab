"""Word, meaning and fused ranking against independent arithmetic: values and order, not shapes."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, document, small_corpus
from framewise.corpus.document import Source
from framewise.index.bm25 import K1, B, Bm25, words
from framewise.index.build import IndexConfig, generation_digest
from framewise.index.chunk import chunk
from framewise.index.dense import Dense
from framewise.index.embed import EmbeddingCache, unit_rows
from framewise.index.fuse import fuse
from framewise.index.index import Index
from framewise.index.ranker import Ranker
from framewise.index.types import Filters, Passage

TEXTS = [
    "jax runs on tpu",
    "pytorch runs on gpu",
    "tpu tpu tpu",
    "",
    "serving models with pytorch on tpu hosts",
]


def brute_force_bm25(texts: list[str], query: str) -> list[float]:
    """Robertson and Zaragoza 2009 with Lucene's never-negative idf, written out."""
    documents = [words(text) for text in texts]
    average = sum(map(len, documents)) / len(documents)
    holding = Counter(stem for stems in documents for stem in set(stems))
    scores = []
    for stems in documents:
        counts, score = Counter(stems), 0.0
        for stem in words(query):
            if counts[stem]:
                idf = math.log(1 + (len(documents) - holding[stem] + 0.5) / (holding[stem] + 0.5))
                norm = K1 * (1 - B + B * len(stems) / average)
                score += idf * counts[stem] / (counts[stem] + norm)
        scores.append(score)
    return scores


@pytest.mark.parametrize("query", ["tpu", "pytorch tpu", "unknown words", "runs runs jax", ""])
def test_bm25_equals_the_formula(query: str) -> None:
    found = Bm25.build(TEXTS).scores(query)
    assert found.tolist() == pytest.approx(brute_force_bm25(TEXTS, query), abs=1e-5)


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("", "", {"old", "year", "new", "undated"}),
        ("2025", "", {"year", "new"}),
        ("2025-06", "", {"year", "new"}),
        ("2026-02", "", {"new"}),
        ("2026-10-19", "", {"new"}),
        ("2026-10-20", "", set()),
        ("", "2025", {"old", "year"}),
        ("", "2024-12-30", set()),
        ("2024", "2026-01", {"old", "year"}),
    ],
)
def test_sentences_pass_by_the_date_of_their_own_source(
    tmp_path: Path, since: str, until: str, found: set[str]
) -> None:
    dates = {"old": "2024-12-31", "year": "2025", "new": "2026-10-19", "undated": ""}
    documents = [
        document(name, "PyTorch runs.", sources=(), marks=(), published=date)
        for name, date in dates.items()
        if name != "new"
    ]
    # A new source in an old document: the sentence is as new as its source.
    source = Source("readme", "README", "README.md", "2026-10-19", "MIT")
    documents.append(document("new", "PyTorch runs.", sources=(source,), published="2020-01-01"))
    index = Index.build(documents, HashEncoder(), tmp_path)
    filters = Filters(since=since, until=until)
    hits = index.search_sentences("PyTorch runs", filters=filters)
    passages = index.search("PyTorch runs", filters=filters)
    assert {hit.unit.document_id for hit in hits} == found
    assert {hit.unit.document_id for hit in passages} == found


def test_neighbours_are_the_nearest_sentences_but_itself(tmp_path: Path) -> None:
    documents = [
        document("a", "JAX runs on TPU."),
        document("b", "JAX runs on TPU pods."),
        document("c", "Bread is baked."),
    ]
    index = Index.build(documents, HashEncoder(), tmp_path)
    assert [hit.id for hit in index.neighbours("a#0", 2)] == ["b#0", "c#0"]
    assert [
        hit.id for hit in index.neighbours("a#0", 2, filters=Filters(without=frozenset({"b"})))
    ] == ["c#0"]
    assert index.similarity_to("JAX runs on TPU.", "a#0") == pytest.approx(1.0, abs=1e-3)


def test_bm25_words_keep_names_whole_and_in_parts() -> None:
    assert words("torch.compile of C++ and PyTorch 2.13") == [
        "torch.compil",
        "torch",
        "compil",
        "c++",
        "pytorch",
        "2.13",
        "2",
        "13",
    ]
    assert words("the of and") == []


def test_bm25_round_trip_and_a_missing_file(tmp_path: Path) -> None:
    built = Bm25.build(TEXTS)
    built.save(tmp_path)
    assert (
        Bm25.load(tmp_path).scores("pytorch tpu").tolist() == built.scores("pytorch tpu").tolist()
    )
    Bm25.build(["", "the"]).save(tmp_path / "none")
    assert Bm25.load(tmp_path / "none").scores("tpu").tolist() == [0.0, 0.0]


def test_faiss_gives_numpys_cosines(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    vectors = unit_rows(random.normal(size=(40, 8)).astype(np.float32) * 9)
    vectors[3] = 0.0
    query = vectors[11]
    Dense.build(vectors).save(tmp_path)
    at, cosines = Dense.load(tmp_path).search(query, 100)
    assert len(at) == 40  # k beyond n gives all
    assert at[0] == 11
    assert cosines.tolist() == pytest.approx(
        sorted((vectors @ query).tolist(), reverse=True), abs=1e-6
    )


def test_faiss_ties_go_by_position_and_only_allowed_positions_are_found() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 0, 0]]
    dense = Dense.build(vectors)
    assert dense.search(vectors[0], 4)[0].tolist() == [0, 2, 3, 1]
    assert dense.search(vectors[0], 4, np.array([1, 3]))[0].tolist() == [3, 1]
    assert dense.search(vectors[0], 4, np.zeros(0, dtype=np.int64))[0].tolist() == []


def test_fusion_by_hand_with_ties_by_id() -> None:
    found = fuse([["a", "b"], ["b", "c"], ["d"]])
    assert found == [
        ("b", pytest.approx(1 / 62 + 1 / 61)),
        ("a", pytest.approx(1 / 61)),
        ("d", pytest.approx(1 / 61)),
        ("c", pytest.approx(1 / 62)),
    ]
    assert fuse([]) == []


def ranker(texts: list[str]) -> tuple[Ranker, HashEncoder]:
    encoder = HashEncoder()
    units = [Passage(f"u{n}", f"d{n}", "", text, 0, len(text)) for n, text in enumerate(texts)]
    return Ranker.build(units, texts, encoder.encode(texts)), encoder


def test_each_mode_ranks_and_equal_scores_go_by_id() -> None:
    found, encoder = ranker(["tpu", "gpu", "tpu", "tpu training on many hosts"])
    vector = encoder.encode(["tpu"])[0]
    for mode in ("bm25", "dense", "fusion"):
        ids = [hit.id for hit in found.search("tpu", vector, 3, mode=mode)]  # type: ignore[arg-type]
        assert ids == ["u0", "u2", "u3"], mode
    with pytest.raises(ValueError, match="k is 0"):
        found.search("tpu", vector, 0)


def test_a_passage_keeps_to_its_heading_and_its_tokens() -> None:
    text = "# A\n\nOne two three. Four five six.\n\n# B\n\nSeven eight nine."
    passages, sentences = chunk(
        document("d", text), max_tokens=4, count_tokens=lambda t: len(t.split())
    )
    assert [(p.id, p.section, p.text) for p in passages] == [
        ("d@0", "A", "One two three."),
        ("d@1", "A", "Four five six."),
        ("d@2", "B", "Seven eight nine."),
    ]
    assert [(s.id, s.passage_id) for s in sentences] == [
        ("d#0", "d@0"),
        ("d#1", "d@1"),
        ("d#2", "d@2"),
    ]
    assert all(text[part.start : part.end] == part.text for part in (*passages, *sentences))


def test_the_right_sentence_comes_first(index: Index) -> None:
    hits = index.search_sentences("Is TorchServe archived?", 3)
    assert hits[0].unit.text.startswith("TorchServe is archived")
    document_ = index.documents["torchserve"]
    assert all(
        index.documents[h.unit.document_id].text[h.unit.start : h.unit.end] == h.unit.text
        for h in hits
    )
    assert document_.path == ""
    assert index.search("   ") == index.search_sentences("") == []


def test_filters_by_framework_kind_date_and_document(index: Index) -> None:
    def ids(**options: object) -> set[str]:
        return {
            h.unit.document_id
            for h in index.search("choose a framework", 50, filters=Filters(**options))
        }  # type: ignore[arg-type]

    assert ids(frameworks=("jax",)) == {"jax"}
    assert ids(kinds=("metric",)) == {"metrics.mlperf"}
    assert ids(since="2027") == set()
    assert ids(until="2026") == ids()
    assert "jax" not in ids(without=frozenset({"jax"}))


def test_the_digest_does_not_depend_on_order_and_changes_with_content(tmp_path: Path) -> None:
    corpus, encoder = small_corpus(), HashEncoder()
    digests = {generation_digest(order, IndexConfig(), encoder) for order in (corpus, corpus[::-1])}
    assert len(digests) == 1
    assert generation_digest(corpus, IndexConfig(max_passage_tokens=50), encoder) not in digests
    assert generation_digest(corpus, IndexConfig(), HashEncoder("other")) not in digests
    built = [
        Index.build(order, encoder, tmp_path / name)
        for order, name in ((corpus, "a"), (corpus[::-1], "b"))
    ]
    assert built[0].digest == built[1].digest
    files = [
        sorted(p.read_bytes() for p in (tmp_path / n / "generations").rglob("*.npy")) for n in "ab"
    ]
    assert files[0] == files[1]


def test_an_update_embeds_only_what_changed(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "e.sqlite")
    corpus, encoder = small_corpus(), HashEncoder()
    Index.build(corpus, encoder, tmp_path / "i", cache=cache)
    encoder.encoded.clear()
    Index.build(
        [*corpus, document("new", "Haiku is in maintenance mode.")],
        encoder,
        tmp_path / "i",
        cache=cache,
    )
    assert sorted(encoder.encoded) == [
        "Haiku is in maintenance mode.",
        "new\nHaiku is in maintenance mode.",
    ]


def test_cached_and_fresh_vectors_are_the_same(tmp_path: Path) -> None:
    cache, encoder = EmbeddingCache(tmp_path / "e.sqlite"), HashEncoder()
    fresh = cache.encode(encoder, ["jax on tpu", "x", "jax on tpu"])
    again = EmbeddingCache(tmp_path / "e.sqlite").encode(encoder, ["jax on tpu", "x", "jax on tpu"])
    assert np.array_equal(fresh, again)
    assert np.linalg.norm(fresh, axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-3)
    shipped = tmp_path / "s.npz"
    from framewise.index.embed import text_key

    key = np.frombuffer(text_key(encoder.id, "shipped"), dtype=np.uint8)
    np.savez(
        shipped, keys=key[None, :], vectors=np.full((1, encoder.dim), 0.0625, dtype=np.float16)
    )
    encoder.encoded.clear()
    EmbeddingCache(None, shipped=shipped).encode(encoder, ["shipped"])
    assert encoder.encoded == []
