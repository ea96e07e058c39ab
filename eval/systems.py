"""What can be measured: the assistant, and controls that any suite worth its name must rank below it."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from framewise.app.assistant import Assistant
from framewise.app.language_model import LanguageModel, Message, TransformersModel
from framewise.app.types import Answer, AnswerSentence, Citation
from framewise.corpus.sentences import split_sentences
from framewise.eval.questions import Question
from framewise.index.index import Index
from framewise.index.types import Passage, Sentence
from framewise.index.weights import LANGUAGE_MODEL, locate

BATCH = 8  # replies generated side by side: reading weights costs more than using them
REPLIES = 48  # questions that the generating controls answer: they take the longest
STUFFED_PASSAGES = 5
REPLY_TOKENS = 96
_MARK = re.compile(r"\s*\[(\d+)\]")


@runtime_checkable
class Replier(LanguageModel, Protocol):
    """A language model left to itself."""

    def reply(self, conversations: Sequence[Sequence[Message]], *, max_tokens: int) -> list[str]:
        """A plain greedy reply to each conversation."""


@dataclass(frozen=True, slots=True)
class System:
    """Something that answers questions: `batch` at a time, in their order, `most` of them at most."""

    name: str
    answers: Callable[[Sequence[Question]], list[Answer]]
    batch: int = 1
    most: int | None = None


class Subject:
    """The assistant that is measured, with its answers kept for the controls that alter them."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._answers: dict[Question, Answer] = {}

    def answer(self, question: Question) -> Answer:
        """The answer to a question, asked once."""
        if question not in self._answers:
            self._answers[question] = ask(self.assistant, question)
        return self._answers[question]


def framewise(subject: Subject) -> System:
    """The assistant itself."""
    return System("framewise", lambda asked: [subject.answer(q) for q in asked])


def controls(subject: Subject) -> list[System]:
    """Dumb controls and plain baselines, on the assistant's own index and model.

    Copy the top passage; always refuse; the assistant's answer with random citations; no language
    model; and, where the model can reply by itself, the model without retrieval and a plain
    prompt stuffed with the best passages.
    """
    assistant = subject.assistant
    index = assistant.index
    plain = Assistant(model="none", index=index, config=assistant.config)
    found = [
        System("copy the top passage", lambda asked: [_copied(index, q) for q in asked]),
        System("always refuse", lambda asked: [_refused(q) for q in asked]),
        System("random citations", lambda asked: [_shuffled(subject, q) for q in asked]),
        System("no language model", lambda asked: [ask(plain, q) for q in asked]),
    ]
    model = untuned(assistant)
    if isinstance(model, Replier):
        replier = model
        found += [
            System("model without retrieval", lambda asked: _alone(replier, asked), BATCH, REPLIES),
            System(
                "prompt stuffing", lambda asked: _stuffed(replier, index, asked), BATCH, REPLIES
            ),
        ]
    return found


def untuned(assistant: Assistant) -> LanguageModel | None:
    """The assistant's model as it was before any adapter of ours: what the baselines are."""
    choice = assistant.model_choice
    if choice is None or choice.name != LANGUAGE_MODEL.name or assistant.model is None:
        return assistant.model
    return TransformersModel(locate(LANGUAGE_MODEL), id=choice.name, device=choice.device)


def turns(question: Question) -> list[dict[str, str]]:
    """The question's history as the assistant takes it."""
    return [{"role": "user", "content": text} for text in question.history]


def ask(assistant: Assistant, question: Question) -> Answer:
    """The assistant's answer to a question with its history."""
    return assistant.ask(question.text, history=turns(question))


def _refused(question: Question) -> Answer:
    return Answer(question.text, question.text, "refused", notes=("I do not know.",))


