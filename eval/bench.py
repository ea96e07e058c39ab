"""Speed and memory on this machine: cold start, load, build, retrieval by step, prefill and decode.

Ratios are taken against raw libraries in the same run, since only ratios carry over to other
machines. Measures; asserts nothing.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from framewise.app.assistant import Assistant
from framewise.app.constrain import EvidenceConstraint
from framewise.app.language_model import TransformersModel
from framewise.app.write import prompt
from framewise.corpus.errors import SuiteError
from framewise.corpus.load import load_corpus
from framewise.eval.extra import need
from framewise.eval.questions import load_questions
from framewise.index.embed import EmbeddingCache
from framewise.index.index import Index
from framewise.index.library import SHIPPED_EMBEDDINGS, open_encoder
from framewise.index.weights import Say

QUESTIONS = 12
PREFILL_WORDS = 700
DECODE_TOKENS = 48
ASKED = "What should serve language models on our GPUs?"
SOURCES = [
    "For serving language models on NVIDIA GPUs, choose vLLM, because it batches requests as they come.",
    "vLLM supports AMD GPUs through ROCm.",
    "SGLang reuses the prefixes that requests share.",
    "TensorRT-LLM runs on NVIDIA GPUs only.",
    "Text Generation Inference is archived, so new projects choose another server.",
    "llama.cpp serves quantized models on CPUs and GPUs of several vendors.",
    "Ray Serve places servers on a cluster and leaves the engine to others.",
    "For one user on a laptop, choose llama.cpp instead of a server for many.",
]
NEW_SENTENCE = "This sentence was added by the benchmark to measure an update of the index."

Figures = dict[str, float | str]
T = TypeVar("T")


def measure(model: str, *, repeats: int = 3, gguf: Path | None = None, say: Say) -> Figures:
    """Every figure by name, seconds unless the name says otherwise.

    Args:
        model: as `Assistant` takes it.
        repeats: times each warm question is asked.
        gguf: the same weights for llama.cpp, to run beside ours where llama-cpp-python is installed.
        say: told what is measured.

    Raises:
        SuiteError: a cold `framewise ask` fails. MissingExtraError: no llama-cpp-python for `gguf`.
    """
    if gguf is not None:
        need("llama_cpp", "pip install llama-cpp-python")
    figures: Figures = {"machine": _machine()}
    say("cold `framewise ask` in a new process …")
    figures["cold ask, s"] = _timed(lambda: _cold_ask(model))[0]
    figures["loaded peak memory of it, GB"] = round(_children_peak_gb(), 2)
    say("loading encoder, index and model …")
    assistant = Assistant(model=model)
    figures["open encoder and index, s"] = _timed(lambda: assistant.index)[0]
    figures["load language model, s"] = _timed(lambda: assistant.model)[0]
    say("warm questions …")
    figures |= _warm(assistant, repeats)
    figures |= _raw_retrieval(assistant, repeats)
    if isinstance(assistant.model, TransformersModel):
        say("prefill and decode …")
        figures |= _model_speed(assistant.model)
    if gguf is not None:
        say("llama.cpp …")
        figures |= _llama_cpp(gguf, figures)
    say("index build …")
    figures |= _build()
    figures["peak memory, GB"] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2
    )
    return figures


def read_figures(path: Path) -> Figures:
    """The figures of a `framewise bench --json`. Raises: SuiteError: unreadable or no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SuiteError(f"'{path}' cannot be read: {error}.") from error
    if not isinstance(found, dict) or "machine" not in found:
        raise SuiteError(f"'{path}' is not the output of `framewise bench --json`.")
    return found


def compare_figures(a: Figures, b: Figures) -> list[tuple[str, object, object, str]]:
    """Each figure of both, and B over A; ratios between machines say little, their texts are shown."""
    rows: list[tuple[str, object, object, str]] = []
    for name in dict.fromkeys((*a, *b)):
        one, other = a.get(name, ""), b.get(name, "")
        numbers = isinstance(one, int | float) and isinstance(other, int | float) and one
        rows.append((name, one, other, f"{float(other) / float(one):.2f}" if numbers else ""))
    return rows


