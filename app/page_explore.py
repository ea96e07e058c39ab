"""The Explore page: the corpus, the frameworks and the metrics, to look through without asking."""

from __future__ import annotations

from typing import Any

import gradio as gr
from framewise.app import explore
from framewise.app.assistant import Assistant
from framewise.app.explore import Looking
from framewise.app.plots import chart_title, plots, show_chart
from framewise.app.words import say
from framewise.corpus.document import FORMS, KINDS
from framewise.corpus.taxonomy import STATUSES

QUICK: dict[str, Any] = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}


def build_explore(assistant: Assistant) -> None:
    """The page's components and events."""
    with gr.Tabs(elem_id="explore"):
        with gr.Tab(say("tab_documents")):
            _documents(assistant)
        with gr.Tab(say("tab_frameworks")):
            _frameworks(assistant)
        if explore.metric_tables():
            with gr.Tab(say("tab_metrics")):
                _metrics()


def _documents(assistant: Assistant) -> None:
    index, taxonomy = assistant.index, assistant.taxonomy
    used = {id for document in index.documents.values() for id in document.frameworks}
    names = sorted((f.name, f.id) for f in taxonomy.frameworks if f.id in used)
    forms = [form for form in FORMS if any(d.form == form for d in index.documents.values())]
    with gr.Row(elem_classes="fw-filters-row"):
        text = gr.Textbox(
            label=say("label_search"), placeholder=say("words_or_question"), scale=3, min_width=240
        )
        framework = gr.Dropdown(
            _with_any(names), value="", label=say("label_framework"), min_width=150
        )
        kind = gr.Dropdown(
            _with_any(_same(KINDS)), value="", label=say("label_kind"), min_width=120
        )
        form = gr.Dropdown(
            _with_any(_same(forms)), value="", label=say("label_form"), min_width=130
        )
        status = gr.Dropdown(
            _with_any(_same(STATUSES)), value="", label=say("label_status"), min_width=130
        )
        since = gr.Textbox(
            label=say("label_from"), placeholder="2025-01", min_width=110, max_length=10
        )
    found = gr.HTML(
        explore.documents_html(index, taxonomy, Looking()), js_on_load=None, apply_default_css=False
    )

    def look(text: str, framework: str, kind: str, form: str, status: str, since: str) -> str:
        looking = Looking(text or "", framework, kind, form, status, (since or "").strip())
        return explore.documents_html(index, taxonomy, looking)

    inputs = [text, framework, kind, form, status, since]
    gr.on(
        [each.change for each in inputs], look, inputs, found, trigger_mode="always_last", **QUICK
    )


def _frameworks(assistant: Assistant) -> None:
    index, taxonomy = assistant.index, assistant.taxonomy
    with gr.Row(elem_classes="fw-filters-row"):
        text = gr.Textbox(label=say("label_name"), placeholder="PyTorch", scale=2, min_width=240)
        status = gr.Dropdown(
            _with_any(_same(STATUSES)), value="", label=say("label_status"), min_width=160
        )
    found = gr.HTML(
        explore.frameworks_html(index, taxonomy), js_on_load=None, apply_default_css=False
    )

    def look(text: str, status: str) -> str:
        return explore.frameworks_html(index, taxonomy, text or "", status)

    gr.on([text.change, status.change], look, [text, status], found,
          trigger_mode="always_last", **QUICK)  # fmt: skip


def _metrics() -> None:
    tables = explore.metric_tables()
    first = tables[0][1]
    measures = explore.measures(first)
    measure_key = next((key for _, key in measures if "downloads" in key), measures[0][1])
    names = explore.subjects(first, measure_key)
    start = explore.starting_subjects(first, measure_key)
    with gr.Row(elem_classes="fw-filters-row"):
        table = gr.Dropdown(tables, value=first, label=say("label_table"), min_width=180)
        measure = gr.Dropdown(
            measures, value=measure_key, label=say("label_measure"), min_width=220
        )
        chosen = gr.Dropdown(
            names, value=start, multiselect=True, label=say("label_of"), scale=2, min_width=260
        )
    chart = explore.series_chart(first, measure_key, start)
    title = gr.Markdown(chart_title(chart))
    line, bar = plots(chart)
    note = gr.HTML(explore.chart_html(chart), js_on_load=None, apply_default_css=False)

    def on_table(table: str) -> list[Any]:
        found = explore.measures(table)
        return [gr.Dropdown(found, value=found[0][1])]

    def on_measure(table: str, measure: str) -> list[Any]:
        there = explore.subjects(table, measure)
        return [gr.Dropdown(there, value=explore.starting_subjects(table, measure))]

    def on_chosen(table: str, measure: str, chosen: list[str]) -> list[Any]:
        return show_chart(explore.series_chart(table, measure, chosen or []))

    drawn = [title, line, bar, note]
    table.input(on_table, table, measure, **QUICK)
    measure.change(on_measure, [table, measure], chosen, **QUICK)
    chosen.change(on_chosen, [table, measure, chosen], drawn, **QUICK)


def _with_any(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(say("any"), ""), *choices]


def _same(values: list[str] | tuple[str, ...]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]
