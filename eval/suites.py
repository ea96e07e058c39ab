"""The suites by name, and the one function that runs them; scores nothing and shows nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framewise.app.assistant import Assistant
from framewise.corpus.errors import SuiteError
from framewise.eval.ablation import SUITE as ABLATION
from framewise.eval.ablation import ablation_jobs
from framewise.eval.answers import answer_jobs, compared
from framewise.eval.outside import OutsideSet, outside_jobs
from framewise.eval.questions import Question, spread
from framewise.eval.retrieval import retrieval_jobs
from framewise.eval.rows import Report
from framewise.eval.run import Job, describe, run_jobs
from framewise.eval.safety import conflict_jobs, injection_jobs
from framewise.eval.support import outside_support_jobs, support_jobs
from framewise.index.embed import EmbeddingCache, Progress
from framewise.index.home import ensure_folder, home

SUITES = ("answers", "retrieval", "support", "safety", "outside")
ALL = "all"  # of SUITES: an ablation asks each question ten times, so it is made by name


def evaluate(
    assistant: Assistant,
    questions: Sequence[Question],
    *,
    suites: Sequence[str] = ("answers",),
    limit: int | None = None,
    with_controls: bool = True,
    with_variants: bool = True,
    outside: Path | None = None,
    log: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Runs the suites on the questions and scores every row.

    Args:
        assistant: what is measured.
        questions: with their keys, from `load_questions`.
        suites: of `SUITES`, ("all",), or "ablation".
        limit: at most so many questions, spread evenly over them.
        with_controls: whether the controls and baselines answer too.
        with_variants: whether twins and paraphrases are asked too.
        outside: the folder of the outside sets, for the suite "outside".
        log: JSON Lines of every row; an interrupted run goes on from it.
        progress: told (suite, done, total).

    Raises:
        SuiteError: an unknown suite, no question, damaged outside data, or a log of another run.
        FramewiseError: a model or the index cannot be opened.
    """
    names = check_suites(suites)
    asked = spread(questions, limit)
    about = describe(assistant, asked) | {"suites": ", ".join(names)}
    jobs: list[Job] = []
    if "answers" in names:
        jobs += answer_jobs(
            assistant, asked, with_controls=with_controls, with_variants=with_variants
        )
    if ABLATION in names:
        jobs += ablation_jobs(assistant, asked)
    if "retrieval" in names:
        jobs += retrieval_jobs(assistant, asked)
    if "support" in names:
        jobs += support_jobs(assistant, limit)
    if "safety" in names:
        jobs += injection_jobs(assistant, asked, limit) + conflict_jobs(assistant, asked, limit)
    if "outside" in names:
        jobs += _outside(assistant, outside, progress)
    return compared(run_jobs(jobs, about, log=log, progress=progress))


def check_suites(names: Sequence[str]) -> tuple[str, ...]:
    """The suites asked for, in their usual order. Raises: SuiteError: an unknown one."""
    known = (*SUITES, ABLATION, ALL)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SuiteError(f"there is no suite '{unknown[0]}'; known are {', '.join(known)}.")
    asked = {*names, *(SUITES if ALL in names else ())}
    return tuple(name for name in (*SUITES, ABLATION) if name in asked)


def _outside(assistant: Assistant, folder: Path | None, progress: Progress | None) -> list[Job]:
    """Every BEIR-style folder and every file of labelled pairs below a folder."""
    if folder is None:
        raise SuiteError(
            "the suite 'outside' needs the folder of the outside sets.",
            fix="Name it with --outside: folders with corpus.jsonl, and .jsonl files of labelled pairs.",
        )
    beir = sorted(path.parent for path in folder.rglob("corpus.jsonl"))
    pairs = [path for path in sorted(folder.rglob("*.jsonl")) if path.parent not in beir]
    if not beir and not pairs:
        raise SuiteError(f"'{folder}' holds no outside set.")
    cache = EmbeddingCache(ensure_folder(home() / "cache") / "outside.sqlite")
    sets = [
        OutsideSet(path, assistant.index.encoder, cache=cache, progress=progress) for path in beir
    ]
    return outside_jobs(sets) + outside_support_jobs(pairs, assistant)
