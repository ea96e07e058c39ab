"""The corpus to look through without asking: documents, framework profiles, metric series; as HTML and rows.

Knows no Gradio; everything that came from a document is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from framewise.app.chart import Series, as_csv, chart_rows, date_of, say_metric, series_of
from framewise.app.proof import KINDS
from framewise.app.types import Chart
from framewise.app.words import say
from framewise.corpus.document import Document
from framewise.corpus.metrics import Metric, MetricTable, load_metrics, slug
from framewise.corpus.taxonomy import Framework, Taxonomy
from framewise.index.index import Index
from framewise.index.types import Filters

SHOWN = 40
SNIPPET_CHARS = 200
TABLE_ROWS = 200
SOURCES = 3
STARTING_SERIES = 5
WELL_KNOWN = ("PyTorch", "TensorFlow", "JAX", "Keras", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Looking:
    """What is looked for; an empty field lets all pass."""

    text: str = ""
    framework: str = ""
    kind: str = ""
    form: str = ""
    status: str = ""
    since: str = ""


def find_documents(
    index: Index, taxonomy: Taxonomy, looking: Looking
) -> tuple[list[Document], dict[str, str]]:
    """The documents that pass, best or newest first, and what of each answers the text."""
    filters = Filters(
        frameworks=(looking.framework,) if looking.framework else (),
        kinds=(looking.kind,) if looking.kind else (),
        since=looking.since,
    )
    if looking.text.strip():
        hits = index.search(looking.text[:500], 200, filters=filters)
        snippets: dict[str, str] = {}
        for hit in hits:
            snippets.setdefault(hit.unit.document_id, hit.unit.text)
        found = [index.documents[id] for id in snippets]
    else:
        passing = (d for d in index.documents.values() if _passes(d, filters))
        found = sorted(
            sorted(passing, key=lambda d: d.title), key=lambda d: d.published, reverse=True
        )
        snippets = {}
    kept = [
        document
        for document in found
        if (not looking.form or document.form == looking.form)
        and (not looking.status or _status(document, taxonomy) == looking.status)
    ]
    return kept, snippets


def documents_html(index: Index, taxonomy: Taxonomy, looking: Looking) -> str:
    """The documents found as cards that open them."""
    found, snippets = find_documents(index, taxonomy, looking)
    cards = "".join(_document(each, snippets.get(each.id, ""), taxonomy) for each in found[:SHOWN])
    more = f", the first {SHOWN} shown" if len(found) > SHOWN else ""
    count = f"{len(found)} document{'' if len(found) == 1 else 's'}{more}"
    return f'<p class="fw-count" role="status">{count}</p><div class="fw-grid">{cards}</div>'


def frameworks_html(index: Index, taxonomy: Taxonomy, text: str = "", status: str = "") -> str:
    """The frameworks known by name as cards with their life signs."""
    wanted = text.strip().lower()
    written = {id for document in index.documents.values() for id in document.frameworks[:1]}
    found = [
        framework
        for framework in taxonomy.frameworks
        if (not status or framework.status == status)
        and (not wanted or any(wanted in name.lower() for name in framework.names))
        and (framework.id in written)
    ]
    cards = "".join(_framework(framework) for framework in found)
    return (
        f'<p class="fw-count" role="status">{len(found)} frameworks and tools</p>'
        f'<div class="fw-grid fw-small">{cards}</div>'
    )


def profile_html(id: str, index: Index, taxonomy: Taxonomy) -> str:
    """A framework's life signs, its measured figures and the documents on it, "" for an unknown id."""
    framework = taxonomy.framework(id)
    if framework is None:
        return ""
    own = [d for d in index.documents.values() if id in d.frameworks[:2]]
    own.sort(key=lambda d: (d.form != "profile", d.frameworks[:1] != (id,), d.title))
    successor = taxonomy.framework(framework.successor)
    facts = [
        ("Status", f"{framework.status} (as of {framework.status_date})"),
        ("Successor", successor.name if successor else ""),
        ("Also called", ", ".join(framework.aliases)),
        ("Package", framework.package),
        ("Repository", framework.repository),
        *((say_metric(row.metric), _value(row)) for row in life_rows(framework)),
    ]
    rows = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in facts
        if value
    )
    cards = "".join(_document(document, "", taxonomy) for document in own[:SHOWN])
    return (
        f"<header><h1>{html.escape(framework.name)} {_chip(framework.status)}</h1></header>"
        f'<table class="fw-facts"><tbody>{rows}</tbody></table>'
        f'<h2>Documents <span>{len(own)}</span></h2><div class="fw-grid">{cards}</div>'
    )


def life_rows(framework: Framework) -> list[Metric]:
    """The metric rows by which one sees whether a project lives: releases and commits."""
    wanted = (
        "latest_version", "releases_last_12_months", "days_since_latest_version", "requires_python",
        "license", "commits_2024", "commits_2025", "authors_2025",
    )  # fmt: skip
    names = {slug(framework.package), slug(framework.repository)} - {""}
    rows = [
        row
        for table in load_metrics()
        if table.name in ("package_releases", "repo_activity")
        for row in table.rows
        if slug(row.entity) in names and row.metric in wanted
    ]
    return sorted(rows, key=lambda row: wanted.index(row.metric))


def metric_tables() -> list[tuple[str, str]]:
    """Title and name of each table that holds numbers through time."""
    return [(_table_title(table), table.name) for table in load_metrics() if measures(table.name)]


def starting_subjects(table: str, measure: str) -> list[str]:
    """A handful to begin with: the best known ones, else those with most values."""
    there = subjects(table, measure)
    known = [name for name in WELL_KNOWN if name in there]
    return known or there[:STARTING_SERIES]


