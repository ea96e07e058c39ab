"""Assistant: the only orchestration. A question goes through the nine steps of DESIGN.md section 5."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framewise.app.chart import chart_of
from framewise.app.decide import Decision, DecisionConfig, decide
from framewise.app.evidence import Evidence, EvidenceConfig, Gathered, gather
from framewise.app.intent_model import with_trained_intent
from framewise.app.language_model import LanguageModel, Stop
from framewise.app.models import AUTO, NONE, ModelChoice, choose_model, load_model, load_scorer
from framewise.app.repair import repair
from framewise.app.types import (
    Answer,
    AnswerSentence,
    Chart,
    Citation,
    Event,
    History,
    Table,
    check_history,
)
from framewise.app.understand import Query, display_name, understand
from framewise.app.verify import Scorer
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
    """Everything that shapes an answer, one part per step; `trained_support` False leaves lexical support."""

    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    write: WriteConfig = field(default_factory=WriteConfig)
    trained_support: bool = True


class Assistant:
    """Answers framework questions with verified, cited sentences. Safe to share between threads.

    Models and index are opened on first use; the index is made then if it is not there.

    Args:
        model: "auto", "embedded", "none" for quotes without a language model, a folder, a hub id,
            or an object that writes.
        encoder: "embedded", a folder, a hub id, or an object that encodes.
        scorer: "embedded", "none" for lexical support, or an object that judges support.
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
        scorer: str | Scorer = EMBEDDED,
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
        self._model_name, self._encoder_name, self._scorer_name = model, encoder, scorer
        self._corpus = None if corpus is None else Path(corpus)
        self._device, self._index_config = device, index_config
        self._today = today
        self._say, self._progress = say, progress
        self._index = index
        self._model: LanguageModel | None = None
        self._model_ready = False
        self._model_failure = ""
        self._scorer: Scorer | None = None
        self._scorer_ready = False
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
    def scorer(self) -> Scorer | None:
        """The judge of support, loaded on first use; None where quotes are all that is said.

        Raises:
            ModelMissingError, ModelLoadError: it cannot be had.
        """
        if self.model is None:
            return None
        with self._opening:
            if not self._scorer_ready:
                named = self._scorer_name
                if not isinstance(named, str):
                    self._scorer = named
                elif named != NONE:
                    self._scorer = self._judge()
                self._scorer_ready = True
            return self._scorer

    @property
    def model_choice(self) -> ModelChoice | None:
        """Which model on which device, and why; None where a model object or "none" was given.

        Raises:
            ValueError: the device is not on this machine.
        """
        if not isinstance(self._model_name, str) or self._model_name == NONE:
            return None
        return choose_model(self._model_name, self._device)

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
        config: AnswerConfig | None = None,
    ) -> Iterator[Event]:
        """The same, step by step: each sentence as soon as it is verified, the answer last.

        `stop` is asked before each token and each sentence; once it says so, the stream ends with
        the sentences verified so far, as an answer of status "stopped". `config` is for this
        answer only.
        """
        config = config or self.config
        clock = _Clock()
        yield Event("understanding")
        query = self._understood(question, history, config.evidence.trained)
        index = self.index
        if self._model_name not in (AUTO, NONE):
            _ = self.model  # a model asked for by name must be there, even for a refusal
        clock.lap("understand")
        gathered = gather(query, index, self.taxonomy, filters=filters, config=config.evidence)
        decision = decide(query, gathered, self.taxonomy, config=config.decision)
        clock.lap("retrieve")
        yield Event("reading", f"{gathered.documents_read} sources")
        numbering = _Numbering()
        sentences: list[AnswerSentence] = []
        if decision.status != "refused":
            model = self.model
            yield Event("writing", self.model_id)
            for sentence in self._sentences(
                query, gathered, decision, model, numbering, config, stop, clock
            ):
                if not sentences:
                    clock.mark("first_sentence")
                sentences.append(sentence)
                yield Event("sentence", sentence.text, sentence, numbering.cited(sentence))
        if decision.status != "refused" and stop():
            decision = Decision("stopped", decision.notes)
        answer = self._answer(query, gathered, decision, sentences, numbering, clock)
        yield Event("done", answer=answer)

    def assess(
        self, question: str, *, history: History = (), filters: Filters | None = None
    ) -> Decision:
        """Whether the corpus could answer, and how surely, without writing. Raises: as `ask`."""
        index, config = self.index, self.config
        query = self._understood(question, history, config.evidence.trained)
        gathered = gather(query, index, self.taxonomy, filters=filters, config=config.evidence)
        return decide(query, gathered, self.taxonomy, config=config.decision)

    def chat(self) -> Chat:
        """A conversation that remembers its turns."""
        return Chat(self)

    def _understood(self, question: str, history: History, trained: bool) -> Query:
        today = self._today or time.strftime("%Y-%m-%d")
        query = understand(question, check_history(history), self.taxonomy, today)
        return with_trained_intent(query, self.index) if trained else query

    def _sentences(
        self,
        query: Query,
        gathered: Gathered,
        decision: Decision,
        model: LanguageModel | None,
        numbering: _Numbering,
        config: AnswerConfig,
        stop: Stop,
        clock: _Clock,
    ) -> Iterator[AnswerSentence]:
        """Written, verified and repaired sentences; both sides of a conflict come first."""
        evidence = gathered.evidence
        by_id = {item.id: item for item in evidence}
        clashing = [by_id[id] for pair in decision.conflicts[:1] for id in pair]
        said: set[str] = set()
        kept_drafts: list[Draft] = []
        first = [Draft(item.text, (item,)) for item in clashing]
        written = write(
            query,
            evidence,
            model,
            config=config.write,
            stop=stop,
            alike=self.index.similarity,
            kept=kept_drafts,
        )
        drafts = _chain(first, written)
        scorer = self.scorer if config.trained_support else None
        while True:
            with self._writing:  # one question at a time, and never while a reader holds the stream
                draft = next(drafts, None)
            if draft is None:
                return
            clock.lap("write")
            repaired = repair(draft, evidence, self.taxonomy, scorer)
            clock.lap("verify")
            if repaired is None or repaired[0].text in said:
                continue
            kept, check = repaired
            said.add(kept.text)
            kept_drafts.append(kept)
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
        if status not in ("refused", "stopped") and not sentences:
            status, notes = "refused", ("No sentence could be verified against its source.", *notes)
        cited = numbering.citations
        cells = _cells(query, gathered) if status not in ("refused", "stopped") else {}
        unread = _unread(gathered, cells, {citation.sentence_id for citation in cited})
        also = tuple(numbering.citation(item, len(cited) + n) for n, item in enumerate(unread, 1))
        numbers = {citation.sentence_id: citation.number for citation in (*cited, *also)}
        return Answer(
            question=query.question,
            standalone_question=query.text,
            status=status,
            sentences=tuple(sentences),
            citations=cited,
            also_read=also,
            notes=notes,
            table=_table(cells, numbers, self.taxonomy),
            chart=self._chart(query, cited, also),
            model=self.model_id if status != "refused" or self._model_ready else "",
            index=self.index.digest,
            timings_s=clock.finish(),
        )

    def _chart(
        self, query: Query, cited: Sequence[Citation], also: Sequence[Citation]
    ) -> Chart | None:
        """For a question on a trend of what was cited, or else read; else only where rows are compared."""
        documents = self.index.documents
        if query.intent == "trend" and cited:
            about = query.text
            found = chart_of(cited, documents, about=about)
            return found or chart_of(also, documents, about=about)
        return chart_of(cited, documents, min_series=2)

    def _judge(self) -> Scorer | None:
        """The embedded judge of support; lexical support where another model writes and it is not here."""
        try:
            return load_scorer(self._device, say=self._say)
        except ModelMissingError as error:
            if self._say is not None:
                self._say(f"support is judged by shared words alone: {error}")
            return None

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


