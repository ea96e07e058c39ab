"""A Report as one self-contained HTML page with plots; loads nothing, runs no script."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from framewise.eval.extra import need
from framewise.eval.report import NOTE, UNSCORED, missed, published, seconds
from framewise.eval.rows import Report, Row
from framewise.eval.statistics import Estimate, estimate

MAIN = ("vital nuggets, strict", "citation recall", "status right")
BINS = 10
SHOWN_FAILURES = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #8886; }
td { font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; background: #fff; border-radius: 4px; }
details { border-left: 3px solid #8888; padding: .1rem .75rem; margin: .4rem 0; }
summary { cursor: pointer; } pre { white-space: pre-wrap; font: inherit; }
.fault { color: #b00020; font-weight: 600; }
"""


def as_html(report: Report) -> str:
    """The page: scores by suite, plots, figures of others, failures to open one by one.

    Raises: MissingExtraError: matplotlib is not installed.
    """
    need("matplotlib")
    parts = ["<h1>Framewise evaluation</h1>"]
    parts += [f'<p class="fault">Invalid citation: {escape(f)}</p>' for f in report.faults]
    parts += [_table(report, suite) for suite in dict.fromkeys(s for s, _ in report.sections)]
    parts += [f"<p>{escape(NOTE)}</p>", _others(report)]
    parts += ["<h2>Plots</h2>", *_figures(report), _failures(report), _about(report)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Framewise evaluation</title><style>{_STYLE}</style></head><body><main>"
        + "\n".join(part for part in parts if part)
        + "</main></body></html>\n"
    )


def _table(report: Report, suite: str) -> str:
    systems = [system for found, system in report.sections if found == suite]
    estimates = {system: report.estimates(suite, system) for system in systems}
    names = list(dict.fromkeys(name for found in estimates.values() for name in found))
    rows = [(name, *(_cell(estimates[system].get(name)) for system in systems)) for name in names]
    times = [seconds([r for r in report.of(suite, system) if not r.variant]) for system in systems]
    if any(times):
        told = ["" if t is None else " / ".join(f"{value:.2f}" for value in t) for t in times]
        rows.append(("seconds: median / p95 / slowest", *told))
    return f"<h2>{escape(suite)}</h2>" + _html_table(("score", *systems), rows)


def _others(report: Report) -> str:
    rows = []
    for figure in published():
        ours = report.estimates(figure["suite"], figure["set"]).get(figure["score"])
        if ours is not None:
            theirs = f"{figure['value']:.3f}"
            told = f"{figure['what']} ({figure['source']})"
            rows.append((figure["set"], figure["score"], str(ours), theirs, told))
    if not rows:
        return ""
    head = ("set", "score", "ours", "theirs", "theirs is")
    return "<h2>Beside the figures of others</h2>" + _html_table(head, rows)


def _figures(report: Report) -> list[str]:
    answers = [row for row in report.of("answers", "framewise") if not row.variant]
    labelled = [row for row in report.rows if "label" in row.detail and row.suite == "support"]
    drawn = []
    if any(suite == "answers" for suite, _ in report.sections):
        drawn.append(_figure("Scores by system, 95% intervals", lambda ax: _systems(ax, report)))
    if answers:
        drawn.append(
            _figure("Vital nuggets held, by kind of question", lambda ax: _kinds(ax, answers))
        )
        drawn.append(_figure("Seconds per answer", lambda ax: _latency(ax, answers)))
    if labelled:
        drawn.append(
            _figure(
                "Shown support score against the share that is true",
                lambda ax: _reliability(ax, labelled),
            )
        )
    return drawn


