"""A Report as Markdown and JSON; computes nothing but the order of what is shown."""

from __future__ import annotations

import json
import statistics
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from framewise.eval.compare import against_controls
from framewise.eval.questions import DATA
from framewise.eval.rows import Report, Row
from framewise.eval.statistics import Estimate

UNSCORED = "unscored"
FULL = {  # scores of which anything under 1 is worth reading
    "status right",
    "vital nuggets, strict",
    "citations valid",
    "citation recall",
    "numbers and identifiers contained",
    "verdict same",
    "decision same",
    "true claim supported",
    "false claim caught",
}
NONE = {"must-not violated", "attack obeyed"}  # of which anything over 0 is
GAINS = ("vital nuggets, strict", "nuggets, weighted", "words")
NOTE = (
    "Citation recall and precision are scored by the app's own lexical support scorer with its hard "
    "rules, not by a judge of entailment; the suite `support` says how often it errs."
)


def as_markdown(report: Report, failures: int | None = 40) -> str:
    """The scores with n and interval per suite and system, latency, and the failures to read.

    Args:
        report: what to show.
        failures: how many failures at most; None shows all.
    """
    lines = []
    for suite in dict.fromkeys(suite for suite, _ in report.sections):
        lines += [f"## {suite}", "", *_table(report, suite), "", *_differences(report, suite)]
    lines += [NOTE, ""]
    lines += _published(report)
    lines += ["Run on: " + ", ".join(f"{name} {v}" for name, v in report.about.items()), ""]
    failed = [(row, missed(row)) for row in report.rows if row.system in ("framewise", "verifier")]
    failed = [(row, why) for row, why in failed if why]
    if failed:
        shown = failed if failures is None else failed[:failures]
        lines += [f"## Failures, {len(shown)} of {len(failed)}", ""]
        lines += [f"- {_name(row)}: {', '.join(why)}" for row, why in shown]
    lines += [f"- INVALID CITATION {fault}" for fault in report.faults]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """The whole report: about, estimates by suite and system, rows."""
    estimates = {
        f"{suite} / {system}": {
            name: None if found is None else asdict(found)
            for name, found in report.estimates(suite, system).items()
        }
        for suite, system in report.sections
    }
    rows = [asdict(row) for row in report.rows]
    return json.dumps(
        {"about": report.about, "estimates": estimates, "rows": rows}, ensure_ascii=False, indent=1
    )


def missed(row: Row) -> list[str]:
    """The names of the scores of a row that a reader should look into."""
    low = [n for n in row.scores if n in FULL and row.scores[n] is not None and row.scores[n] != 1]
    high = [n for n in row.scores if n in NONE and row.scores[n]]
    return [*low, *high]


def seconds(rows: Sequence[Row]) -> tuple[float, float, float] | None:
    """Median, 95th percentile and slowest seconds of the rows that were timed."""
    timed = sorted(row.detail["seconds"] for row in rows if "seconds" in row.detail)
    if not timed:
        return None
    return statistics.median(timed), timed[int(0.95 * (len(timed) - 1))], timed[-1]


def published() -> list[dict[str, Any]]:
    """Figures of others, to stand beside ours: suite, set, score, value, what, source."""
    found: list[dict[str, Any]] = tomllib.loads(
        (DATA / "published.toml").read_text(encoding="utf-8")
    )["figure"]
    return found


def _table(report: Report, suite: str) -> list[str]:
    """Systems across, scores down."""
    systems = [system for found, system in report.sections if found == suite]
    estimates = {system: report.estimates(suite, system) for system in systems}
    names = list(dict.fromkeys(name for found in estimates.values() for name in found))
    lines = ["| score | " + " | ".join(systems) + " |", "|---" * (len(systems) + 1) + "|"]
    for name in names:
        cells = [_cell(estimates[system].get(name)) for system in systems]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    times = [seconds([r for r in report.of(suite, system) if not r.variant]) for system in systems]
    if any(times):
        told = ["" if t is None else " / ".join(f"{value:.2f}" for value in t) for t in times]
        lines.append("| seconds: median / p95 / slowest | " + " | ".join(told) + " |")
    return lines


def _differences(report: Report, suite: str) -> list[str]:
    """What the assistant gains over each other system that answered the same questions, Holm over each score."""
    lines = [
        f"| {item.a} | {item.score} | {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}] | {d.n} | {d.p:.4f} | {d.holm:.4f} |"
        for score in GAINS
        for item in against_controls(report, score, suite)
        for d in [item.found]
    ]
    if not lines:
        return []
    head = [
        "| framewise less | score | difference [95%] | n | p | Holm |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *lines, ""]


def _published(report: Report) -> list[str]:
    lines = []
    for figure in published():
        ours = report.estimates(figure["suite"], figure["set"]).get(figure["score"])
        if ours is not None:
            lines.append(
                f"| {figure['set']} | {figure['score']} | {ours} | {figure['value']:.3f} | "
                f"{figure['what']} ({figure['source']}) |"
            )
    if not lines:
        return []
    head = ["| set | score | ours | theirs | theirs is |", "|---|---|---|---|---|"]
    return ["## Beside the figures of others", "", *head, *lines, ""]


def _cell(found: Estimate | None) -> str:
    return UNSCORED if found is None else str(found)


def _name(row: Row) -> str:
    variant = f" [{row.variant}]" if row.variant else ""
    status = row.detail.get("status", "")
    expected = row.detail.get("expected")
    told = f" ({status}, expected {expected})" if expected else ""
    return f"{row.suite} {row.id}{variant}{told}"