def _machine() -> str:
    import torch

    accelerator = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return f"{_cpu_name()}, {os.cpu_count()} cores, {accelerator}, torch {torch.__version__}"


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    names = info.read_text().splitlines() if info.is_file() else []
    found = [line.split(":", 1)[1].strip() for line in names if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return round(time.perf_counter() - start, 3), result


def _cold_ask(model: str) -> None:
    command = [sys.executable, "-c", "from framewise.app.cli import main; main()"]
    question = "Is TorchServe still maintained?"
    done = subprocess.run(
        [*command, "ask", question, "--model", model], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise SuiteError(f"`framewise ask` failed in the benchmark: {said}")


def _children_peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def _warm(assistant: Assistant, repeats: int) -> Figures:
    texts = [q.text for q in load_questions() if q.status == "answered" and not q.history][
        :QUESTIONS
    ]
    for text in texts[:2]:
        assistant.ask(text)  # the first calls compile and allocate
    answers = [assistant.ask(text) for _ in range(repeats) for text in texts]
    steps = {step: [a.timings_s[step] for a in answers] for step in answers[0].timings_s}
    figures: Figures = {
        f"warm {step.replace('_', ' ')}, median s": round(statistics.median(times), 4)
        for step, times in steps.items()
    }
    figures["warm total, slowest s"] = round(max(steps["total"]), 3)
    return figures


def _raw_retrieval(assistant: Assistant, repeats: int) -> Figures:
    """One search of ours by step, and the same by hand: sentence-transformers, FAISS, bm25s."""
    index = assistant.index
    texts = [q.text for q in load_questions()][: 4 * QUESTIONS]
    encode, ours, words, dense = [], [], [], []
    ranker = index._passages
    for n in range(repeats):
        for text in texts:
            # A trailing space keeps the text's vector and misses every cache.
            seconds, vectors = _timed_fine(partial(index.encoder.encode, [text + " " * n]))
            vector = vectors[0]  # (dim,)
            encode.append(seconds)
            words.append(_timed_fine(partial(ranker._bm25.scores, text))[0])
            dense.append(_timed_fine(partial(ranker._dense.search, vector, 100))[0])
            ours.append(_timed_fine(partial(ranker.search, text, vector, 10))[0])
    by_hand = statistics.median(encode) + statistics.median(words) + statistics.median(dense)
    search = statistics.median(encode) + statistics.median(ours)
    return {
        "encode a question, median ms": round(1e3 * statistics.median(encode), 2),
        "BM25 scores, median ms": round(1e3 * statistics.median(words), 2),
        "FAISS, median ms": round(1e3 * statistics.median(dense), 2),
        "one search, median ms": round(1e3 * search, 2),
        "one search over the raw libraries, ratio": round(search / by_hand, 3),
    }


def _timed_fine(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _model_speed(model: TransformersModel) -> Figures:
    """Tokens per second of reading and of writing, and plain `generate` in the same run."""
    import torch

    prompt = torch.tensor([model._ids("framework " * PREFILL_WORDS)], device=model._model.device)
    with torch.inference_mode():
        model._model(prompt[:, :32])
        prefill_s, _ = _timed_fine(lambda: model._model(prompt, logits_to_keep=1))
        short = prompt[:, :256]
        options = {
            "do_sample": False,
            "min_new_tokens": DECODE_TOKENS,
            "max_new_tokens": DECODE_TOKENS,
        }
        mask = torch.ones_like(short)
        first, _ = _timed_fine(lambda: model._model(short, logits_to_keep=1))
        plain_s, _ = _timed_fine(
            lambda: model._model.generate(short, attention_mask=mask, **options)
        )
        said, write_s = _written(model)
    return {
        "prefill, tokens/s": round(prompt.shape[1] / prefill_s, 1),
        "decode (plain generate), tokens/s": round(DECODE_TOKENS / max(plain_s - first, 1e-9), 1),
        "write an answer from eight sources, s": round(write_s, 3),
        "write, tokens/s with prompt lookup and constraint": round(said / write_s, 1),
        "write over plain generate, ratio of tokens/s": round(
            said / write_s / (DECODE_TOKENS / max(plain_s - first, 1e-9)), 3
        ),
    }


def _written(model: TransformersModel) -> tuple[int, float]:
    """How many tokens of an answer from eight sources the model wrote, and in how many seconds."""
    constraint = EvidenceConstraint(SOURCES, ASKED, model.vocabulary)

    def reply() -> str:
        pieces = model.write(prompt(ASKED, SOURCES), constraint, max_tokens=200, stop=lambda: False)
        return "".join(pieces)

    seconds, said = _timed_fine(reply)
    return max(1, len(model._ids(said))), seconds


def _llama_cpp(gguf: Path, ours: Figures) -> Figures:
    """Prefill and decode of llama.cpp on all cores, and our rates over its."""
    import llama_cpp

    model = llama_cpp.Llama(model_path=str(gguf), n_ctx=2048, logits_all=False, verbose=False)
    tokens = model.tokenize(("framework " * PREFILL_WORDS).encode())
    model.eval(tokens[:32])
    model.reset()
    prefill_s, _ = _timed_fine(lambda: model.eval(tokens))

    def decode() -> None:
        for _ in range(DECODE_TOKENS):
            model.eval([model.sample(temp=0.0)])

    decode_s, _ = _timed_fine(decode)
    rates = {"prefill": len(tokens) / prefill_s, "decode": DECODE_TOKENS / decode_s}
    figures: Figures = {f"llama.cpp {k}, tokens/s": round(v, 1) for k, v in rates.items()}
    for name, rate in rates.items():
        own = next((v for k, v in ours.items() if k.startswith(name) and "tokens/s" in k), None)
        if isinstance(own, float):
            figures[f"our {name} over llama.cpp, ratio"] = round(own / rate, 3)
    return figures


def _build() -> Figures:
    """A build with the shipped embeddings, and the share of it that needs the encoder."""
    documents, encoder = load_corpus(), open_encoder()
    with TemporaryDirectory() as root:
        cache = EmbeddingCache(None, shipped=SHIPPED_EMBEDDINGS)
        seconds, index = _timed(lambda: Index.build(documents, encoder, Path(root), cache=cache))
        again, _ = _timed(lambda: Index.build(documents, encoder, Path(root), cache=cache))
        opened, _ = _timed(lambda: Index.open(Path(root), encoder))
        changed = [replace(documents[0], text=documents[0].text + "\n\n" + NEW_SENTENCE)]
        updated, _ = _timed(
            lambda: Index.build([*changed, *documents[1:]], encoder, Path(root), cache=cache)
        )
    return {
        "index build with shipped embeddings, s": seconds,
        "index build, nothing changed, s": again,
        "index update, one document changed, s": updated,
        "index open, s": opened,
        **{name: float(value) for name, value in index.counts.items()},
    }
