"""Does a run pass? Thresholds from one file against a Report; sets none of them itself."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import SuiteError
from framewise.eval.compare import against_controls
from framewise.eval.questions import DATA
from framewise.eval.rows import Report

SHIPPED = ("gate", "release")  # for CI, and for a whole run before a release


@dataclass(frozen=True, slots=True)
class Bar:
    """A score of one system in one suite, with the least or the most it may be.

    `above_controls` asks instead that it beats every control, at p < `above_controls` after Holm,
    `except_for` those that say the same sentences by design.
    """

    suite: str
    system: str
    score: str
    least: float | None = None
    most: float | None = None
    above_controls: float | None = None
    except_for: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar, what was measured, and whether it holds; `found` says why it was not measured."""

    bar: Bar
    found: str
    passed: bool


def load_bars(name: str = "gate") -> list[Bar]:
    """The bars of a TOML file: [[bar]] tables with suite, system, score and a threshold.

    Args:
        name: of a shipped file ("gate", "release"), or a path.

    Raises:
        SuiteError: unreadable, or a bar that asks nothing; names it.
    """
    path = DATA / f"{name}.toml" if name in SHIPPED else Path(name)
    try:
        rows: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("bar", [])
        bars = [Bar(**row) for row in rows]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SuiteError(f"the gate file '{path}' cannot be read: {error}.") from error
    for bar in bars:
        if (bar.least, bar.most, bar.above_controls) == (None, None, None):
            raise SuiteError(f"'{path}': the bar on '{bar.score}' names no threshold.")
    if not bars:
        raise SuiteError(f"'{path}' holds no bar.")
    return bars


def judge(report: Report, bars: list[Bar]) -> list[Judged]:
    """Each bar against the report, faults first. A score that was not measured does not pass."""
    faults = report.faults
    whole = Bar("all", "framewise", "citations that do not resolve", most=0)
    return [
        Judged(whole, str(len(faults)), not faults),
        *(_judge(report, bar) for bar in bars),
    ]


def _judge(report: Report, bar: Bar) -> Judged:
    if bar.above_controls is not None:
        return _beats(report, bar, bar.above_controls)
    found = report.estimates(bar.suite, bar.system).get(bar.score)
    if found is None:
        return Judged(bar, "not measured", passed=False)
    low = bar.least is None or found.mean >= bar.least
    high = bar.most is None or found.mean <= bar.most
    return Judged(bar, str(found), low and high)


def _beats(report: Report, bar: Bar, level: float) -> Judged:
    compared = against_controls(report, bar.score, bar.suite, without=bar.except_for)
    if not compared:
        return Judged(bar, "no control was run", passed=False)
    worst = min(compared, key=lambda item: (item.found.mean, -item.found.holm))
    passed = all(item.found.mean > 0 and item.found.holm < level for item in compared)
    return Judged(
        bar, f"{worst.found.mean:+.3f} over '{worst.a}', p {worst.found.holm:.4f}", passed
    )