def _cells(query: Query, gathered: Gathered) -> dict[tuple[str, str], tuple[str, ...]]:
    """For a comparison: the sentences found for each framework × criterion, best first.

    Where the question names no criterion, the ones on which every framework has a sentence.
    """
    if len(query.frameworks) < 2:
        return {}
    frameworks = query.frameworks[:4]
    if query.criteria:
        wanted = [(f, c) for f in frameworks for c in query.criteria[:3]]
        return {cell: gathered.matrix.get(cell, ()) for cell in wanted}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for item in gathered.evidence:
        for cell in ((f, c) for f in item.frameworks for c in item.criteria if f in frameworks):
            found[cell] = (*found.get(cell, ()), item.id)
    seen = dict.fromkeys(criterion for _, criterion in found)
    shared = [c for c in seen if all((f, c) in found for f in frameworks)][:3]
    if shared:
        return {(f, c): found[f, c] for f in frameworks for c in shared}
    return {(f, ""): gathered.matrix.get((f, ""), ()) for f in frameworks}


def _unread(
    gathered: Gathered, cells: dict[tuple[str, str], tuple[str, ...]], cited: set[str]
) -> list[Evidence]:
    """What was read and not cited: first what a cell of the table rests on, then the best."""
    by_id = {item.id: item for item in gathered.evidence}
    bare = [ids[0] for ids in cells.values() if ids and not cited & set(ids)]
    order = dict.fromkeys((*bare, *by_id))
    return [by_id[id] for id in order if id not in cited][: max(ALSO_READ, len(set(bare)))]


def _table(
    cells: dict[tuple[str, str], tuple[str, ...]], numbers: dict[str, int], taxonomy: Taxonomy
) -> Table | None:
    """Which numbered sentences speak on each framework × criterion, the cited ones first."""
    if not cells:
        return None
    frameworks = list(dict.fromkeys(framework for framework, _ in cells))
    criteria = list(dict.fromkeys(criterion for _, criterion in cells))
    names = {c: found.name for c in criteria if (found := taxonomy.criterion(c)) is not None}
    return Table(
        frameworks=tuple(display_name(taxonomy.framework(id), id) for id in frameworks),
        criteria=tuple(names.get(c, "In general") for c in criteria),
        cells=tuple(
            tuple(
                tuple(sorted(numbers[id] for id in cells[f, c] if id in numbers)) for c in criteria
            )
            for f in frameworks
        ),
    )