def _copied(index: Index, question: Question) -> Answer:
    """The best passage, sentence by sentence, each citing itself."""
    hits = index.search(question.text, 1)
    if not hits:
        return _refused(question)
    passage = hits[0].unit
    text = index.documents[passage.document_id].text
    inside = [
        s
        for s in split_sentences(text)
        if passage.start <= s.start and s.end <= passage.end and text[s.start : s.end].strip()
    ]
    citations = tuple(
        _citation(index, n, passage.document_id, s.start, s.end) for n, s in enumerate(inside, 1)
    )
    sentences = tuple(
        AnswerSentence(" ".join(c.quote.split()), (c.number,), "supported", 1.0) for c in citations
    )
    return Answer(question.text, question.text, "answered", sentences, citations)


def _shuffled(subject: Subject, question: Question) -> Answer:
    """The assistant's answer with each citation replaced by a sentence drawn from the index."""
    answer = subject.answer(question)
    index = subject.assistant.index
    draw = random.Random(zlib.crc32(question.id.encode()))  # noqa: S311 - a control, not a secret
    documents = sorted(index.documents)
    drawn = []
    for citation in answer.citations:
        document = index.documents[draw.choice(documents)]
        span = draw.choice(list(split_sentences(document.text)))
        drawn.append(_citation(index, citation.number, document.id, span.start, span.end))
    return replace(answer, citations=tuple(drawn))


def _alone(model: Replier, asked: Sequence[Question]) -> list[Answer]:
    conversations = [[*turns(q), {"role": "user", "content": q.text}] for q in asked]
    replies = model.reply(conversations, max_tokens=REPLY_TOKENS)
    return [_said(q, reply, ()) for q, reply in zip(asked, replies, strict=True)]


def _stuffed(model: Replier, index: Index, asked: Sequence[Question]) -> list[Answer]:
    """Retrieve, paste, ask: what most question-answering demos do."""
    conversations, shown = [], []
    for question in asked:
        whole = " ".join([*question.history, question.text])
        passages = [hit.unit for hit in index.search(whole, STUFFED_PASSAGES)]
        sources = "\n\n".join(f"[{n}] {p.text}" for n, p in enumerate(passages, 1))
        prompt = (
            "Answer the question from the sources. Cite them as [1]. If they do not hold the "
            f"answer, say that you do not know.\n\n{sources}\n\nQuestion: {whole}"
        )
        conversations.append([{"role": "user", "content": prompt}])
        shown.append([_passage_citation(index, n, p) for n, p in enumerate(passages, 1)])
    replies = model.reply(conversations, max_tokens=REPLY_TOKENS)
    return [
        _said(q, reply, tuple(cited)) for q, reply, cited in zip(asked, replies, shown, strict=True)
    ]


def _said(question: Question, reply: str, shown: tuple[Citation, ...]) -> Answer:
    """A free reply as an Answer: its sentences with the marks it made up or meant."""
    known = {citation.number for citation in shown}
    sentences = []
    for span in split_sentences(reply):
        text = reply[span.start : span.end]
        numbers = tuple(dict.fromkeys(int(n) for n in _MARK.findall(text)))
        said = " ".join(_MARK.sub("", text).split())
        if said:
            kept = tuple(n for n in numbers if n in known)
            sentences.append(AnswerSentence(said, kept, "partly", 0.0))
    refused = bool(re.search(r"\b(?:do not|don't|cannot|can't) (?:know|answer)\b", reply, re.I))
    used = {n for sentence in sentences for n in sentence.citations}
    return Answer(
        question.text,
        question.text,
        "refused" if refused or not sentences else "answered",
        tuple(sentences),
        tuple(citation for citation in shown if citation.number in used),
    )


def _passage_citation(index: Index, number: int, passage: Passage | Sentence) -> Citation:
    return _citation(index, number, passage.document_id, passage.start, passage.end)


def _citation(index: Index, number: int, document_id: str, start: int, end: int) -> Citation:
    document = index.documents[document_id]
    return Citation(
        number=number,
        sentence_id=f"{document_id}:{start}",
        document_id=document_id,
        title=document.title,
        kind=document.kind,
        section="",
        url="",
        source="",
        published=document.published,
        checked=document.checked,
        quote=document.text[start:end],
        start=start,
        end=end,
    )
