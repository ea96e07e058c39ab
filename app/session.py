"""What the page does between a click and what is shown, without Gradio: asks, keeps, stops, looks up.

One Session serves every visitor; whatever belongs to one is looked up by the owner's secret id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from framewise.app import messages, proof
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.conversations import Conversations
from framewise.app.export import Export, export
from framewise.app.messages import Message
from framewise.app.types import Answer, AnswerSentence, Citation, Event
from framewise.app.words import say
from framewise.corpus.document import Document
from framewise.corpus.errors import FramewiseError, StorageError
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.types import Filters

LENGTHS = {"short": (3, 2), "normal": (5, 3), "long": (8, 5)}  # sentences of an answer, of a fact
BETWEEN_S = 0.2  # at least, between two changes of the text: each draws the whole chat anew
RATINGS = ("Like", "Dislike", "Wrong citation", "Outdated", "Incomplete", "Not what I asked")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor has set: which sources may be used and how long an answer is."""

    filters: Filters = field(default_factory=Filters)
    length: str = "normal"

    def said(self) -> str:
        """The filters in words, "" without any."""
        parts = [", ".join(self.filters.kinds), ", ".join(self.filters.frameworks)]
        parts.append(say("since", since=self.filters.since) if self.filters.since else "")
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the chat's messages, the evidence panel ("" leaves it), the conversation."""

    messages: list[Message]
    panel: str
    conversation: str
    turn: int
    answer: Answer | None = None


