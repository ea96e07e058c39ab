"""Markdown text to blocks and sentences at exact offsets; knows nothing of documents, chunks or search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

MAX_SENTENCE_CHARS = 1_000
SPLITTER_VERSION = 2  # raised with every change of the bounds, so that an index is made again
# A full stop at the end of a line ends a sentence, whatever follows: "vLLM" may begin the next one.
_LINE_END = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!cf)[.!?][)\"`”]?[ \t]*\n")
# So does one behind a version or a year, which the tokenizer takes for an abbreviation: "3.11. Keras".
_NUMBER_END = re.compile(r"(?:\d\.\d+|\d{2})[.!?][)\"`”]?[ \t]+(?=[A-Z])")
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)  # hidden from readers, so never quoted
_MAX_NESTING = 100  # of lists and quotes; CommonMark's parser stops at 20 and would drop the rest
_ROW_RULE = re.compile(r"^[\s|:\-]+$")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or table row: `text[start:end]`, under its headings.

    `section` is the path of the headings above it, joined by " > ", "" before the first one.
    """

    start: int
    end: int
    section: str


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence: `text[start:end]`, under its headings."""

    start: int
    end: int
    section: str


def split_blocks(text: str) -> list[Block]:
    """The blocks of prose in a Markdown text, in order; code, comments and raw HTML are left out.

    Table rows count as blocks of their own. `text[block.start:block.end]` holds no leading or
    trailing space.
    """
    # CommonMark's parser, so that code fences, lists and tables are what readers see.
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table").parse(text)
    starts = _line_starts(text)
    headings = [""] * 6  # the heading in force at each level
    blocks: list[Block] = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1:])
            title = tokens[position + 1].content.strip()
            headings = [*headings[: level - 1], title, *[""] * (6 - level)]
        elif (token.type == "tr_open" and token.map) or (
            token.type == "paragraph_open" and token.map
        ):
            blocks.extend(_trimmed(text, starts, token.map[0], token.map[1], headings))
    return [block for block in blocks if not _ROW_RULE.match(text[block.start : block.end])]


def split_sentences(text: str) -> list[Span]:
    """The sentences of a Markdown text, in order, at exact offsets.

    `text[span.start:span.end]` is the sentence, verbatim. A sentence longer than 1,000
    characters (a table dumped in a line) is cut at a space.
    """
    spans: list[Span] = []
    for block in split_blocks(text):
        raw = text[block.start : block.end]
        if raw.startswith("|"):
            spans.append(Span(block.start, block.end, block.section))
            continue
        for start, end in _sentence_bounds(raw):
            for piece_start, piece_end in _cut(raw, start, end):
                spans.append(
                    Span(block.start + piece_start, block.start + piece_end, block.section)
                )
    return spans


def _joined(raw: str, bounds: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The bounds with those made one between which no space stands: "`nn.Module`" ends no sentence."""
    held: tuple[int, int] | None = None
    for start, end in bounds:
        if held is not None and start == held[1] and raw[start : start + 1].isalnum():
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (start, end)
    if held is not None:
        yield held


def _sentence_bounds(raw: str) -> Iterator[tuple[int, int]]:
    for first, line_end in _pieces(raw):
        bounds = list(_joined(raw[first:line_end], _token_bounds(raw[first:line_end])))
        for (start, end), (limit, _) in pairwise([*bounds, (line_end - first, 0)]):
            # syntok may leave closing backticks, quotes or brackets to nobody.
            while end < limit and raw[first + end] in "`\"')”’":
                end += 1
            if any(char.isalnum() for char in raw[first + start : first + end]):
                yield first + start, first + end


def _pieces(raw: str) -> Iterator[tuple[int, int]]:
    """Stretches that no sentence crosses: between sure ends, and between comments."""
    ends = {match.end() for pattern in (_LINE_END, _NUMBER_END) for match in pattern.finditer(raw)}
    comments = [match.span() for match in _COMMENT.finditer(raw)]
    borders = sorted(ends | {at for span in comments for at in span} | {0, len(raw)})
    for first, after in pairwise(borders):
        if not any(start <= first < end for start, end in comments):
            yield first, after


def _token_bounds(lines: str) -> Iterator[tuple[int, int]]:
    from syntok import segmenter

    for paragraph in segmenter.analyze(lines):
        for tokens in paragraph:
            words = [token for token in tokens if token.value.strip()]
            if words:
                yield words[0].offset, words[-1].offset + len(words[-1].value)


def _cut(raw: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARS:
        space = raw.rfind(" ", start + 1, start + MAX_SENTENCE_CHARS)
        stop = space if space > start else start + MAX_SENTENCE_CHARS
        yield start, stop
        start = stop + 1 if space > start else stop
    if start < end:
        yield start, end


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for match in re.finditer("\n", text):
        starts.append(match.end())
    return starts


_MARKER = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")


def _trimmed(
    text: str, starts: list[int], first: int, after: int, headings: list[str]
) -> Iterator[Block]:
    start = starts[first]
    end = starts[after] if after < len(starts) else len(text)
    raw = text[start:end]
    lead = 0 if raw.lstrip().startswith("|") else len(_MARKER.match(raw).group())  # type: ignore[union-attr]  # matches ""
    start += lead + (len(raw[lead:]) - len(raw[lead:].lstrip()))
    end -= len(raw) - len(raw.rstrip())
    if start < end:
        yield Block(start, end, " > ".join(heading for heading in headings if heading))
