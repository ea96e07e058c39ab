"""Assistant: the only orchestration. A question goes through the nine steps of DESIGN.md section 5."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framewise.app.decide import Decision, DecisionConfig, decide
from framewise.app.evidence import Evidence, EvidenceConfig, Gathered, gather
from framewise.app.language_model import LanguageModel, Stop
from framewise.app.models import AUTO, NONE, choose_model, load_model
from framewise.app.repair import repair
from framewise.app.types import (
    Answer,
    AnswerSentence,
    Citation,
    Event,
    History,
    Table,
    check_history,
)
from framewise.app.understand import Query, display_name, understand
from framewise.app.write import Draft, WriteConfig, write
from framewise.corpus.errors import ModelLoadError, ModelMissingError
from framewise.corpus.taxonomy import Taxonomy, load_taxonomy
from framewise.index.embed import Encoder, Progress
from framewise.index.index import Index, IndexConfig
from framewise.index.library import EMBEDDED, open_encoder, open_index
from framewise.index.types import Filters
from framewise.index.weights import Say

NO_MODEL = "none (quotes chosen by retrieval)"
ALSO_READ = 8


@dataclass(frozen=True, slots=True)
class AnswerConfig:
    """Everything that shapes an answer, one part per step."""

    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    write: WriteConfig = field(default_factory=WriteConfig)


class Assistant:
    """Answers framework questions with verified, cited sentences. Safe to share between threads.

    Models and index are opened on first use; the index is made then if it is not there.

    Args:
        model: "auto", "embedded", "none" for quotes without a language model, a folder, a hub id,
            or an object that scores and writes.
        encoder: "embedded", a folder, a hub id, or an object that encodes.
        corpus: a folder of your own documents in place of the shipped corpus.
        index: an index already open, in place of the corpus's own.
        device: "auto", "cpu", "cuda" or "mps".
        config: how answers are made.
        index_config: how the index is made.
        today: ISO date that "the future" is measured from; by default the clock's.
        say: told what is being fetched; progress: told (step, done, total) of long work.
    """

    def __init__(
        self,
        *,
        model: str | LanguageModel = AUTO,
        encoder: str | Encoder = EMBEDDED,
        corpus: Path | str | None = None,
        index: Index | None = None,
        device: str = "auto",
        config: AnswerConfig | None = None,
        index_config: IndexConfig | None = None,
        today: str = "",
        say: Say | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.config = config or AnswerConfig()
        self._model_name, self._encoder_name = model, encoder
        self._corpus = None if corpus is None else Path(corpus)
        self._device, self._index_config = device, index_config
        self._today = today
        self._say, self._progress = say, progress
        self._index = index
        self._model: LanguageModel | None = None
        self._model_ready = False
        self._model_failure = ""
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    @property
    def taxonomy(self) -> Taxonomy:
        """The frameworks and criteria known by name."""
        return load_taxonomy()

    @property
    def index(self) -> Index:
        """The index, opened or made on first use. Raises: as `open_index`."""
        with self._opening:
            if self._index is None:
                encoder = self._encoder_name
                if isinstance(encoder, str):
                    encoder = open_encoder(encoder, say=self._say)
                self._index = open_index(
                    encoder, corpus=self._corpus, config=self._index_config, progress=self._progress
                )
            return self._index

    @property
    def model(self) -> LanguageModel | None:
        """The language model, loaded on first use; None for "none", or where the default cannot load.

        Raises:
            ModelMissingError, ModelLoadError: a model that was named cannot be had.
        """
        with self._opening:
            if not self._model_ready:
                self._model = self._load()
                self._model_ready = True
            return self._model

    @property
    def model_id(self) -> str:
        """What the payload says wrote the answer."""
        return self.model.id if self.model is not None else self._model_failure or NO_MODEL

    def ask(
        self, question: str, *, history: History = (), filters: Filters | None = None
    ) -> Answer:
        """The answer to a question.

        Args:
            question: up to 4,000 characters.
            history: earlier turns, oldest first: Answers or {"role", "content"}.
            filters: which documents may be used.

        Raises:
            QuestionError: an empty or too long question, or a malformed history.
            FramewiseError: a model or the index cannot be opened; the message says the fix.
        """
        for event in self.stream(question, history=history, filters=filters):
            if event.answer is not None:
                return event.answer
        raise RuntimeError("a stream ended without an answer")

    def stream(
        self,
        question: str,
        *,
        history: History = (),
        filters: Filters | None = None,
        stop: Stop = lambda: False,
    ) -> Iterator[Event]:
        """The same, step by step: each sentence as soon as it is verified, the answer last.

        `stop` is asked before each token and each sentence; once it says so, the stream ends with
        the sentences verified so far.
        """
        clock = _Clock()
        yield Event("understanding")
        query = self._understood(question, history)
        index = self.index
        if self._model_name not in (AUTO, NONE):
            _ = self.model  # a model asked for by name must be there, even for a refusal
        clock.lap("understand")
        gathered = gather(query, index, self.taxonomy, filters=filters, config=self.config.evidence)
        decision = decide(query, gathered, self.taxonomy, config=self.config.decision)
        clock.lap("retrieve")
        yield Event("reading", f"{gathered.documents_read} sources")
        numbering = _Numbering()
        sentences: list[AnswerSentence] = []
        if decision.status != "refused":
            model = self.model
            yield Event("writing", self.model_id)
            for sentence in self._sentences(
                query, gathered, decision, model, numbering, stop, clock
            ):
                if not sentences:
                    clock.mark("first_sentence")
                sentences.append(sentence)
                yield Event("sentence", sentence.text, sentence, numbering.cited(sentence))
        answer = self._answer(query, gathered, decision, sentences, numbering, clock)
        yield Event("done", answer=answer)

    def assess(
        self, question: str, *, history: History = (), filters: Filters | None = None
    ) -> Decision:
        """Whether the corpus could answer, and how surely, without writing. Raises: as `ask`."""
        query = self._understood(question, history)
        index, config = self.index, self.config
        gathered = gather(query, index, self.taxonomy, filters=filters, config=config.evidence)
        return decide(query, gathered, self.taxonomy, config=config.decision)

    def chat(self) -> Chat:
        """A conversation that remembers its turns."""
        return Chat(self)

    def _understood(self, question: str, history: History) -> Query:
        today = self._today or time.strftime("%Y-%m-%d")
        return understand(question, check_history(history), self.taxonomy, today)

    def _sentences(
        self,
        query: Query,
        gathered: Gathered,
        decision: Decision,
        model: LanguageModel | None,
        numbering: _Numbering,
        stop: Stop,
        clock: _Clock,
    ) -> Iterator[AnswerSentence]:
        """Written, verified and repaired sentences; both sides of a conflict come first."""
        evidence = gathered.evidence
        by_id = {item.id: item for item in evidence}
        clashing = [by_id[id] for pair in decision.conflicts[:1] for id in pair]
        said: set[str] = set()
        first = [Draft(item.text, (item,)) for item in clashing]
        written = write(
            query,
            evidence,
            model,
            config=self.config.write,
            stop=stop,
            alike=self.index.similarity,
        )
        drafts = _chain(first, written)
        while True:
            with self._writing:  # one question at a time, and never while a reader holds the stream
                draft = next(drafts, None)
            if draft is None:
                return
            clock.lap("write")
            repaired = repair(draft, evidence, self.taxonomy)
            clock.lap("verify")
            if repaired is None or repaired[0].text in said:
                continue
            kept, check = repaired
            said.add(kept.text)
            numbers = tuple(sorted(numbering.number(item) for item in kept.cited))
            yield AnswerSentence(kept.text, numbers, check.verdict, round(check.support, 4))

    def _answer(
        self,
        query: Query,
        gathered: Gathered,
        decision: Decision,
        sentences: Sequence[AnswerSentence],
        numbering: _Numbering,
        clock: _Clock,
    ) -> Answer:
        status, notes = decision.status, decision.notes
        if status != "refused" and not sentences:
            status, notes = "refused", ("No sentence could be verified against its source.", *notes)
        cited = numbering.citations
        table = _table(query, gathered, numbering, self.taxonomy) if status != "refused" else None
        unread = [
            item for item in gathered.evidence if item.id not in {c.sentence_id for c in cited}
        ]
        also = tuple(
            numbering.citation(item, len(cited) + n) for n, item in enumerate(unread[:ALSO_READ], 1)
        )
        return Answer(
            question=query.question,
            standalone_question=query.text,
            status=status,
            sentences=tuple(sentences),
            citations=cited,
            also_read=also,
            notes=notes,
            table=table,
            model=self.model_id if status != "refused" or self._model_ready else "",
            index=self.index.digest,
            timings_s=clock.finish(),
        )

    def _load(self) -> LanguageModel | None:
        if not isinstance(self._model_name, str):
            return self._model_name
        if self._model_name == NONE:
            return None
        try:
            return load_model(choose_model(self._model_name, self._device), say=self._say)
        except (ModelMissingError, ModelLoadError) as error:
            if self._model_name != AUTO:
                raise
            # The default must answer without its model too, and says so in every payload.
            self._model_failure = f"{NO_MODEL}: {error}"
            return None


class Chat:
    """A conversation: each question sees the turns before it."""

    def __init__(self, assistant: Assistant, turns: Sequence[Answer] = ()) -> None:
        self._assistant = assistant
        self.turns: list[Answer] = list(turns)

    def ask(self, question: str) -> Answer:
        """The answer to a question in the light of the earlier ones. Raises: as `Assistant.ask`."""
        answer = self._assistant.ask(question, history=self.turns)
        self.turns.append(answer)
        return answer


class _Numbering:
    """Citation numbers in the order of first use, one per cited sentence."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._citations: list[Citation] = []

    def number(self, item: Evidence) -> int:
        if item.id not in self._numbers:
            self._numbers[item.id] = len(self._numbers) + 1
            self._citations.append(self.citation(item, self._numbers[item.id]))
        return self._numbers[item.id]

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations)

    def cited(self, sentence: AnswerSentence) -> tuple[Citation, ...]:
        return tuple(self._citations[number - 1] for number in sentence.citations)

    def numbers_of(self, ids: Sequence[str]) -> tuple[int, ...]:
        return tuple(sorted(self._numbers[id] for id in ids if id in self._numbers))

    def citation(self, item: Evidence, number: int) -> Citation:
        sentence, document = item.sentence, item.document
        source = document.source_of(sentence.start, sentence.end)
        return Citation(
            number=number,
            sentence_id=sentence.id,
            document_id=document.id,
            title=document.title,
            kind=document.kind,
            section=sentence.section,
            url=source.url if source is not None else "",
            source="" if source is None else f"{source.title}, {source.locator}, {source.date}",
            published=document.date_of(sentence.start, sentence.end),
            checked=document.checked,
            quote=sentence.text,
            start=sentence.start,
            end=sentence.end,
        )


