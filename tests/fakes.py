"""Small real stand-ins for the models: vectors and scores that can be worked out by hand."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from framewise.app.language_model import Constraint, Message, Stop
from framewise.corpus.document import Document, Mark, Source
from framewise.index.bm25 import words
from framewise.index.embed import Vectors, unit_rows

README = Source(
    "readme", "README", "README.md at abc123", "2026-10-01", "Apache-2.0", "https://example.org/p"
)


class HashEncoder:
    """A bag of stems: each stem adds 1 to the place its checksum names. Counts what it encodes."""

    def __init__(self, id: str = "hash-256", dim: int = 256) -> None:
        self._id, self._dim = id, dim
        self.encoded: list[str] = []

    @property
    def id(self) -> str:
        return self._id

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def max_tokens(self) -> int:
        return 256

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for stem in words(text):
                vectors[row, zlib.crc32(stem.encode()) % self._dim] += 1.0
        return unit_rows(vectors)


VOCABULARY = {"\n": 10} | {chr(code): code for code in range(32, 127)}


class ScriptedModel:
    """Says what it is told, token by token (a token is a character), and obeys no constraint.

    The worst case: whatever must never happen has to be stopped after it.
    """

    def __init__(
        self,
        reply: str = "",
        *,
        obeys: bool = False,
    ) -> None:
        self._reply, self._obeys = reply, obeys
        self.prompts: list[Sequence[Message]] = []
        self.typed = 0

    @property
    def id(self) -> str:
        return "scripted"

    @property
    def vocabulary(self) -> Mapping[str, int]:
        return VOCABULARY

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        self.prompts.append(messages)
        text = ""
        for char in self._reply:
            if stop():
                return
            rule = constraint.rule(text)
            fits = (ord(char) in rule.ids) == rule.only
            if self._obeys and not fits:
                continue
            self.typed += 1
            text += char
            yield char


def document(id: str, text: str, **fields: object) -> Document:
    """A document with one source that vouches for each line."""
    marks = tuple(Mark(n, "readme") for n, char in enumerate(text + "\n") if char == "\n")
    defaults: dict[str, object] = {
        "title": id,
        "kind": "doc",
        "form": "profile",
        "published": "2026-11-01",
        "checked": "2026-11-20",
        "sources": (README,),
        "marks": marks,
    }
    return Document(id=id, text=text, **{**defaults, **fields})  # type: ignore[arg-type]


def small_corpus() -> list[Document]:
    """Six documents whose right answers are plain to see."""
    return [
        document(
            "pytorch",
            "## In short\n\nFor deep-learning research, choose PyTorch, because PyTorch runs eagerly and is easy to debug.\n"
            "PyTorch is released under a BSD licence.\n\n"
            "## TPU\n\nPyTorch reaches Google TPU hardware through the PyTorch/XLA plugin.\n\n"
            "## When to choose otherwise\n\nChoose JAX instead of PyTorch for new training code on Google TPU pods.",
            frameworks=("pytorch",),
            topics=("research", "tpu"),
        ),
        document(
            "jax",
            "## In short\n\nFor training on Google TPU pods, choose JAX, because XLA compiles JAX programs for TPU.\n"
            "JAX 0.12.0 was released on 2026-10-19.\n\n"
            "## TPU\n\nJAX lists Google TPU as an official target of its wheels.",
            frameworks=("jax",),
            topics=("tpu",),
        ),
        document(
            "torchserve",
            "## Status\n\nTorchServe is archived: its repository takes no fixes since 2025-08-07.\n"
            "TorchServe 0.12.0 is the last release of TorchServe.",
            frameworks=("torchserve",),
            topics=("maintenance",),
        ),
        document(
            "litert",
            "## Mobile\n\nFor Android phones, choose LiteRT, because LiteRT ships inside Google Play services.\n"
            "LiteRT is the new name of TensorFlow Lite since 2024.",
            frameworks=("litert",),
            topics=("mobile",),
        ),
        document(
            "xgboost",
            "## Tabular data\n\nFor tabular data, choose XGBoost, because gradient boosting is strong on tables.",
            frameworks=("xgboost",),
            topics=("tabular",),
        ),
        document(
            "metrics.mlperf",
            "In MLPerf Training v5.1, 85.7% of the systems (78 of 91) named PyTorch as their software.",
            kind="metric",
            form="table",
            frameworks=("pytorch",),
            topics=("popularity",),
        ),
    ]


def small_bert(folder: Path, hidden_size: int = 16) -> None:
    """Saves a BERT of one layer and a dozen words, with what sentence-transformers needs to pool it by the mean."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(5)
    vocabulary = "<eos> <unk> jax runs on tpu pytorch choose . 0 1 [ ]".split()
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden_size,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        hidden_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(folder)
    raw = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate(vocabulary)}, unk_token="<unk>")
    )
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", pad_token="<eos>", model_max_length=32
    )
    tokenizer.save_pretrained(folder)
    modules = [Transformer(str(folder)), Pooling(hidden_size), Normalize()]
    SentenceTransformer(modules=modules).save(str(folder), create_model_card=False)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 32}', encoding="utf-8")