class Session:
    """The page's doings over one Assistant and one file of conversations. Safe between threads."""

    def __init__(self, assistant: Assistant, path: Path) -> None:
        self.assistant = assistant
        self._path = path
        self._running: dict[str, set[threading.Event]] = {}
        self._lock = threading.Lock()

    def kept(self, owner: str) -> Conversations:
        """The owner's conversations."""
        return Conversations(self._path, owner)

    def ask(
        self, question: str, conversation: str, *, owner: str, wish: Wish, visit: str
    ) -> Generator[Shown, None, None]:
        """The page, step by step, while a question is answered; the answer is kept.

        `visit` names the browser tab, so that its Stop ends its own questions and no other's.
        """
        kept, stop = self.kept(owner), threading.Event()
        with self._lock:
            self._running.setdefault(visit, set()).add(stop)
        try:
            turns = kept.turns(conversation)
            yield from self._answer(question, turns, conversation, kept, wish, stop)
        except FramewiseError as error:
            earlier = messages.conversation_messages(_turns(kept, conversation), self._taxonomy)
            told = [messages.question_message(question), messages.error_message(str(error))]
            yield Shown([*earlier, *told], "", conversation, 0)
        finally:
            stop.set()  # the tab was closed, or all is said: the model ends within one token
            with self._lock:
                self._running.get(visit, set()).discard(stop)
                if not self._running.get(visit):
                    self._running.pop(visit, None)

    def stop(self, visit: str) -> None:
        """Ends what a tab is asking; what was verified so far stays."""
        with self._lock:
            running = list(self._running.get(visit, ()))
        for stop in running:
            stop.set()

    def show(self, conversation: str, owner: str, turn: int = 0) -> Shown:
        """A kept conversation with the panel of one of its turns, the last by default."""
        turns = _turns(self.kept(owner), conversation)
        turn = turn if 1 <= turn <= len(turns) else len(turns)
        return Shown(
            messages.conversation_messages(turns, self._taxonomy),
            self._panel(turns, turn, conversation),
            conversation if turns else "",
            turn,
            turns[turn - 1] if turns else None,
        )

    def answer(self, conversation: str, owner: str, turn: int) -> Answer | None:
        """One kept answer, None where there is none."""
        turns = _turns(self.kept(owner), conversation)
        return turns[turn - 1] if 1 <= turn <= len(turns) else None

    def panel(self, conversation: str, owner: str, turn: int) -> str:
        """The evidence panel of one turn."""
        return self._panel(_turns(self.kept(owner), conversation), turn, conversation)

    def back_to(self, conversation: str, owner: str, turn: int) -> str:
        """Forgets a turn and all after it; gives its question, "" where there is none."""
        kept = self.kept(owner)
        turns = _turns(kept, conversation)
        if not 1 <= turn <= len(turns):
            return ""
        kept.truncate(conversation, turn - 1)
        return turns[turn - 1].question

    def export(self, conversation: str, owner: str, turn: int, form: str) -> Export:
        """One answer, or with turn 0 the whole conversation, in one form. Raises: as `export`."""
        kept = self.kept(owner)
        turns = kept.turns(conversation)
        chosen = turns[turn - 1 : turn] if turn else turns
        title = chosen[0].question if turn and chosen else kept.title(conversation)
        return export(chosen, title, form)

    def document(self, id: str, start: int, end: int) -> str:
        """A whole document with a stretch marked, "" where there is no such document."""
        found = self.assistant.index.documents.get(id)
        return "" if found is None else proof.document_view(found, start, end, self._taxonomy)

    def _answer(
        self,
        question: str,
        turns: Sequence[Answer],
        conversation: str,
        kept: Conversations,
        wish: Wish,
        stop: threading.Event,
    ) -> Iterator[Shown]:
        turn = len(turns) + 1
        asked = messages.question_message(question)
        said: list[AnswerSentence] = []
        cited: dict[int, Citation] = {}
        earlier = messages.conversation_messages(turns, self._taxonomy)
        for message in earlier[-1:]:
            message.pop("options", None)

        def shown(*more: Message, panel: str = "") -> Shown:
            return Shown([*earlier, asked, *more], panel, conversation, turn)

        step, last = messages.step_message(say("thinking"), pending=True), 0.0
        yield shown(step)
        events = self.assistant.stream(
            question,
            history=turns,
            filters=wish.filters,
            stop=stop.is_set,
            config=_config(self.assistant.config, wish),
        )
        for event in events:
            if event.answer is not None:
                yield self._kept(_with_filters(event.answer, wish), conversation, kept, turns)
            elif event.sentence is not None:
                said.append(event.sentence)
                cited |= {citation.number: citation for citation in event.citations}
                if time.monotonic() - last < BETWEEN_S:
                    continue  # a burst of sentences is one change to the page
                last = time.monotonic()
                citations = tuple(cited[number] for number in sorted(cited))
                partial = Answer(question, question, "answered", tuple(said), citations)
                text = messages.answer_markdown(partial, turn)
                panel = proof.partial_panel(citations, turn, self._documents)
                yield shown(step, {"role": "assistant", "content": text}, panel=panel)
            else:
                step = messages.step_message(_step(event), pending=True)
                yield shown(step)

    def _kept(
        self, answer: Answer, conversation: str, kept: Conversations, turns: Sequence[Answer]
    ) -> Shown:
        now = [*turns, answer]
        shown = messages.conversation_messages(now, self._taxonomy)
        try:
            conversation = kept.add(conversation, answer)
        except StorageError as error:  # a full disk must not take the answer away
            shown.append(messages.error_message(say("stopped_by_error", error=error)))
        return Shown(
            shown, self._panel(now, len(now), conversation), conversation, len(now), answer
        )

    def _panel(self, turns: Sequence[Answer], turn: int, conversation: str) -> str:
        if not 1 <= turn <= len(turns):
            return proof.empty_panel()
        return proof.panel(turns[turn - 1], turn, self._documents, conversation)

    @property
    def _documents(self) -> Mapping[str, Document]:
        return self.assistant.index.documents

    @property
    def _taxonomy(self) -> Taxonomy:
        return self.assistant.taxonomy


def _turns(kept: Conversations, conversation: str) -> list[Answer]:
    return kept.turns(conversation) if conversation else []


def _config(config: AnswerConfig, wish: Wish) -> AnswerConfig:
    if wish.length == "normal" or wish.length not in LENGTHS:
        return config
    most, facts = LENGTHS[wish.length]
    return replace(
        config, write=replace(config.write, max_sentences=most, max_fact_sentences=facts)
    )


def _with_filters(answer: Answer, wish: Wish) -> Answer:
    if not wish.said():
        return answer
    return replace(answer, notes=(*answer.notes, say("only_searched", filters=wish.said())))


def _step(event: Event) -> str:
    if event.kind == "reading":
        return say("reading", what=event.text)
    return say("writing") if event.kind == "writing" else say("thinking")
