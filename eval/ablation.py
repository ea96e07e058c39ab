"""The ablation suite: the assistant with one part off, or one trained part alone; knows the parts and no score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

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


UNTRAINED = "without trained intent, order and refusal"
SWITCHES: Mapping[str, Switch] = {
    UNTRAINED: _evidence(lambda e: replace(e, trained=False)),
    "without quotas": _evidence(lambda e: replace(e, per_cell=0)),
    "without verdicts of the best documents": _evidence(lambda e: replace(e, documents=0)),
    "without a search for contradictions": _evidence(lambda e: replace(e, checked=0)),
    "without a bar of relevance": lambda config: replace(
        config, write=replace(config.write, min_share=0.0)
    ),
    "without whole clauses": lambda config: replace(config, whole_clauses=False),
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
    """The assistant without one part each, and with one trained part alone, on its own index and models.

    Without a model its parts are left out, and so is a trained part where there is none.
    """
    index, model, config = assistant.index, assistant.model, assistant.config
    whole: dict[str, Any] = {
        "model": model or NONE,
        "scorer": assistant.scorer or NONE,
        "index": index,
        "config": config,
    }
    off: dict[str, dict[str, Any]] = {
        name: {"config": without(config)} for name, without in SWITCHES.items()
    }
    if model is not None:
        off |= {
            "without the judge of support": {"scorer": NONE},
            "without the mask": {"model": Unmasked(model)},
            "without the language model": {"model": NONE},
        }
        plain = untuned(assistant)
        if plain is not None and plain is not model:
            off |= _trained_parts(plain, SWITCHES[UNTRAINED](config))
    if index.knows_questions:
        off["without the questions that sentences answer"] = {"index": index.without_questions()}
    if index.knows_votes:
        off["without what readers said of sentences"] = {"index": index.without_votes()}
    return [_system(name, Assistant(**(whole | changed))) for name, changed in off.items()]


def _trained_parts(plain: LanguageModel, untrained: AnswerConfig) -> dict[str, dict[str, Any]]:
    """What is trained for writing, ordering and judging: without the first, without all, and each alone."""
    return {
        "without the writer's adapter": {"model": plain},
        "nothing trained": {"model": plain, "scorer": NONE, "config": untrained},
        "the writer's adapter alone": {"scorer": NONE, "config": untrained},
        "trained intent, order and refusal alone": {"model": plain, "scorer": NONE},
        "the judge of support alone": {"model": plain, "config": untrained},
    }


class Unmasked:
    """A language model that may type what it likes: marks, digits and markup are not held to the evidence."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    @property
    def id(self) -> str:
        """Names the weights."""
        return f"{self._model.id}, unmasked"

    @property
    def shortens(self) -> bool:
        """As the model it is."""
        return getattr(self._model, "shortens", False)

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
