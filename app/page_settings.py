"""The settings page: which model answers and why, which sources may be used, how long answers are."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from framewise.app.assistant import Assistant
from framewise.app.session import LENGTHS, Wish
from framewise.app.words import say
from framewise.corpus.document import KINDS
from framewise.corpus.taxonomy import Taxonomy, load_taxonomy
from framewise.index.types import Filters

STORAGE_KEY = "framewise.settings.v1"
DEFAULTS = {"since": "", "frameworks": [], "kinds": [], "length": "normal"}
THEMES = """<div class="fw-themes" role="group" aria-label="Appearance">
<button type="button" data-do="theme" data-theme="light">Light</button>
<button type="button" data-do="theme" data-theme="dark">Dark</button>
<button type="button" data-do="theme" data-theme="system">As the system</button></div>"""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings' components, and in `wish` what they say."""

    inputs: tuple[Any, ...]
    wish: gr.State
    stored: gr.BrowserState

    def wire(self, page: gr.Blocks, note: gr.HTML) -> None:
        """Takes every change over, and says above the question which sources are left out."""
        quick = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
        inputs, told = list(self.inputs), [self.wish, note]
        page.load(_restored, self.stored, [*inputs, *told], **quick)
        for each in inputs:
            each.input(_changed, inputs, [*told, self.stored], trigger_mode="always_last", **quick)


def stored_settings() -> gr.BrowserState:
    """What was set in this browser; no secret: whoever uses its profile may read it."""
    return gr.BrowserState(DEFAULTS, storage_key=STORAGE_KEY, secret="framewise")  # noqa: S106


def build_settings(assistant: Assistant, stored: gr.BrowserState) -> Settings:
    """The page's components; `stored` must stand outside of every tab, or the browser does not read it."""
    used = {id for document in assistant.index.documents.values() for id in document.frameworks}
    names = [(f.name, f.id) for f in assistant.taxonomy.frameworks if f.id in used]
    with gr.Column(elem_classes="fw-page"):
        gr.Markdown(f"## {say('head_sources')}")
        since = gr.Textbox(
            label=say("label_since"), placeholder="2025, 2025-01 or 2025-01-31", max_length=10
        )
        frameworks = gr.Dropdown(sorted(names), multiselect=True, label=say("label_frameworks"))
        kinds = gr.CheckboxGroup(list(KINDS), label=say("label_kinds"))
        gr.Markdown(f"## {say('head_answers')}")
        length = gr.Radio(list(LENGTHS), value="normal", label=say("label_length"))
        gr.Markdown(f"## {say('head_looks')}")
        gr.HTML(THEMES, js_on_load=None, apply_default_css=False)
        gr.Markdown(f"## {say('head_machine')}")
        gr.HTML(facts_html(assistant), js_on_load=None, apply_default_css=False)
        gr.Radio([("English", "en")], value="en", label=say("label_language"), interactive=False)
    inputs = (since, frameworks, kinds, length)
    return Settings(inputs, gr.State(Wish()), stored)


def wish_of(values: Sequence[Any], taxonomy: Taxonomy) -> Wish:
    """What the settings' components say; what is no date or unknown narrows nothing."""
    since, frameworks, kinds, length = values
    known = tuple(id for id in frameworks or () if taxonomy.framework(id) is not None)
    return Wish(
        Filters(
            frameworks=known,
            kinds=tuple(kind for kind in kinds or () if kind in KINDS),
            since=_date(since or ""),
        ),
        length if length in LENGTHS else "normal",
    )


def facts_html(assistant: Assistant) -> str:
    """Model, device and index with the reason for each."""
    choice = assistant.model_choice
    index = assistant.index
    rows = [(say("model"), assistant.model_id, choice.reason if choice else "")]
    if choice is not None:
        where = choice.device
        rows.append((say("device"), f"{where.name}, {where.dtype}", where.reason))
    counts = ", ".join(f"{count:,} {what}" for what, count in index.counts.items())
    rows.append((say("index"), index.digest, counts))
    rows.append((say("encoder"), index.encoder.id, "fixed when the index was made"))
    cells = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td><td>{html.escape(reason)}</td></tr>"
        for name, value, reason in rows
    )
    return (
        '<table class="fw-facts"><thead><tr><th>What</th><th>Is</th><th>Because</th></tr></thead>'
        f"<tbody>{cells}</tbody></table>"
    )


def _date(text: str) -> str:
    return text.strip() if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text.strip()) else ""


def _changed(
    since: str, frameworks: list[str], kinds: list[str], length: str
) -> tuple[Wish, str, dict[str, Any]]:
    values = (since, frameworks, kinds, length)
    wish = wish_of(values, load_taxonomy())
    said = wish.said()
    parts = [f"<b>Filters on:</b> {html.escape(said)}."] if said else []
    if since.strip() and not _date(since):
        parts.append("<b>“Sources since” is no date</b> as 2025-01 and is not used.")
    note = f'<p class="fw-filters">{" ".join(parts)}</p>' if parts else ""
    return wish, note, dict(zip(DEFAULTS, values, strict=True))


def _restored(stored: dict[str, Any] | None) -> list[Any]:
    values = [{**DEFAULTS, **(stored or {})}[name] for name in DEFAULTS]
    wish, note, _ = _changed(*values)
    return [*values, wish, note]
