"""Texts to unit vectors, with a cache by content; does not know what the texts are."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from framewise.corpus.errors import ModelLoadError, StorageError
from framewise.index.adapter import merge
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
BATCH_SIZE = 16  # fastest of 8, 16, 32 on two cores for texts sorted by length


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def id(self) -> str:
        """Names the weights: equal ids give equal vectors."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    def count_tokens(self, text: str) -> int:
        """How many of `max_tokens` a text uses."""

    @property
    def max_tokens(self) -> int:
        """A longer text is cut."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape: (len(texts), dim), float32, each row of length 1."""


class SentenceTransformerEncoder:
    """An encoder of sentence-transformers, from a local folder or a hub id.

    Args:
        name: a folder, or a hub id where the hub can be reached.
        id: names the weights in index and cache; by default the name.
        device: "cpu", "cuda", "mps".
        adapter: folder of an adapter that is added to the weights.

    Raises:
        ModelLoadError: no such model, weights that are not safetensors, or an adapter that does not fit.
    """

    def __init__(
        self, name: str | Path, *, id: str = "", device: str = "cpu", adapter: Path | None = None
    ) -> None:
        from sentence_transformers import SentenceTransformer

        folder = Path(name).expanduser()
        if folder.is_dir() and not any(folder.rglob("*.safetensors")):
            raise ModelLoadError(
                f"'{name}' holds no .safetensors weights; other formats can run code and are refused.",
                fix="Convert the weights with save_pretrained(safe_serialization=True).",
            )
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            self._model = SentenceTransformer(
                str(folder) if folder.is_dir() else str(name),
                device=device,
                trust_remote_code=False,
                local_files_only=folder.is_dir(),
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # many kinds; each becomes one clear line
            raise ModelLoadError(
                f"the encoder '{name}' cannot be loaded: {_first_line(error)}",
                fix="Name a folder or hub id of a sentence-transformers model.",
            ) from error
        if adapter is not None:
            merge(self._model[0].auto_model, adapter)
        self._id = id or str(name)
        self._max_tokens = int(self._model.max_seq_length or 256)

    @property
    def id(self) -> str:
        """Names the weights."""
        return self._id

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        """A longer text is cut."""
        return self._max_tokens

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text, without the two special tokens."""
        return _word_pieces(self._model.tokenizer, text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape: (len(texts), dim), float32, each row of length 1."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)


class EmbeddedEncoder:
    """The embedded encoder: a few texts by transformers alone, many by sentence-transformers; equal vectors.

    A question is all that a cold start encodes, and importing sentence-transformers takes 1.2 s that transformers
    does not (two cores, 2026-11-27).

    Args:
        folder: of a BERT that sentence-transformers pools by the mean and brings to length 1.
        id: names the weights in index and cache.
        device: "cpu", "cuda", "mps".
        adapter: folder of an adapter that is added to the weights.

    Raises:
        ModelLoadError: the weights cannot be loaded, or the adapter does not fit.
    """

    def __init__(
        self, folder: Path, *, id: str, device: str = "cpu", adapter: Path | None = None
    ) -> None:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            said = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
            self._max_tokens = int(said["max_seq_length"])
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        except Exception as error:  # many kinds; each becomes one clear line
            raise ModelLoadError(
                f"the encoder '{folder}' cannot be loaded: {_first_line(error)}",
                fix="framewise models pull --force",
            ) from error
        if adapter is not None:
            merge(model, adapter)
        self._model = model.to(device).eval()
        self._folder, self._id, self._device, self._adapter = folder, id, device, adapter
        self._opening = threading.Lock()
        self._whole: SentenceTransformerEncoder | None = None

    @property
    def id(self) -> str:
        """Names the weights."""
        return self._id

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self._model.config.hidden_size)

    @property
    def max_tokens(self) -> int:
        """A longer text is cut."""
        return self._max_tokens

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text, without the two special tokens."""
        return _word_pieces(self._tokenizer, text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape: (len(texts), dim), float32, each row of length 1."""
        if len(texts) > BATCH_SIZE:
            with self._opening:
                self._whole = self._whole or SentenceTransformerEncoder(
                    self._folder, id=self._id, device=self._device, adapter=self._adapter
                )
            return self._whole.encode(texts)
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        return self._pooled(texts)

    def _pooled(self, texts: Sequence[str]) -> Vectors:
        import torch

        read = self._tokenizer(
            [text.strip() for text in texts],
            padding=True,
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode():
            tokens = self._model(**read).last_hidden_state  # (n, longest, dim)
        there = read["attention_mask"].unsqueeze(-1).float()
        means = (tokens * there).sum(dim=1) / there.sum(dim=1)
        found = torch.nn.functional.normalize(means, dim=1).cpu().numpy()
        return np.asarray(found, dtype=np.float32)


def text_key(encoder_id: str, text: str) -> bytes:
    """What an embedding is cached under: 16 bytes of sha256 over encoder and text."""
    return hashlib.sha256(f"{encoder_id}\x1f{text}".encode()).digest()[:16]


class EmbeddingCache:
    """Embeddings by content, in one SQLite file: an update embeds only what changed.

    Vectors are kept as float16 (cosine to float32 above .9999), so that a vector is the same
    whether it was just made or read back.

    Args:
        path: the SQLite file; made if it is not there. None keeps nothing.
        shipped: an .npz file of `keys` (n, 16) uint8 and `vectors` (n, dim) of any length, read only.
    """

    def __init__(self, path: Path | None, *, shipped: Path | None = None) -> None:
        self._path = path
        self._shipped: dict[bytes, NDArray[Any]] = {}
        if shipped is not None and shipped.is_file():
            with np.load(shipped, allow_pickle=False) as arrays:
                keys, vectors = arrays["keys"], arrays["vectors"]
            self._shipped = {key.tobytes(): row for key, row in zip(keys, vectors, strict=True)}

    def encode(
        self, encoder: Encoder, texts: Sequence[str], progress: Progress | None = None
    ) -> Vectors:
        """The texts' vectors, made where they are not known; interrupted work is kept.

        Shape: (len(texts), dim), float32. Raises: StorageError: the cache cannot be written.
        """
        keys = [text_key(encoder.id, text) for text in texts]
        known: dict[bytes, NDArray[Any]] = {
            key: self._shipped[key] for key in keys if key in self._shipped
        }
        try:
            with _open(self._path) as database:
                known |= _read(database, [key for key in keys if key not in known])
                missing = {
                    key: text for key, text in zip(keys, texts, strict=True) if key not in known
                }
                # Batches of like length waste no padding: 1.27 times faster on mixed lengths.
                order = sorted(missing, key=lambda key: (-len(missing[key]), key))
                step = BATCH_SIZE * 8
                for start in range(0, len(order), step):
                    batch = order[start : start + step]
                    vectors = encoder.encode([missing[key] for key in batch]).astype(np.float16)
                    rows = dict(zip(batch, vectors, strict=True))
                    _write(database, rows)
                    known |= rows
                    if progress:
                        progress("embed", min(start + step, len(order)), len(order))
        except sqlite3.Error as error:
            raise StorageError(
                f"the embedding cache '{self._path}' cannot be used: {error}.",
                fix="Delete it; it is made anew.",
            ) from error
        if not keys:
            return np.zeros((0, encoder.dim), dtype=np.float32)
        return unit_rows(np.stack([known[key] for key in keys]).astype(np.float32))


def unit_rows(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a zero row stays zero. Shape: as given."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units


class _open:
    def __init__(self, path: Path | None) -> None:
        self._path = ":memory:" if path is None else str(path)

    def __enter__(self) -> sqlite3.Connection:
        self._database = sqlite3.connect(self._path, timeout=30)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS embedding (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def _read(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
    found: dict[bytes, NDArray[np.float16]] = {}
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = database.execute(f"SELECT key, vector FROM embedding WHERE key IN ({marks})", part)  # noqa: S608
        found.update({key: np.frombuffer(vector, dtype=np.float16) for key, vector in rows})
    return found


def _write(database: sqlite3.Connection, rows: dict[bytes, NDArray[np.float16]]) -> None:
    with database:
        database.executemany(
            "INSERT OR REPLACE INTO embedding VALUES (?, ?)",
            [(key, vector.tobytes()) for key, vector in rows.items()],
        )


def _word_pieces(tokenizer: Any, text: str) -> int:  # noqa: ANN401 - a tokenizer of transformers
    ids = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
    return len(ids["input_ids"])


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
