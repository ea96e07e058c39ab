"""The Answer and its parts: one payload on every face; does not know how an answer is made or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from framewise.corpus.errors import QuestionError

SCHEMA_VERSION = 1
Status = Literal["answered", "partial", "conflict", "refused", "stopped"]
Verdict = Literal["supported", "partly", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of a document that vouches for one of the answer.

    `quote == document.text[start:end]`; `url` is where the fact was checked, "" where the source
    has no address; `published` is the date of that source, `checked` when it was last compared.
    """

    number: int
    sentence_id: str
    document_id: str
    title: str
    kind: str
    section: str
    url: str
    source: str
    published: str
    checked: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of the answer with the numbers it cites and how well they support it.

    `support` is from 0 to 1; `verdict` "unsupported" is never shown as an answer.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    support: float


@dataclass(frozen=True, slots=True)
class Table:
    """Framework × criterion: each cell holds citation numbers, none where no source was found."""

    frameworks: tuple[str, ...]
    criteria: tuple[str, ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """A metric row as drawn: `row` is its id, `cited` whether the answer cites this very row."""

    series: str
    date: str
    value: float
    row: str
    source: str
    cited: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The series of the metric rows an answer cites; `caveat` is the table's own warning."""

    title: str
    unit: str
    table: str
    points: tuple[ChartPoint, ...]
    caveat: str

    @property
    def is_trend(self) -> bool:
        """Whether a series has several dates, so that a line can be drawn."""
        return len({point.date for point in self.points}) > 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what was found, and the proof for each sentence of it.

    `also_read` are sources that were read and not cited. `notes` are the program's own words on
    the answer (what was not found, where sources disagree); they claim nothing about frameworks.
    """

    question: str
    standalone_question: str
    status: Status
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    also_read: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    model: str = ""
    index: str = ""
    timings_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def as_of(self) -> dict[str, str]:
        """The dates of the oldest and the newest cited source, "" without any."""
        dates = sorted(citation.published for citation in self.citations if citation.published)
        return {"oldest": dates[0] if dates else "", "newest": dates[-1] if dates else ""}

    @property
    def span(self) -> str:
        """The dates of the cited sources in words, "" where none is dated."""
        oldest, newest = self.as_of["oldest"], self.as_of["newest"]
        return oldest if oldest == newest else f"{oldest} to {newest}"

    @property
    def text(self) -> str:
        """The answer as Markdown with [1] marks, the notes and the as-of line last."""
        lines = [_marked(sentence) for sentence in self.sentences]
        parts = [" ".join(lines)] if lines else []
        parts += list(self.notes)
        if self.span:
            parts.append(f"As of {self.span} (dates of the cited sources).")
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The payload of DESIGN.md section 2: plain JSON types, the same on every face."""
        return {
            "schema_version": SCHEMA_VERSION,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "status": self.status,
            "text": self.text,
            "sentences": [asdict(s) | {"citations": list(s.citations)} for s in self.sentences],
            "citations": [asdict(citation) for citation in self.citations],
            "also_read": [asdict(citation) for citation in self.also_read],
            "notes": list(self.notes),
            "as_of": self.as_of,
            "table": None if self.table is None else _lists(asdict(self.table)),
            "chart": None if self.chart is None else _lists(asdict(self.chart)),
            "model": self.model,
            "index": self.index,
            "timings_s": dict(self.timings_s),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Answer:
        """The Answer that `to_dict` gave.

        Raises:
            ValueError: another schema version.
        """
        if payload.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(
                f"the payload has schema_version {payload.get('schema_version')!r}, not {SCHEMA_VERSION}"
            )
        table, chart = payload["table"], payload["chart"]
        return cls(
            question=payload["question"],
            standalone_question=payload["standalone_question"],
            status=payload["status"],
            sentences=tuple(
                AnswerSentence(**{**row, "citations": tuple(row["citations"])})
                for row in payload["sentences"]
            ),
            citations=tuple(Citation(**row) for row in payload["citations"]),
            also_read=tuple(Citation(**row) for row in payload["also_read"]),
            notes=tuple(payload["notes"]),
            table=None if table is None else _table(table),
            chart=None if chart is None else _chart(chart),
            model=payload["model"],
            index=payload["index"],
            timings_s=payload["timings_s"],
        )

    def __str__(self) -> str:
        from framewise.app.render import as_text

        return as_text(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows: HTML where it can, Markdown or text elsewhere."""
        return {
            "text/plain": str(self),
            "text/markdown": self._repr_markdown_(),
            "text/html": self._repr_html_(),
        }

    def _repr_markdown_(self) -> str:
        from framewise.app.render import as_markdown

        return as_markdown(self)

    def _repr_html_(self) -> str:
        from framewise.app.render import as_html

        return as_html(self)


Turn = Mapping[str, str] | Answer
History = Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Event:
    """A step of an answer in the making.

    `kind` is "understanding", "reading" (text: how many sources), "writing", "checking",
    "sentence" (sentence and citations are set), or "done" (answer is set).
    """

    kind: str
    text: str = ""
    sentence: AnswerSentence | None = None
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None


def check_history(history: History) -> History:
    """The history, checked.

    Raises:
        QuestionError: an entry is neither an Answer nor {"role": "user" | "assistant", "content": text}.
    """
    for number, turn in enumerate(history):
        if isinstance(turn, Answer):
            continue
        valid = (
            isinstance(turn, Mapping)
            and turn.get("role") in ("user", "assistant")
            and isinstance(turn.get("content"), str)
        )
        if not valid:
            raise QuestionError(
                f"entry {number} of the history is {turn!r:.80}.",
                fix='Give {"role": "user" or "assistant", "content": text}, or an Answer.',
            )
    return history


def _marked(sentence: AnswerSentence) -> str:
    return f"{sentence.text} {''.join(f'[{number}]' for number in sentence.citations)}".rstrip()


def _lists(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(item) for item in value]
    return value


def _table(row: Mapping[str, Any]) -> Table:
    return Table(
        frameworks=tuple(row["frameworks"]),
        criteria=tuple(row["criteria"]),
        cells=tuple(tuple(tuple(cell) for cell in line) for line in row["cells"]),
    )


def _chart(row: Mapping[str, Any]) -> Chart:
    return Chart(**{**row, "points": tuple(ChartPoint(**point) for point in row["points"])})
