"""The metric rows behind cited sentences as a Chart; draws nothing and knows no page."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from framewise.app.types import Chart, ChartPoint, Citation
from framewise.corpus.document import Document
from framewise.corpus.metrics import Metric, MetricTable, find_rows, load_metrics
from framewise.corpus.statements import ROW_MARK

MIN_POINTS = 3  # fewer are said faster than drawn
_ROUND = re.compile(r"\s+(v?\d+(\.\d+)*(rc\d+)?)$")  # "MLPerf Training v5.1", "ECCV 2018"
_YEARLY = re.compile(r"^(.*)_(20\d{2})$")  # "commits_2025" is a value of 2025
COLUMNS = ("series", "date", "value", "unit", "source", "row", "cited")
_SPELLED = {
    name.lower(): name for name in ("PyPI", "MLPerf", "PyTorch", "TensorFlow", "JAX", "Flax")
}
Series = tuple[str, str, str]


def chart_of(
    citations: Sequence[Citation],
    documents: Mapping[str, Document],
    *,
    about: str = "",
    min_series: int = 1,
) -> Chart | None:
    """The chart of series that the cited metric rows belong to, None without one.

    The measure that `about` speaks of is drawn first, then shares, which say more of a trend than
    the counts they are made of, then what most rows belong to.
    """
    cited = list(_cited_rows(citations, documents))
    groups = Counter((row.table, row.unit) for row in cited)
    words = set(re.findall(r"[a-z]{3,}", about.lower()))
    named = Counter({_group(row): len(words & _measure(row)) for row in cited})
    ranked = sorted(
        groups, key=lambda group: (-named[group], group[1] != "%", -groups[group], group)
    )
    for table, unit in ranked:
        keys = dict.fromkeys(series_of(row) for row in cited if _group(row) == (table, unit))
        found = next(each for each in load_metrics() if each.name == table)
        chart = chart_rows(found, unit, keys, {row.id for row in cited})
        if len(chart.points) >= MIN_POINTS and len(keys) >= min_series:
            return chart
    return None


def chart_rows(
    table: MetricTable, unit: str, keys: Iterable[Series], cited: Iterable[str] = ()
) -> Chart:
    """The numeric rows of some of a table's series, by series and date."""
    wanted, marked = list(keys), set(cited)
    names = _names(wanted)
    points = [
        ChartPoint(names[key], date_of(row), row.number, row.id, row.source, row.id in marked)
        for row in table.rows
        if row.unit == unit and row.number is not None and (key := series_of(row)) in names
    ]
    dates = {name: {p.date for p in points if p.series == name} for name in names.values()}
    if any(len(found) > 1 for found in dates.values()):  # one date alone is no line beside others
        points = [point for point in points if len(dates[point.series]) > 1]
    points.sort(key=lambda point: (point.series, point.date, point.row))
    return Chart(_title(wanted, unit), unit, table.name, tuple(points), caveat_of(table))


def series_of(row: Metric) -> Series:
    """What a row is a value of through time: subject without its round, variant, metric without its year."""
    subject = _ROUND.sub("", row.entity) or row.entity
    yearly = _YEARLY.match(row.metric)
    return subject, row.variant, yearly.group(1) if yearly else row.metric


def date_of(row: Metric) -> str:
    """The date a row's value is of."""
    yearly = _YEARLY.match(row.metric)
    return yearly.group(2) if yearly else row.date


def caveat_of(table: MetricTable) -> str:
    """What the table's description warns of."""
    lines = (line.strip() for line in table.description.splitlines())
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("Caveats:")), ""
    )


def say_metric(name: str) -> str:
    """A metric's name in words: "pypi_monthly_downloads" is "PyPI monthly downloads"."""
    words = name.replace("_", " ").strip()
    words = words[:1].upper() + words[1:]
    names = r"(?i)\b(pypi|mlperf|pytorch|tensorflow|jax|flax)\b"
    return re.sub(names, lambda match: _SPELLED[match[0].lower()], words)


def as_csv(chart: Chart) -> str:
    """The rows as CSV; no cell begins as a spreadsheet formula does."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for point in chart.points:
        cells = (point.series, point.date, f"{point.value:g}", chart.unit, point.source, point.row)
        rows.writerow([*(_plain(cell) for cell in cells), "yes" if point.cited else "no"])
    return text.getvalue()


def _group(row: Metric) -> tuple[str, str]:
    return row.table, row.unit


def _measure(row: Metric) -> set[str]:
    """The words of what a row measures, each in the singular and the plural."""
    words = set(re.findall(r"[a-z]{3,}", f"{row.metric} {row.unit}".lower()))
    return words | {f"{word}s" for word in words} | {word.removesuffix("s") for word in words}


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t") else cell


def _cited_rows(
    citations: Sequence[Citation], documents: Mapping[str, Document]
) -> Iterable[Metric]:
    for citation in citations:
        document = documents.get(citation.document_id)
        marks = document.marks_of(citation.start, citation.end) if document is not None else ()
        for mark in marks:
            if mark.key.startswith(ROW_MARK):
                rows = find_rows(load_metrics(), mark.key.removeprefix(ROW_MARK))
                yield from (row for row in rows if row.number is not None)


def _names(keys: Sequence[Series]) -> dict[Series, str]:
    """Each series by the parts in which it differs from the others."""
    differing = [at for at in range(3) if len({key[at] for key in keys}) > 1] or [0, 1]
    return {
        key: ", ".join(say_metric(key[at]) if at == 2 else key[at] for at in differing if key[at])
        or key[0]
        for key in keys
    }


def _title(keys: Sequence[Series], unit: str) -> str:
    """What all series share: the subject, and the metric or else its unit."""
    shared = [keys[0][at] if len({key[at] for key in keys}) == 1 else "" for at in range(3)]
    metric = say_metric(shared[2] or unit or "values")
    return ": ".join(part for part in (shared[0], metric) if part)
