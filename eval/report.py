"""A Report as Markdown and JSON; computes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict

from framewise.eval.run import Report


def as_markdown(report: Report) -> str:
    """The scores with n and interval, latency, and every failure to read one by one."""
    lines = ["| score | mean, 95% interval, n |", "|---|---|"]
    for name, found in report.estimates.items():
        lines.append(f"| {name} | {found if found is not None else 'unscored'} |")
    seconds = sorted(row.seconds for row in report.rows)
    lines.append(
        f"| seconds per answer, median / slowest | {seconds[len(seconds) // 2]:.2f} / {seconds[-1]:.2f} |"
    )
    lines += [
        "",
        "Run on: " + ", ".join(f"{name} {value}" for name, value in report.about.items()),
        "",
    ]
    for row in report.rows:
        missed = _missed(row.scores)
        if missed:
            lines.append(f"- {row.id} ({row.status}, expected {row.expected}): {', '.join(missed)}")
    lines += [f"- INVALID CITATION {fault}" for fault in report.faults]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """The whole report: about, estimates, rows."""
    estimates = {name: None if e is None else asdict(e) for name, e in report.estimates.items()}
    rows = [asdict(row) for row in report.rows]
    return json.dumps(
        {"about": report.about, "estimates": estimates, "rows": rows}, ensure_ascii=False, indent=1
    )


def _missed(scores: dict[str, float | None]) -> list[str]:
    good = ("status right", "retrieval success@5", "vital recall", "gold cited")
    missed = [name for name in good if scores.get(name) is not None and (scores[name] or 0.0) < 1.0]
    return [*missed, *(["must-not violated"] if scores.get("must-not violated") else [])]