class _Clock:
    """Seconds per step, by a clock that never goes back."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._spent = dict.fromkeys(
            ("understand", "retrieve", "write", "verify", "first_sentence"), 0.0
        )

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._spent[step] += now - self._last
        self._last = now

    def mark(self, step: str) -> None:
        self._spent[step] = time.perf_counter() - self._start

    def finish(self) -> dict[str, float]:
        total = time.perf_counter() - self._start
        return {step: round(spent, 4) for step, spent in (self._spent | {"total": total}).items()}


def _chain(first: Sequence[Draft], then: Iterator[Draft]) -> Iterator[Draft]:
    yield from first
    yield from then


def _table(
    query: Query, gathered: Gathered, numbering: _Numbering, taxonomy: Taxonomy
) -> Table | None:
    """For a comparison: which cited sentences speak on each framework × criterion."""
    if len(query.frameworks) < 2:
        return None
    frameworks = query.frameworks[:4]
    criteria = query.criteria[:3] or ("",)
    names = {c: found.name for c in criteria if (found := taxonomy.criterion(c)) is not None}
    return Table(
        frameworks=tuple(display_name(taxonomy.framework(id), id) for id in frameworks),
        criteria=tuple(names.get(c, "In general") for c in criteria),
        cells=tuple(
            tuple(numbering.numbers_of(gathered.matrix.get((f, c), ())) for c in criteria)
            for f in frameworks
        ),
    )
