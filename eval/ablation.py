"""The ablation suite: the assistant with one part off at a time; knows the parts and no score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.constrain import Rule
from framewise.app.evidence import EvidenceConfig
from framewise.app.language_model import Constraint, LanguageModel, Message, Stop
from framewise.app.models import NONE
from framewise.eval.answers import entailment, jobs_of
from framewise.eval.questions import Question
from framewise.eval.run import Job
from framewise.eval.systems import Subject, System, ask, framewise, untuned

SUITE = "ablation"


Switch = Callable[[AnswerConfig], AnswerConfig]


def _evidence(off: Callable[[EvidenceConfig], EvidenceConfig]) -> Switch:
    return lambda config: replace(config, evidence=off(config.evidence))


SWITCHES: Mapping[str, Switch] = {
    "without trained intent, order and refusal": _evidence(lambda e: replace(e, trained=False)),
    "without quotas": _evidence(lambda e: replace(e, per_cell=0)),
    "without verdicts of the best documents": _evidence(lambda e: replace(e, documents=0)),
    "without a search for contradictions": _evidence(lambda e: replace(e, checked=0)),
    "without repair": lambda config: replace(config, repair=False),
}


def ablation_jobs(assistant: Assistant, questions: Sequence[Question]) -> list[Job]:
    """The jobs of the suite: the assistant whole, then without each part."""
    systems = [framewise(Subject(assistant)), *ablations(assistant)]
    entails = entailment(assistant.taxonomy)
    return [
        job
        for system in systems
        for job in jobs_of(system, questions, assistant, entails, suite=SUITE)
    ]


def ablations(assistant: Assistant) -> list[System]:
    """The assistant without one part each, on its own index and models; without a model, its parts are left out."""
    index, model, config = assistant.index, assistant.model, assistant.config
    scorer = assistant.scorer or NONE
    off = {
        name: Assistant(model=model or NONE, scorer=scorer, index=index, config=without(config))
        for name, without in SWITCHES.items()
    }
    if model is not None:
        off |= {
            "without the judge of support": Assistant(
                model=model, scorer=NONE, index=index, config=config
            ),
            "without the mask": Assistant(
                model=Unmasked(model), scorer=scorer, index=index, config=config
            ),
            "without the language model": Assistant(model=NONE, index=index, config=config),
        }
        plain = untuned(assistant)
        if plain is not None and plain is not model:
            off["without the writer's adapter"] = Assistant(
                model=plain, scorer=scorer, index=index, config=config
            )
    if index.knows_questions:
        off["without the questions that sentences answer"] = Assistant(
            model=model or NONE, scorer=scorer, index=index.without_questions(), config=config
        )
    if index.knows_votes:
        off["without what readers said of sentences"] = Assistant(
            model=model or NONE, scorer=scorer, index=index.without_votes(), config=config
        )
    return [_system(name, changed) for name, changed in off.items()]


class Unmasked:
    """A language model that may type what it likes: marks, digits and markup are not held to the evidence."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    @property
    def id(self) -> str:
        """Names the weights."""
        return f"{self._model.id}, unmasked"

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Each token's text and id."""
        return self._model.vocabulary

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        """The greedy reply, whatever the constraint says."""
        return self._model.write(messages, _Anything(), max_tokens=max_tokens, stop=stop)


class _Anything:
    def rule(self, text: str) -> Rule:
        """Any token, or the end."""
        return Rule(only=False, ids=(), end=True)


def _system(name: str, assistant: Assistant) -> System:
    return System(name, lambda asked: [ask(assistant, question) for question in asked])
