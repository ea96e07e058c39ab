"""Assistant: the only orchestration. A question goes through the nine steps of DESIGN.md section 5."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from framewise.app.answerable import how_answerable
from framewise.app.chart import chart_of
from framewise.app.citing import Numbering, table_cells, table_of, unread
from framewise.app.clock import Clock
from framewise.app.decide import Decision, DecisionConfig, decide
from framewise.app.evidence import EvidenceConfig
from framewise.app.gather import Gathered, gather
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
    check_history,
)
from framewise.app.understand import Query, understand
from framewise.app.verify import Scorer
from framewise.app.write import Draft, WriteConfig, write
from framewise.corpus.errors import ModelLoadError, ModelMissingError
from framewise.corpus.taxonomy import Taxonomy, load_taxonomy
from framewise.index.build import IndexConfig
from framewise.index.device import choose_device
from framewise.index.embed import Encoder, Progress
from framewise.index.index import Index
from framewise.index.library import EMBEDDED, open_encoder, open_index
from framewise.index.types import Filters
from framewise.index.weights import Say

NO_MODEL = "none (quotes chosen by retrieval)"


@dataclass(frozen=True, slots=True)
class AnswerConfig:
    """Everything that shapes an answer, one part per step.

    `repair`: whether a sentence that fails its check is mended where it can be; otherwise it is dropped.
    `whole_clauses`: whether a model that was trained to shorten must take whole clauses from its sources.
    """

    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    write: WriteConfig = field(default_factory=WriteConfig)
    repair: bool = True
    whole_clauses: bool = True


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
                    where = choose_device(self._device).name
                    encoder = open_encoder(encoder, device=where, say=self._say)
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
        clock = Clock()
        yield Event("understanding")
        query = self._understood(question, history, config.evidence.trained)
        if self._model_name not in (AUTO, NONE):
            _ = self.model  # a model asked for by name must be there, even for a refusal
        clock.lap("understand")
        gathered, decision = self._decided(query, filters, config)
        clock.lap("retrieve")
        yield Event("reading", f"{gathered.documents_read} sources")
        numbering = Numbering()
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
        query = self._understood(question, history, self.config.evidence.trained)
        return self._decided(query, filters, self.config)[1]

    def look_up(self, question: str) -> tuple[Query, Gathered]:
        """What a question asks and the evidence for it, before anything is decided. Raises: as `ask`."""
        query = self._understood(question, (), self.config.evidence.trained)
        return query, self._gathered(query, None, self.config)

    def chat(self) -> Chat:
        """A conversation that remembers its turns."""
        return Chat(self)

    def _understood(self, question: str, history: History, trained: bool) -> Query:
        today = self._today or time.strftime("%Y-%m-%d")
        query = understand(question, check_history(history), self.taxonomy, today)
        return with_trained_intent(query, self.index) if trained else query

    def _gathered(self, query: Query, filters: Filters | None, config: AnswerConfig) -> Gathered:
        return gather(query, self.index, self.taxonomy, filters=filters, config=config.evidence)

    def _decided(
        self, query: Query, filters: Filters | None, config: AnswerConfig
    ) -> tuple[Gathered, Decision]:
        gathered = self._gathered(query, filters, config)
        trained = config.evidence.trained
        likely = how_answerable(query, gathered, self.index) if trained else None
        return gathered, decide(
            query, gathered, self.taxonomy, likely=likely, config=config.decision
        )

    def _sentences(
        self,
        query: Query,
        gathered: Gathered,
        decision: Decision,
        model: LanguageModel | None,
        numbering: Numbering,
        config: AnswerConfig,
        stop: Stop,
        clock: Clock,
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
        drafts = chain(first, written)
        scorer = self.scorer
        shortened = config.whole_clauses and getattr(model, "shortens", False)
        while True:
            with self._writing:  # one question at a time, and never while a reader holds the stream
                draft = next(drafts, None)
            if draft is None:
                return
            clock.lap("write")
            repaired = repair(
                draft, evidence, self.taxonomy, scorer, mend=config.repair, shortened=shortened
            )
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
        numbering: Numbering,
        clock: Clock,
    ) -> Answer:
        status, notes = decision.status, decision.notes
        if status not in ("refused", "stopped") and not sentences:
            status, notes = "refused", ("No sentence could be verified against its source.", *notes)
        cited = numbering.citations
        cells = table_cells(query, gathered) if status not in ("refused", "stopped") else {}
        others = unread(gathered, cells, {citation.sentence_id for citation in cited})
        also = tuple(numbering.citation(item, len(cited) + n) for n, item in enumerate(others, 1))
        numbers = {citation.sentence_id: citation.number for citation in (*cited, *also)}
        return Answer(
            question=query.question,
            standalone_question=query.text,
            status=status,
            sentences=tuple(sentences),
            citations=cited,
            also_read=also,
            notes=notes,
            table=table_of(cells, numbers, self.taxonomy),
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
