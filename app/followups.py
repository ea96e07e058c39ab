"""What a reader may want to ask next, by rules over the answer's own frameworks; asks no model."""

from __future__ import annotations

from collections import Counter

from framewise.app.names import asked_criteria, asked_frameworks, find_criteria, find_frameworks
from framewise.app.types import Answer
from framewise.corpus.taxonomy import Framework, Taxonomy

OFFERED = 3
GONE = ("archived", "retired", "superseded")


def follow_ups(answer: Answer, taxonomy: Taxonomy) -> list[str]:
    """Up to three questions on the same frameworks that the sources read speak of."""
    asked = [
        framework
        for id in asked_frameworks(answer.standalone_question, taxonomy)
        if (framework := taxonomy.framework(id)) is not None
    ]
    cited = Counter(id for c in answer.citations for id in find_frameworks(c.quote, taxonomy))
    known = {framework.id for framework in asked}
    others = [
        framework
        for id, _ in cited.most_common()
        if id not in known and (framework := taxonomy.framework(id)) is not None
        if framework.group != "backend"
    ]
    subjects = asked or others[:1]
    questions = [*_on_life(subjects, taxonomy), *_on_rivals(subjects, others)]
    questions += _on_criteria(answer, subjects, taxonomy)
    return list(dict.fromkeys(questions))[:OFFERED]


def _on_life(subjects: list[Framework], taxonomy: Taxonomy) -> list[str]:
    gone = [framework for framework in subjects if framework.status in GONE]
    return [
        f"How do I migrate from {framework.name} to {successor.name}?"
        if (successor := taxonomy.framework(framework.successor)) is not None
        else f"What replaces {framework.name}?"
        for framework in gone[:1]
    ]


def _on_rivals(subjects: list[Framework], others: list[Framework]) -> list[str]:
    if len(subjects) > 1:
        first, second = subjects[:2]
        return [f"When is {second.name} the better choice than {first.name}?"]
    return [f"{subjects[0].name} or {others[0].name}?"] if subjects and others else []


def _on_criteria(answer: Answer, subjects: list[Framework], taxonomy: Taxonomy) -> list[str]:
    """Criteria that what was also read speaks of and the question did not."""
    asked = set(asked_criteria(answer.standalone_question, taxonomy))
    read = Counter(id for c in answer.also_read for id in find_criteria(c.section, taxonomy))
    names = " or ".join(framework.name for framework in subjects[:2])
    fresh = (id for id, _ in read.most_common() if id not in asked)
    found = [criterion for id in fresh if (criterion := taxonomy.criterion(id)) is not None]
    return [f"{names}: what about {criterion.name.lower()}?" for criterion in found if names]
