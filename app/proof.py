"""The evidence panel and the whole-document view as HTML; knows no Gradio and asks nothing.

Everything is escaped here. A quote is marked at its own offsets, inside its passage and inside its document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from framewise.app.render import source_link
from framewise.app.types import Answer, Citation
from framewise.app.words import say
from framewise.corpus.document import Document, Source
from framewise.corpus.taxonomy import Taxonomy
from markdown_it import MarkdownIt

AROUND_CHARS = 280  # of a passage, before and after the quote
OPEN, CLOSE = "\ue000", "\ue001"  # private characters: where a quote begins and ends
FORMATS = (
    ("markdown", "Markdown"),
    ("html", "HTML"),
    ("json", "JSON"),
    ("decision", "Decision record"),
)
Documents = Mapping[str, Document]
KINDS = {"article": "article", "doc": "doc", "metric": "metric", "user": "your file"}


def panel(answer: Answer, turn: int, documents: Documents, conversation: str) -> str:
    """What an answer rests on: cited and also read apart, each quote inside its passage."""
    cited = "".join(_card(citation, turn, documents) for citation in answer.citations)
    also = "".join(_card(citation, turn, documents) for citation in answer.also_read)
    parts = [
        f'<header class="fw-head"><h2>{say("answer", n=turn)}</h2>'
        f"<p>{_escape(answer.question)}</p></header>"
    ]
    if cited:
        parts.append(_section(say("cited"), len(answer.citations), cited))
    if also:
        parts.append(_section(say("also_read"), len(answer.also_read), also))
    if answer.status != "stopped" or answer.sentences:
        parts.append(exports(turn, say("take_along")))
    about = f'data-turn="{turn}" data-conversation="{_escape(conversation)}"'
    return f'<div class="fw-proof" {about}>{"".join(parts)}</div>'


def partial_panel(citations: Sequence[Citation], turn: int, documents: Documents) -> str:
    """The panel while the answer is still being written."""
    cards = "".join(_card(citation, turn, documents) for citation in citations)
    body = _section(say("cited"), len(citations), cards) if cards else ""
    return f'<div class="fw-proof" data-turn="{turn}">{body}</div>'


def empty_panel() -> str:
    """The panel before any answer."""
    return f'<div class="fw-proof fw-none"><p>{_escape(say("no_proof"))}</p></div>'


def exports(turn: int, title: str) -> str:
    """Buttons that take an answer along, or with turn 0 the whole conversation."""
    buttons = "".join(
        f'<button type="button" data-do="export" data-turn="{turn}" data-format="{key}">{name}</button>'
        for key, name in FORMATS
    )
    link = '<button type="button" data-do="link">Copy link</button>' if turn else ""
    return f'<section class="fw-export"><h3>{_escape(title)}</h3>{buttons}{link}</section>'


def document_view(document: Document, start: int, end: int, taxonomy: Taxonomy) -> str:
    """A whole document with the text from `start` to `end` marked."""
    about = " · ".join(
        part
        for part in (
            KINDS.get(document.kind, document.kind),
            document.published or say("undated"),
            say("checked_on", date=document.checked) if document.checked else "",
            life_signs(document, taxonomy),
        )
        if part
    )
    sources = "".join(f"<li>{_source(s)}</li>" for s in document.sources)
    listed = f"<h2>Sources</h2><ol>{sources}</ol>" if sources else ""
    return (
        f'<header><h1>{_escape(document.title)}</h1><p class="fw-about">{_escape(about)}</p></header>'
        f'<div class="fw-text">{marked_text(document.text, start, end)}</div>{listed}'
    )


def marked_text(text: str, start: int, end: int) -> str:
    """Markdown as HTML without links, images and raw HTML, the text between the offsets in <mark>."""
    plain = text.replace(OPEN, "\ufffd").replace(CLOSE, "\ufffd")
    if 0 <= start < end <= len(plain):
        plain = plain[:start] + OPEN + plain[start:end] + CLOSE + plain[end:]
    shown: str = _markdown().render(plain)
    return shown.replace(OPEN, '<mark id="fw-here" tabindex="-1">').replace(CLOSE, "</mark>")


def life_signs(document: Document, taxonomy: Taxonomy) -> str:
    """The status of the document's main framework, "" without one."""
    found = taxonomy.framework(document.frameworks[0]) if document.frameworks else None
    if found is None or found.status == "unchecked":
        return ""
    return f"{found.name}: {found.status} ({found.status_date})"


def _section(title: str, count: int, cards: str) -> str:
    return f'<section aria-label="{_escape(title)}"><h3>{_escape(title)} <span>{count}</span></h3>{cards}</section>'


def _card(citation: Citation, turn: int, documents: Documents) -> str:
    before, after = _around(citation, documents)
    number = citation.number
    section = f" <span>› {_escape(citation.section)}</span>" if citation.section else ""
    checked = f" · {say('checked_on', date=citation.checked)}" if citation.checked else ""
    return (
        f'<article id="source-{turn}-{number}" tabindex="-1" aria-label="Source {number}: {_escape(citation.title)}">'
        f'<p class="fw-meta"><b class="fw-n">{number}</b> '
        f'<span class="fw-kind">{KINDS.get(citation.kind, "source")}</span>'
        f" <time>{_escape(citation.published or say('undated'))}</time></p>"
        f"<h4>{_escape(citation.title)}{section}</h4>"
        f'<blockquote>{_escape(before)}<mark data-start="{citation.start}" data-end="{citation.end}">'
        f"{_escape(citation.quote)}</mark>{_escape(after)}</blockquote>"
        f'<p class="fw-source">{_escape(citation.source)}{_escape(checked)}</p>'
        f'<p class="fw-actions"><button type="button" data-do="document" data-id="{_escape(citation.document_id)}" '
        f'data-start="{citation.start}" data-end="{citation.end}">{say("whole_document")}</button>'
        f"{_original(source_link(citation))}</p></article>"
    )


def _around(citation: Citation, documents: Documents) -> tuple[str, str]:
    """What stands before and after a quote under its heading; nothing where the document has changed."""
    document = documents.get(citation.document_id)
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        return "", ""
    before = re.split(r"(?m)^#.*$", document.text[: citation.start])[-1].lstrip()
    after = re.split(r"(?m)^#", document.text[citation.end :])[0].rstrip()
    if len(before) > AROUND_CHARS:
        before = "… " + before[-AROUND_CHARS:].split(" ", 1)[-1]
    if len(after) > AROUND_CHARS:
        after = after[:AROUND_CHARS].rsplit(" ", 1)[0] + " …"
    return before, after


def _original(url: str) -> str:
    if not url:
        return ""
    return (
        f' <a href="{_escape(url)}" target="_blank" rel="noreferrer noopener">{say("original")}</a>'
    )


def _source(source: Source) -> str:
    return _escape(", ".join(part for part in (source.title, source.locator, source.date) if part))


def _markdown() -> MarkdownIt:
    """CommonMark with tables: raw HTML is escaped, links and images are shown as their text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("link_open", lambda *_: "")
    parser.add_render_rule("link_close", lambda *_: "")
    parser.add_render_rule("image", lambda _, tokens, at, *__: html.escape(tokens[at].content))
    return parser


def _escape(text: str) -> str:
    return html.escape(text, quote=True)