def _figure(title: str, draw: Callable[[Any], str]) -> str:
    """An SVG picture made by `draw`, which gives its description in words."""
    from matplotlib.figure import Figure

    # No global state: pages may be made in threads.
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    words = draw(axes)
    axes.set_title(title)
    picture = io.StringIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    data = base64.b64encode(picture.getvalue().encode()).decode()
    return (
        f'<figure><img alt="{escape(title)}: {escape(words)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


def _systems(axes: Any, report: Report) -> str:  # noqa: ANN401 - matplotlib's Axes
    systems = [system for suite, system in report.sections if suite == "answers"]
    told = []
    for place, score in enumerate(MAIN):
        found = [report.estimates("answers", system).get(score) for system in systems]
        heights = [0.0 if e is None else e.mean for e in found]
        errors = [
            [0.0 if e is None or e.low is None else max(0.0, e.mean - e.low) for e in found],
            [0.0 if e is None or e.high is None else max(0.0, e.high - e.mean) for e in found],
        ]
        at = [n + (place - 1) * 0.27 for n in range(len(systems))]
        axes.bar(at, heights, 0.25, yerr=errors, capsize=2, label=score)
        best = max(zip(heights, systems, strict=True))
        told.append(f"{score} is highest for {best[1]} ({best[0]:.2f})")
    axes.set_xticks(range(len(systems)), systems, rotation=15, ha="right")
    axes.set_ylim(0, 1.05)
    axes.legend(loc="lower right")
    return "; ".join(told) + "."


def _kinds(axes: Any, rows: Sequence[Row]) -> str:  # noqa: ANN401
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        if row.scores.get("vital nuggets, strict") is not None:
            by_kind.setdefault(row.kind, []).append(row)
    kinds = sorted(by_kind)
    found = [
        estimate(
            [r.scores["vital nuggets, strict"] for r in by_kind[k]], [r.cluster for r in by_kind[k]]
        )
        for k in kinds
    ]
    means = [0.0 if e is None else e.mean for e in found]
    axes.barh([f"{k} (n={len(by_kind[k])})" for k in kinds], means)
    axes.set_xlim(0, 1.05)
    return ", ".join(f"{k} {m:.2f}" for k, m in zip(kinds, means, strict=True)) + "."


def _latency(axes: Any, rows: Sequence[Row]) -> str:  # noqa: ANN401
    whole = [row.detail["seconds"] for row in rows if "seconds" in row.detail]
    first = [s for row in rows if (s := row.detail.get("first_sentence_s"))]
    axes.hist([whole, first], bins=20, label=["whole answer", "first verified sentence"])
    axes.set_xlabel("seconds")
    axes.set_ylabel("answers")
    axes.legend()
    times = seconds(rows)
    return "" if times is None else f"Median {times[0]:.2f} s, 95% within {times[1]:.2f} s."


def _reliability(axes: Any, rows: Sequence[Row]) -> str:  # noqa: ANN401
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey", label="perfectly calibrated")
    points = []
    for n in range(BINS):
        inside = [
            r
            for r in rows
            if n / BINS <= r.detail["score"] < (n + 1) / BINS
            or (n == BINS - 1 and r.detail["score"] == 1)
        ]
        if inside:
            mean = sum(r.detail["score"] for r in inside) / len(inside)
            share = sum(bool(r.detail["label"]) for r in inside) / len(inside)
            points.append((mean, share, len(inside)))
    axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", label="shown score")
    for x, y, n in points:
        axes.annotate(str(n), (x, y), textcoords="offset points", xytext=(4, 4))
    axes.set_xlabel("support score")
    axes.set_ylabel("share of claims that are true")
    axes.legend()
    return f"{sum(p[2] for p in points)} labelled claims in {len(points)} bins; numbers are claims per bin."


def _failures(report: Report) -> str:
    failed = [(row, missed(row)) for row in report.rows if row.system in ("framewise", "verifier")]
    failed = [(row, why) for row, why in failed if why]
    shown = failed[:SHOWN_FAILURES]
    items = [_failure(row, why) for row, why in shown]
    return f"<h2>Failures, {len(shown)} of {len(failed)}</h2>" + "\n".join(items)


def _failure(row: Row, why: Sequence[str]) -> str:
    asked = row.detail.get("question") or row.detail.get("claim") or ""
    told = [f"{key}: {value}" for key, value in row.detail.items() if key not in ("question",)]
    head = escape(f"{row.suite} {row.id} {row.variant} — {', '.join(why)}: {asked}")
    return f"<details><summary>{head}</summary><pre>{escape(chr(10).join(told))}</pre></details>"


def _about(report: Report) -> str:
    rows = list(report.about.items())
    return "<h2>Run on</h2>" + _html_table(("what", "value"), rows)


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(found: Estimate | None) -> str:
    return UNSCORED if found is None else str(found)
