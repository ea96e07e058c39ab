"""What the chat page shows and how it is served: Events to messages and source cards, without Gradio.

Everything that came from outside (questions, sources, titles) is escaped on the server, and the page's
Content-Security-Policy lets it reach nothing but this server.
"""

from __future__ import annotations

import html
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framewise.app.render import (
    STATUS_WORDS,
    escape_markdown,
    safe_url,
    source_line,
    text_fragment,
    unescape_markdown,
)
from framewise.app.types import Answer, Citation, Event
from framewise.corpus.errors import FramewiseError
from framewise.index.home import ensure_folder, home

if TYPE_CHECKING:
    from framewise.app.assistant import Assistant

QUEUE_SIZE = 20  # waiting questions; a longer queue is refused with a clear message
MAX_UPLOAD = "1mb"
Context = dict[str, tuple[str, str]]  # sentence id: what stands before and after it in its passage
EXAMPLES = (
    "PyTorch or JAX for training on TPUs?",
    "Is TorchServe still maintained?",
    "Which framework should a beginner learn first?",
    "How do I run a model in an Android app?",
)
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "connect-src 'self'; font-src 'self' data:; form-action 'self'; base-uri 'self'; "
    "frame-src 'none'; object-src 'none'"
)
# Style stands here and not in css=, which Gradio rewrites; see UI.md, pitfall 3.
HEAD = (
    f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">'
    """<meta name="referrer" content="no-referrer">
<style>
#sources { max-height: 78vh; overflow-y: auto; }
#sources article { border: 1px solid var(--border-color-primary); border-radius: 8px;
  padding: .6rem .8rem; margin-bottom: .6rem; scroll-margin-top: 1rem; }
#sources article:target, #sources article.current { outline: 3px solid var(--color-accent); }
#sources h3 { font-size: 1rem; margin: 0 0 .2rem; } #sources .meta { font-size: .85rem; }
#sources mark { background: #ffe58a; color: #1a1a1a; padding: 0 .1em; }
#chat .prose.chatbot.md { opacity: 1 !important; }
footer { display: none !important; }
</style>
<script>
document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest('a[href*="#source-"]');
  if (!link) return;
  const id = link.getAttribute("href").split("#")[1];
  const card = document.getElementById(id);
  if (!card) return;
  event.preventDefault();
  document.querySelectorAll("#sources article.current").forEach((c) => c.classList.remove("current"));
  card.classList.add("current");
  card.setAttribute("tabindex", "-1");
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "center" });
}, true);
</script>"""
)


def answer_markdown(answer: Answer, turn: int) -> str:
    """An answer for the chat: escaped text, marks that link to the source cards of its turn."""
    marked = [
        escape_markdown(sentence.text)
        + _marks(sentence.citations, turn)
        + (" *(partly supported)*" if sentence.verdict == "partly" else "")
        for sentence in answer.sentences
    ]
    parts = (
        [f"**{escape_markdown(STATUS_WORDS[answer.status])}**"]
        if STATUS_WORDS[answer.status]
        else []
    )
    parts += [" ".join(marked)] if marked else []
    parts += [escape_markdown(note) for note in answer.notes]
    if answer.citations:
        as_of = answer.as_of
        parts.append(
            f"*Sources dated {as_of['oldest']} to {as_of['newest']}. Written by {escape_markdown(answer.model)}.*"
        )
    return "\n\n".join(parts)


def source_cards(answer: Answer, around: Context, turn: int) -> str:
    """The cited sources as HTML: each quote highlighted inside its passage."""
    cards = "".join(_card(citation, around, turn) for citation in answer.citations)
    also = "".join(_card(citation, around, turn) for citation in answer.also_read)
    parts = [f"<h2>Answer {turn}: cited</h2>{cards}"] if cards else []
    parts += [f"<h2>Answer {turn}: also read</h2>{also}"] if also else []
    return f"<section>{''.join(parts)}</section>"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the chat's messages, the source cards, and the answer once it is whole."""

    messages: list[dict[str, Any]]
    cards: str
    answer: Answer | None = None