def measures(table: str) -> list[tuple[str, str]]:
    """Words and key of each measure of a table that has several dates: the key is metric and unit."""
    found: dict[tuple[str, Series], set[str]] = {}
    for row in _numeric(table):
        key = series_of(row)
        found.setdefault((f"{key[2]}|{row.unit}", key), set()).add(date_of(row))
    several = dict.fromkeys(measure for (measure, _), dates in found.items() if len(dates) > 2)
    return [(f"{say_metric(key.split('|')[0])} ({key.split('|')[1]})", key) for key in several]


def subjects(table: str, measure: str) -> list[str]:
    """Whose values there are of a measure, those with most values first."""
    counts: dict[str, int] = {}
    for row in _numeric(table):
        if f"{series_of(row)[2]}|{row.unit}" == measure:
            name = _subject(series_of(row))
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def series_chart(table: str, measure: str, names: Sequence[str]) -> Chart | None:
    """The chart of some subjects of a measure, None where there is nothing to draw."""
    keys = dict.fromkeys(
        key
        for row in _numeric(table)
        if f"{(key := series_of(row))[2]}|{row.unit}" == measure and _subject(key) in names
    )
    if not keys:
        return None
    found = next(each for each in load_metrics() if each.name == table)
    return chart_rows(found, measure.split("|")[1], keys)


def chart_html(chart: Chart | None) -> str:
    """A chart's title, caveat and rows, with the CSV to take along."""
    if chart is None:
        return ""
    rows = "".join(
        f"<tr{' class=fw-cited' if point.cited else ''}><td>{html.escape(point.series)}</td>"
        f"<td>{html.escape(point.date)}</td><td>{point.value:,g}</td><td>{html.escape(point.source)}</td></tr>"
        for point in chart.points[:TABLE_ROWS]
    )
    origins = list(dict.fromkeys(point.source for point in chart.points))
    more = (
        f" and {len(origins) - SOURCES} more, named in the rows" if len(origins) > SOURCES else ""
    )
    sources = ", ".join(origins[:SOURCES]) + more
    shown = "" if len(chart.points) <= TABLE_ROWS else f", the first {TABLE_ROWS} shown"
    marked = " Cited rows are marked." if any(point.cited for point in chart.points) else ""
    return (
        f'<div class="fw-chart"><p class="fw-source"><b>Source:</b> {html.escape(sources)}</p>'
        f"<p><b>Careful:</b> {html.escape(chart.caveat)}</p>"
        f"<details><summary>{len(chart.points)} rows{shown}.{marked}</summary>"
        '<div class="fw-rows" tabindex="0" role="region" aria-label="Rows"><table><thead><tr><th>Series</th>'
        f"<th>Date</th><th>{html.escape(chart.unit or 'Value')}</th><th>Source</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
        '<button type="button" data-do="csv">Rows as CSV</button>'
        f'<textarea hidden class="fw-csv" aria-hidden="true">{html.escape(as_csv(chart))}</textarea></div>'
    )


def _passes(document: Document, filters: Filters) -> bool:
    named = not filters.frameworks or bool(set(filters.frameworks) & set(document.frameworks))
    kind = not filters.kinds or document.kind in filters.kinds
    return named and kind and (not filters.since or document.published >= filters.since)


def _status(document: Document, taxonomy: Taxonomy) -> str:
    found = taxonomy.framework(document.frameworks[0]) if document.frameworks else None
    return found.status if found is not None else ""


def _document(document: Document, snippet: str, taxonomy: Taxonomy) -> str:
    status = _status(document, taxonomy)
    text = " ".join((snippet or _lead(document)).split())
    shown = text if len(text) <= SNIPPET_CHARS else text[:SNIPPET_CHARS].rsplit(" ", 1)[0] + " …"
    kind = KINDS.get(document.kind, document.kind)
    return (
        f'<button type="button" class="fw-item" data-do="document" data-id="{html.escape(document.id)}">'
        f'<span class="fw-meta"><span class="fw-kind">{html.escape(kind)} · {html.escape(document.form)}</span> '
        f"<time>{html.escape(document.published or say('undated'))}</time> {_chip(status)}</span>"
        f"<b>{html.escape(document.title)}</b><span>{html.escape(shown)}</span></button>"
    )


def _lead(document: Document) -> str:
    lines = (line.strip() for line in document.text.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def _framework(framework: Framework) -> str:
    return (
        f'<button type="button" class="fw-item" data-do="profile" data-id="{html.escape(framework.id)}">'
        f'<span class="fw-meta">{_chip(framework.status)} <time>{html.escape(framework.status_date)}</time></span>'
        f"<b>{html.escape(framework.name)}</b></button>"
    )


def _chip(status: str) -> str:
    shown = status if status != "unchecked" else ""
    return (
        f'<span class="fw-chip fw-{html.escape(shown)}">{html.escape(shown)}</span>'
        if shown
        else ""
    )


def _value(row: Metric) -> str:
    unit = "" if row.unit in ("date", "version", "text", "", "level") else f" {row.unit}"
    return f"{row.value}{unit} ({row.date}, {row.source})"


def _numeric(table: str) -> Iterable[Metric]:
    found = next((each for each in load_metrics() if each.name == table), None)
    return (row for row in found.rows if row.number is not None) if found is not None else ()


def _subject(key: Series) -> str:
    return ", ".join(part for part in key[:2] if part)


def _table_title(table: MetricTable) -> str:
    return table.name.replace("_", " ").capitalize()
