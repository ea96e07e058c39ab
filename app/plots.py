"""Charts as Gradio's own line and bar plots; knows the Chart and nothing of where it came from."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd
from framewise.app.explore import chart_html
from framewise.app.render import escape_markdown
from framewise.app.types import Chart

HEIGHT = 320
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8c6bb1", "#7f7f7f")


def plots(chart: Chart | None = None) -> tuple[gr.LinePlot, gr.BarPlot]:
    """A line and a bar plot, hidden until there is something to draw."""
    frame, unit = _frame(chart), chart.unit if chart is not None else "Value"
    trend = chart is not None and chart.is_trend
    common = {"height": HEIGHT, "show_label": False, "buttons": ["fullscreen", "export"]}
    line = gr.LinePlot(
        frame, x="date", y="value", color="series", x_title="Date", y_title=unit, visible=trend,
        color_map=_colours(frame), label="Line chart", **common,
    )  # fmt: skip
    bar = gr.BarPlot(
        frame, x="series", y="value", x_title="", y_title=unit,
        visible=chart is not None and not trend, label="Bar chart", **common,
    )  # fmt: skip
    return line, bar


def chart_title(chart: Chart | None) -> str:
    """The chart's title as a heading; above the plot, where the plot's own buttons do not cover it."""
    return "" if chart is None else f"### {escape_markdown(chart.title)}"


def show_chart(chart: Chart | None) -> list[Any]:
    """Values for title, line plot, bar plot and note."""
    if chart is None:
        return ["", gr.LinePlot(visible=False), gr.BarPlot(visible=False), ""]
    frame, unit = _frame(chart), chart.unit or "Value"
    line = gr.LinePlot(frame, visible=chart.is_trend, y_title=unit, color_map=_colours(frame))
    bar = gr.BarPlot(frame, visible=not chart.is_trend, y_title=unit)
    return [chart_title(chart), line, bar, chart_html(chart)]


def _colours(frame: pd.DataFrame) -> dict[str, str]:
    """Colours that can be told apart by people who see fewer of them (Okabe and Ito)."""
    return {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(sorted(set(frame["series"])))}


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
