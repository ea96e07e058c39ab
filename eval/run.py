"""Does the jobs of the suites one by one and keeps every row; knows no score and no way of showing them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from framewise.app.assistant import Assistant
from framewise.corpus.errors import SuiteError
from framewise.eval.questions import Question
from framewise.eval.rows import Key, Log, Report, Row
from framewise.eval.statistics import RESAMPLES, SEED
from framewise.index.embed import Progress


@dataclass(frozen=True, slots=True)
class Job:
    """Work that gives the rows named by `keys`, in that order."""

    keys: tuple[Key, ...]
    work: Callable[[], Sequence[Row]]


def run_jobs(
    jobs: Sequence[Job],
    about: dict[str, str],
    *,
    log: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Does every job whose rows the log does not hold yet.

    Args:
        jobs: at least one.
        about: what the run rests on (`describe`); a log of another run is refused.
        log: a JSON Lines file; an interrupted run goes on from it.
        progress: told (suite, rows done, rows in all).

    Raises:
        SuiteError: no job, a log of another run, or a log that cannot be written.
    """
    if not jobs:
        raise SuiteError("there is no question to ask.")
    kept = Log(log, about)
    total, done = sum(len(job.keys) for job in jobs), 0
    for job in jobs:
        if not all(key in kept.rows for key in job.keys):
            kept.append(job.work())
        done += len(job.keys)
        if progress:
            progress(job.keys[0][0], done, total)
    return Report(about, tuple(kept.rows[key] for job in jobs for key in job.keys))


def describe(assistant: Assistant, questions: Iterable[Question]) -> dict[str, str]:
    """What a run's figures rest on: digests, versions, seeds. Opens the index and the model."""
    from importlib.metadata import version

    key = json.dumps([asdict(question) for question in questions], sort_keys=True)
    return {
        "framewise": version("framewise"),
        "code": code_digest(),
        "model": assistant.model_id,
        "encoder": assistant.index.encoder.id,
        "index": assistant.index.digest,
        "questions": hashlib.sha256(key.encode()).hexdigest()[:16],
        "config": hashlib.sha256(repr(assistant.config).encode()).hexdigest()[:16],
        "statistics": f"{RESAMPLES} resamples, seed {SEED}",
        "torch": version("torch"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def code_digest() -> str:
    """The sha256 of the program's own source files, as 16 hex digits."""
    from framewise import app, corpus, eval, index

    digest = hashlib.sha256()
    for room in (corpus, index, app, eval):
        folder = Path(str(room.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
