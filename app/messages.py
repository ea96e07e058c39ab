"""Answers as chat messages in Markdown: the one renderer of stream and history; knows no Gradio.

Everything that came from outside is escaped; the only links are marks that open the evidence panel.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from framewise.app.contradict import contradict
from framewise.app.followups import follow_ups
from framewise.app.render import STATUS_WORDS, escape_markdown, unescape_markdown
from framewise.app.types import Answer, AnswerSentence, Citation, Table
from framewise.app.words import say
from framewise.corpus.taxonomy import Taxonomy

Message = dict[str, Any]
PER_TURN = 3  # messages: the question, the steps, the answer
CELL_CHARS = 110
MARKS_PER_CELL = 3
OLD_DAYS = 365
_CODE = re.compile(r"`([\w .:=+*/@,()\[\]-]+)`")


def conversation_messages(turns: Sequence[Answer], taxonomy: Taxonomy) -> list[Message]:
    """A kept conversation as the chat shows it; the last answer offers what to ask next."""
    messages = [m for n, answer in enumerate(turns, 1) for m in turn_messages(answer, n)]
    if turns:
        asked = {answer.question for answer in turns}
        offered = [q for q in follow_ups(turns[-1], taxonomy) if q not in asked]
        messages[-1]["options"] = [{"value": each, "label": each} for each in offered]
    return messages


def turn_messages(answer: Answer, turn: int) -> list[Message]:
    """One turn: the question, what was done, and the answer."""
    return [
        question_message(answer.question),
        step_message(_done(answer), log=_log(answer)),
        {"role": "assistant", "content": answer_markdown(answer, turn)},
    ]


def question_message(question: str) -> Message:
    """What a person typed."""
    return {"role": "user", "content": escape_markdown(question)}


def step_message(title: str, *, log: str = "", pending: bool = False) -> Message:
    """A step of the work; a pending one shows that it goes on."""
    status = "pending" if pending else "done"
    return {
        "role": "assistant",
        "content": log or " ",
        "metadata": {"title": title, "status": status},
    }


def error_message(text: str) -> Message:
    """Why there is no answer."""
    return {"role": "assistant", "content": f"**{escape_markdown(text)}**"}


def answer_markdown(answer: Answer, turn: int, today: datetime.date | None = None) -> str:
    """An answer for the chat: status, sentences with their marks, table, as-of line."""
    today = today or datetime.datetime.now(datetime.UTC).date()
    status = STATUS_WORDS[answer.status]
    parts = [f"**{escape_markdown(status)}**"] if status else []
    parts += [escape_markdown(note) for note in answer.notes if answer.status == "refused"]
    parts += _sentences(answer, turn, today)
    parts += [f"*{escape_markdown(note)}*" for note in answer.notes if answer.status != "refused"]
    if answer.table is not None:
        parts.append(_table(answer.table, answer, turn))
    parts.append(_as_of(answer, turn))
    return "\n\n".join(part for part in parts if part)


def marks(citations: Sequence[Citation], turn: int) -> str:
    """Citation numbers as links to the evidence panel, each with its card's text as the title."""
    return "".join(
        f" [\\[{c.number}\\]](#source-{turn}-{c.number} {_quoted(card_text(c))})" for c in citations
    )


def card_text(citation: Citation) -> str:
    """Title, place, kind, date and quote in one text, for the hover card."""
    place = citation.title + (f" › {citation.section}" if citation.section else "")
    about = f"{citation.kind}, {citation.published or say('undated')}"
    return f"{place} · {about} · “{' '.join(citation.quote.split())}”"


def with_code(text: str) -> str:
    """Text as it is but for `code` between backticks, of characters that mean nothing to Markdown or HTML."""
    parts = _CODE.split(text)
    return "".join(f"`{part}`" if at % 2 else _inner(part) for at, part in enumerate(parts))


def _inner(text: str) -> str:
    """Escaped, with the blanks at its ends kept."""
    plain = escape_markdown(text)
    return f"{' ' * text[:1].isspace()}{plain}{' ' * (bool(plain) and text[-1:].isspace())}"


def typed_text(content: object) -> str:
    """A message's content as it was typed: a string or Gradio's list of blocks, unescaped."""
    if isinstance(content, str):
        return unescape_markdown(content)
    blocks = content if isinstance(content, list) else []
    texts = (str(block.get("text", "")) for block in blocks if isinstance(block, dict))
    return unescape_markdown(" ".join(texts))