def respond(
    assistant: Assistant,
    question: str,
    history: list[dict[str, Any]],
    stop: threading.Event,
    cards: str = "",
) -> Iterator[Shown]:
    """The page, step by step; earlier turns and their source cards stay as they are."""
    turn = sum(message["role"] == "user" for message in history) + 1
    earlier = [
        {"role": message["role"], "content": text_of(message["content"])} for message in history
    ]
    messages = [*history, {"role": "user", "content": escape_markdown(question)}]
    shown: list[str] = []
    try:
        yield Shown([*messages, _status("Reading the question …")], cards)
        for event in assistant.stream(question, history=earlier, stop=stop.is_set):
            if event.answer is not None:
                own = source_cards(event.answer, _context(assistant, event.answer), turn)
                said = _said(answer_markdown(event.answer, turn))
                yield Shown([*messages, said], own + cards, event.answer)
            elif event.sentence is not None:
                marks = _marks(event.sentence.citations, turn)
                shown.append(escape_markdown(event.sentence.text) + marks)
                yield Shown([*messages, _said(" ".join(shown))], cards)
            else:
                yield Shown([*messages, _status(_step(event))], cards)
    except FramewiseError as error:
        yield Shown([*messages, _said(escape_markdown(str(error)))], cards)
    finally:
        stop.set()  # the tab was closed or Stop was pressed: the model ends within one token


def text_of(content: object) -> str:
    """A Gradio message's content as it was typed: a string or a list of blocks, unescaped."""
    if isinstance(content, str):
        return unescape_markdown(content)
    blocks = content if isinstance(content, list) else []
    texts = (str(block.get("text", "")) for block in blocks if isinstance(block, dict))
    return unescape_markdown(" ".join(texts))


def launch_settings(host: str, port: int, *, open_browser: bool, auth: str) -> dict[str, Any]:
    """Gradio's launch settings as SECURITY.md section 3 requires them; a test reads them."""
    temporary = ensure_folder(home() / "gradio")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    user, _, password = auth.partition(":")
    return {
        "server_name": host,
        "server_port": port or None,
        "share": False,
        "inbrowser": open_browser,
        "auth": (user, password) if auth else None,
        "strict_cors": True,
        "allowed_paths": [],
        "blocked_paths": [str(home())],
        "max_file_size": MAX_UPLOAD,
        "show_error": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "run_history": False,
        "head": HEAD,
    }


def _marks(numbers: tuple[int, ...], turn: int) -> str:
    return "".join(f" [\\[{number}\\]](#source-{turn}-{number})" for number in numbers)


def _step(event: Event) -> str:
    words = {
        "understanding": "Understanding …",
        "reading": f"Read {event.text} …",
        "writing": "Writing …",
    }
    return words.get(event.kind, "Checking …")


def _said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _status(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "metadata": {"title": text, "status": "pending"}}


def _context(assistant: Assistant, answer: Answer) -> Context:
    """What stands before and after each quote in its passage."""
    index, found = assistant.index, {}
    for citation in (*answer.citations, *answer.also_read):
        passage = index.passage(index.sentence(citation.sentence_id).passage_id)
        cut = citation.start - passage.start
        end = cut + len(citation.quote)
        found[citation.sentence_id] = (passage.text[:cut], passage.text[end:])
    return found


def _card(citation: Citation, around: Context, turn: int) -> str:
    before, after = around.get(citation.sentence_id, ("", ""))
    url = safe_url(citation)
    link = ""
    if url:
        address = html.escape(url + text_fragment(citation), quote=True)
        link = f' · <a href="{address}" target="_blank" rel="noreferrer noopener">open source</a>'
    return (
        f'<article id="source-{turn}-{citation.number}" aria-label="Source {citation.number}">'
        f"<h3>[{citation.number}] {html.escape(source_line(citation))}</h3>"
        f'<p class="meta">{html.escape(citation.source)}{link}</p>'
        f"<p>{html.escape(before)}<mark>{html.escape(citation.quote)}</mark>{html.escape(after)}</p>"
        "</article>"
    )
