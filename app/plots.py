"""Charts as Gradio's own line and bar plots; knows the Chart and nothing of where it came from."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd
from framewise.app.explore import chart_html
from framewise.app.render import escape_markdown
from framewise.app.types import Chart

HEIGHT = 320


def plots() -> tuple[gr.LinePlot, gr.BarPlot]:
    """A line and a bar plot, both hidden until there is something to draw."""
    empty = _frame(None)
    line = gr.LinePlot(
        empty, x="date", y="value", color="series", x_title="Date", y_title="Value",
        height=HEIGHT, visible=False, buttons=["fullscreen", "export"], show_label=False, label="Line chart",
    )  # fmt: skip
    bar = gr.BarPlot(
        empty, x="series", y="value", x_title="", y_title="Value",
        height=HEIGHT, visible=False, buttons=["fullscreen", "export"], show_label=False, label="Bar chart",
    )  # fmt: skip
    return line, bar


def show_chart(chart: Chart | None) -> list[Any]:
    """Values for title, line plot, bar plot and note."""
    if chart is None:
        return ["", gr.LinePlot(visible=False), gr.BarPlot(visible=False), ""]
    frame = _frame(chart)
    # Colours that can be told apart by people who see fewer of them (Okabe and Ito).
    names = sorted(set(frame["series"]))
    colours = {name: _COLOURS[n % len(_COLOURS)] for n, name in enumerate(names)}
    line = gr.LinePlot(
        frame, visible=chart.is_trend, y_title=chart.unit or "Value", color_map=colours
    )
    bar = gr.BarPlot(frame, visible=not chart.is_trend, y_title=chart.unit or "Value")
    return [f"### {escape_markdown(chart.title)}", line, bar, chart_html(chart)]


def _frame(chart: Chart | None) -> pd.DataFrame:
    points = chart.points if chart is not None else ()
    dates = [f"{point.date}-01-01"[:10] if len(point.date) == 4 else point.date for point in points]
    return pd.DataFrame(
        {
            "date": pd.to_datetime(pd.Series(dates, dtype="str"), format="ISO8601"),
            "value": pd.Series([point.value for point in points], dtype="float64"),
            "series": pd.Series([point.series for point in points], dtype="str"),
        }
    )


_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8c6bb1", "#7f7f7f")