def _sentences(answer: Answer, turn: int, today: datetime.date) -> list[str]:
    lines = [_sentence(sentence, answer, turn, today) for sentence in answer.sentences]
    quotes = {" ".join(citation.quote.split()) for citation in answer.citations}
    whole = len(lines) > 1 and all(s.text in quotes for s in answer.sentences)
    if not whole:  # phrased sentences may lean on each other and stay one text
        return [" ".join(lines)]
    opening, rest = lines[0], lines[1:]
    if answer.status == "conflict":
        opening, rest = "", lines
    return [opening, "\n".join(f"- {line}" for line in rest)]


def _sentence(sentence: AnswerSentence, answer: Answer, turn: int, today: datetime.date) -> str:
    by_number = {citation.number: citation for citation in answer.citations}
    cited = [by_number[number] for number in sentence.citations if number in by_number]
    badges = "".join(_badges(sentence, cited, answer, today))
    return with_code(sentence.text) + marks(cited, turn) + badges


def _badges(
    sentence: AnswerSentence, cited: Sequence[Citation], answer: Answer, today: datetime.date
) -> list[str]:
    """Only what changes how a sentence is read: weak support, a conflict, old sources."""
    found = []
    if sentence.verdict == "partly":
        found.append(_badge("partly", say("partly_more", support=f"{sentence.support:.2f}")))
    clash = answer.status == "conflict" and any(
        contradict(sentence.text, other.text) for other in answer.sentences if other is not sentence
    )
    if clash:
        found.append(_badge("conflicting", say("conflicting_more")))
    newest = max((citation.published for citation in cited), default="")
    if newest and newest < (today - datetime.timedelta(days=OLD_DAYS)).isoformat()[: len(newest)]:
        found.append(_badge("old", say("old_more", date=newest), year=newest[:4]))
    return found


def _badge(name: str, more: str, *, year: str = "") -> str:
    return f" [{escape_markdown(say(name, year=year))}](#note-{name} {_quoted(more)})"


def _table(table: Table, answer: Answer, turn: int) -> str:
    by_number = {citation.number: citation for citation in (*answer.citations, *answer.also_read)}
    head = [say("table_head"), *table.criteria]
    rows, shown = [], set[int]()
    for framework, cells in zip(table.frameworks, table.cells, strict=True):
        others = [name.lower() for name in table.frameworks if name != framework]
        line = [f"**{escape_markdown(framework)}**"]
        for numbers in cells:
            found = sorted(
                (by_number[number] for number in numbers if number in by_number),
                key=lambda c: (
                    _off_subject(c.quote.lower(), framework.lower(), others),
                    c.number in shown,
                    c.number,
                ),
            )[:MARKS_PER_CELL]
            shown |= {c.number for c in found[:1]}
            line.append(_cell(found, turn, len(answer.citations)))
        rows.append(line)
    lines = [[escape_markdown(cell) for cell in head], ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _off_subject(quote: str, framework: str, others: Sequence[str]) -> int:
    """0 for a quote on this framework alone, 1 where it names another one too, 2 where not this one."""
    if framework not in quote:
        return 2
    return int(any(other in quote for other in others))


def _cell(citations: Sequence[Citation], turn: int, cited: int) -> str:
    if not citations:
        return f"*{say('not_found')}*"
    quote = " ".join(citations[0].quote.split())
    if len(quote) > CELL_CHARS:
        quote = quote[:CELL_CHARS].rsplit(" ", 1)[0] + " …"
    # The cited ones' cards stand in the text above; only the others need theirs here.
    linked = (marks([c], turn) if c.number > cited else _bare_mark(c, turn) for c in citations)
    return with_code(quote) + "".join(linked)


def _bare_mark(citation: Citation, turn: int) -> str:
    return f" [\\[{citation.number}\\]](#source-{turn}-{citation.number})"


def _as_of(answer: Answer, turn: int) -> str:
    if not answer.citations and not answer.also_read:
        return ""
    words = [say("as_of", span=answer.span)] if answer.span else []
    words.append(say("sources_count", n=len(answer.citations)))
    return f"[{escape_markdown(' · '.join(words))}](#answer-{turn})"


def _done(answer: Answer) -> str:
    documents = {citation.document_id for citation in (*answer.citations, *answer.also_read)}
    return say(
        "checked",
        sentences=_count(len(answer.sentences), "sentence"),
        documents=_count(len(documents), "document"),
        seconds=f"{answer.timings_s.get('total', 0.0):.1f}",
    )


def _log(answer: Answer) -> str:
    lines = [say("understood", text=answer.standalone_question)]
    lines += [say("written_by", model=answer.model)] if answer.model else []
    steps = [f"{name} {answer.timings_s[name]:.2f} s" for name in answer.timings_s]
    return "\n\n".join(escape_markdown(line) for line in [*lines, " · ".join(steps)] if line)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _quoted(text: str) -> str:
    """A link's title: on one line, escaped, and without the quotation mark that would end it."""
    return '"' + escape_markdown(text.replace('"', "”")) + '"'
