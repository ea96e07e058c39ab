"""An Answer as text, Markdown or HTML; everything that came from outside is escaped here."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from framewise.app.types import Answer, Citation

STATUS_WORDS = {
    "answered": "",
    "partial": "Partial answer: not everything asked has a source.",
    "conflict": "The sources disagree.",
    "refused": "No answer: the sources do not carry one.",
    "stopped": "Stopped before the answer was whole.",
}
# Emphasis, code, links, HTML, formulas, tables, mail addresses; then what begins a heading, list or rule
# at the line's start; then what makes a bare address a link.
_MARKDOWN = re.compile(
    r"([\\`*_\[\]<>~$&|@])|^([#+=-]|\d+(?=[.)]))|(?<=:)(/)(?=/)|(?<=\bwww)(\.)", re.IGNORECASE
)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is: no link, image, HTML, formula, list or emphasis can arise."""
    return _MARKDOWN.sub(_escaped, " ".join(text.split()))


def unescape_markdown(text: str) -> str:
    """What `escape_markdown` was given, on one line."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    # A number before its dot cannot be escaped itself: "1." is written "1\.".
    return f"{found}\\" if found.isdigit() else f"\\{found}"


def safe_url(citation: Citation) -> str:
    """The source's address, "" where it has no http(s) address."""
    if not re.fullmatch(r"https?://[^\s<>\"'()\[\]]+", citation.url):
        return ""
    return citation.url


def source_link(citation: Citation) -> str:
    """The source's own http(s) address, "" where it has none.

    Only a user's own page is opened at the quote: the quotes of shipped documents are Framewise's
    words about their source and do not stand in it.
    """
    url = safe_url(citation)
    if not url or citation.kind != "user" or "#" in url:
        return url
    return f"{url}#:~:text={quote(' '.join(citation.quote.split()), safe='')}"


def source_line(citation: Citation) -> str:
    """One line on a source: title, section, kind, date."""
    section = f" › {citation.section}" if citation.section else ""
    return f"{citation.title}{section} ({citation.kind}, {citation.published or 'undated'})"


def as_text(answer: Answer) -> str:
    """For a terminal: the answer, then the numbered sources with their quotes."""
    lines = [word for word in (STATUS_WORDS[answer.status],) if word]
    lines += [answer.text, ""] if answer.text else []
    for heading, citations in (
        ("Sources", answer.citations),
        ("Nearest sources", _nearest(answer)),
    ):
        if citations:
            lines.append(f"{heading}:")
        for citation in citations:
            lines.append(f"  [{citation.number}] {source_line(citation)}")
            lines.append(f"      “{' '.join(citation.quote.split())}”")
            lines.append(
                f"      {citation.source}" + (f" — {citation.url}" if citation.url else "")
            )
    return printable("\n".join(lines).rstrip())


def printable(text: str) -> str:
    """Control characters as symbols, so that no text can drive a terminal."""
    return "".join(
        char if char in "\n\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text
    )


def as_markdown(answer: Answer) -> str:
    """For notebooks and files: escaped sentences with marks, then quotes with links."""
    parts = (
        [f"*{escape_markdown(STATUS_WORDS[answer.status])}*"] if STATUS_WORDS[answer.status] else []
    )
    sentences = [
        escape_markdown(s.text) + " " + "".join(f"[\\[{n}\\]](#source-{n})" for n in s.citations)
        for s in answer.sentences
    ]
    parts += [" ".join(sentences)] if sentences else []
    parts += [escape_markdown(note) for note in answer.notes]
    for citation in (*answer.citations, *_nearest(answer)):
        url = source_link(citation)
        link = f" [source]({url})" if url else ""
        parts.append(
            f"{citation.number}. {escape_markdown(source_line(citation))}: "
            f"“{escape_markdown(citation.quote)}”{link}"
        )
    return "\n\n".join(parts)


def as_html(answer: Answer) -> str:
    """For notebooks: the same, as HTML without scripts or outside requests."""
    status = STATUS_WORDS[answer.status]
    parts = [f"<p><em>{html.escape(status)}</em></p>"] if status else []
    marked = [
        html.escape(s.text) + "".join(f"<sup>[{number}]</sup>" for number in s.citations)
        for s in answer.sentences
    ]
    parts += [f"<p>{' '.join(marked)}</p>"] if marked else []
    parts += [f"<p>{html.escape(note)}</p>" for note in answer.notes]
    rows = "".join(_html_source(citation) for citation in (*answer.citations, *_nearest(answer)))
    parts.append(f"<ol>{rows}</ol>" if rows else "")
    return "".join(parts)


def _html_source(citation: Citation) -> str:
    address = html.escape(source_link(citation), quote=True)
    link = f' <a href="{address}" rel="noreferrer">source</a>' if address else ""
    quoted = html.escape(" ".join(citation.quote.split()))
    return (
        f'<li value="{citation.number}">{html.escape(source_line(citation))}'
        f"<blockquote>{quoted}</blockquote>{link}</li>"
    )


def _nearest(answer: Answer) -> tuple[Citation, ...]:
    return answer.also_read[:3] if answer.status == "refused" else ()
