"""Answers to take along: Markdown, HTML, JSON and a decision record, with quotes and links; writes no file."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from framewise.app.chart import as_csv
from framewise.app.render import (
    STATUS_WORDS,
    as_html,
    as_markdown,
    escape_markdown,
    safe_url,
    source_line,
    source_link,
)
from framewise.app.types import Answer, Citation
from framewise.corpus.errors import QuestionError

_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1e293b}"
    "blockquote{margin:.3rem 0;padding:.1rem .8rem;border-left:3px solid #6366f1;background:#f8fafc}"
    "li{margin:.6rem 0}sup{margin-left:.15em;color:#4338ca}h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}"
    "@media (prefers-color-scheme:dark){body{background:#0b1120;color:#e2e8f0}blockquote{background:#1e293b}"
    "a{color:#a5b4fc}sup{color:#a5b4fc}}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Export:
    """A file's name, media type and text."""

    name: str
    media_type: str
    text: str


def export(answers: Sequence[Answer], title: str, form: str) -> Export:
    """Answers in one form: "markdown", "html", "json", "decision" or "csv" (of the charts' rows).

    Raises:
        QuestionError: there is no answer, or no such form.
    """
    if form not in _FORMS:
        raise QuestionError(f"'{form[:20]}' is not one of {', '.join(_FORMS)}.")
    if not answers:
        raise QuestionError("there is no answer to take along.")
    suffix, media_type, write = _FORMS[form]
    words = "-".join(re.findall(r"[a-z0-9]+", title.lower())[:8])
    return Export(f"framewise-{words or 'answer'}{suffix}", media_type, write(answers, title))


def _markdown(answers: Sequence[Answer], title: str) -> str:
    parts = [f"# {escape_markdown(title)}"]
    for answer in answers:
        parts += [f"## {escape_markdown(answer.question)}", _plain_marks(as_markdown(answer))]
        parts += [f"*As of {answer.span} (dates of the cited sources).*"] if answer.span else []
    return "\n\n".join([*parts, _made()]) + "\n"


def _html(answers: Sequence[Answer], title: str) -> str:
    parts = []
    for answer in answers:
        span = f"<p><small>As of {html.escape(answer.span)}.</small></p>" if answer.span else ""
        parts.append(f"<h2>{html.escape(answer.question)}</h2>{as_html(answer)}{span}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="viewport" '
        f'content="width=device-width"><style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>'
        f"{''.join(parts)}<p><small>{html.escape(_made())}</small></p></body></html>\n"
    )


def _json(answers: Sequence[Answer], title: str) -> str:
    payload = {"title": title, "answers": [answer.to_dict() for answer in answers]}
    return json.dumps(payload, ensure_ascii=False, indent=1) + "\n"


def _decision(answers: Sequence[Answer], title: str) -> str:
    """A record in the usual form of context, options, decision, consequences; to be signed by people."""
    numbered: dict[tuple[str, int, int], int] = {}
    sources: list[Citation] = []

    def cite(answer: Answer, numbers: Sequence[int]) -> str:
        marks = []
        for citation in (c for c in answer.citations if c.number in numbers):
            key = (citation.document_id, citation.start, citation.end)
            if key not in numbered:
                numbered[key] = len(numbered) + 1
                sources.append(citation)
            marks.append(f"[{numbered[key]}]")
        return "".join(marks)

    told = [
        [f"{escape_markdown(s.text)} {cite(answer, s.citations)}".strip() for s in answer.sentences]
        for answer in answers
    ]
    options = dict.fromkeys(f for a in answers if a.table is not None for f in a.table.frameworks)
    gaps = [note for answer in answers for note in answer.notes]
    gaps += [words for answer in answers if (words := STATUS_WORDS[answer.status])]
    verdicts = [lines[0] for lines in told if lines]
    reasons = [line for lines in told for line in lines[1:]]
    parts = [
        f"# Decision record: {escape_markdown(title)}",
        f"- Date: {time.strftime('%Y-%m-%d')}\n- Status: proposed\n- Decided by: (name)",
        "## Context\n\n" + _list(escape_markdown(answer.question) for answer in answers),
        "## Options considered\n\n"
        + _list([escape_markdown(o) for o in options] or ["(list them)"]),
        "## What the sources recommend\n\n" + _list(verdicts or ["The sources carry no verdict."]),
        "## Reasons and trade-offs\n\n" + _list(reasons or ["None was cited."]),
        "## Not covered by the sources\n\n"
        + _list([escape_markdown(g) for g in dict.fromkeys(gaps)] or ["Nothing was missing."]),
        "## Decision\n\n(to be written by the people who decide)",
        "## Sources\n\n" + "\n".join(_decision_source(n, c) for n, c in enumerate(sources, 1)),
        _made(),
    ]
    return "\n\n".join(parts) + "\n"


def _decision_source(number: int, citation: Citation) -> str:
    link = f" <{source_link(citation)}>" if safe_url(citation) else ""
    quote = escape_markdown(citation.quote)
    return f"{number}. {escape_markdown(source_line(citation))}: “{quote}” ({escape_markdown(citation.source)}){link}"


def _csv(answers: Sequence[Answer], title: str) -> str:
    charts = [answer.chart for answer in answers if answer.chart is not None]
    return "\n".join(as_csv(chart) for chart in charts)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _plain_marks(markdown: str) -> str:
    """Marks as plain numbers: outside the page there is no panel to link to."""
    return re.sub(r"\[(\\\[\d+\\\])\]\(#source-\d+\)", r"\1", markdown)


def _made() -> str:
    return (
        f"Made by Framewise on {time.strftime('%Y-%m-%d')} from dated sources; quotes are verbatim."
    )


_FORMS: dict[str, tuple[str, str, Callable[[Sequence[Answer], str], str]]] = {
    "markdown": (".md", "text/markdown", _markdown),
    "html": (".html", "text/html", _html),
    "json": (".json", "application/json", _json),
    "decision": ("-decision-record.md", "text/markdown", _decision),
    "csv": (".csv", "text/csv", _csv),
}
