"""Evidence to the order in which an answer would say it: opening, reasons, when to choose otherwise.

The answer by retrieval alone, and the order in which a language model reads its sources. Writes no word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from framewise.app.evidence import Evidence
from framewise.app.understand import Query

# Cosine below the best sentence: past FAR a sentence is on another matter; only within NEAR may one
# open or close the answer. Set by reading answers to questions of no test set, 2026-11-22.
FAR = 0.22
NEAR = 0.12
SHORT = ("fact", "trend")  # answered by the fact, without a verdict
ALIKE = 0.75  # cosine from which a second sentence only repeats the first in other words

Alike = Callable[[str, str], float]


def plan(
    query: Query, evidence: Sequence[Evidence], alike: Alike, *, sentences: int, facts: int
) -> list[Evidence]:
    """The evidence to say, in order: at most `sentences`, `facts` where a plain fact was asked.

    `alike` gives the cosine of two sentences by id, so that no sentence repeats another.
    """
    candidates = answering(query, evidence)
    if not candidates:
        return []
    opening = _opening(query, candidates)
    room = (facts if query.intent in SHORT else sentences) - 1
    return [opening, *_reasons(query, opening, candidates, room, alike)]


def answering(query: Query, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence on what was asked: on a named framework, where the question is about it.

    Who names one thing and asks which other to choose, or where to move, asks about the others.
    """
    about_others = query.intent in ("choose", "migrate") and len(query.frameworks) < 2
    named = [
        item for item in evidence if about_others or set(item.frameworks) & set(query.frameworks)
    ]
    return _near(named or list(evidence), FAR)


def _opening(query: Query, candidates: Sequence[Evidence]) -> Evidence:
    """The verdict that hears every framework asked about, else the first on the topic, else the best sentence."""
    if query.intent in SHORT:
        return candidates[0]
    leading = _near(candidates, NEAR)
    verdicts = [item for item in leading if item.role == "verdict" and _on_topic(item, query)]
    whole = next((v for v in verdicts if set(query.frameworks) <= set(v.frameworks)), None)
    return whole or next(iter(verdicts), candidates[0])


def _reasons(
    query: Query,
    opening: Evidence,
    candidates: Sequence[Evidence],
    room: int,
    alike: Alike,
) -> list[Evidence]:
    """What follows the opening: reasons with each framework heard, then when to choose otherwise."""
    rest = _fresh(candidates, [opening], alike)
    if query.intent in SHORT:
        return rest[:room]
    leading = _near(candidates, NEAR)
    closing = next((item for item in rest if item.role == "otherwise" and item in leading), None)
    rest = [item for item in rest if item is not closing]
    room -= closing is not None
    heard: list[Evidence] = []
    for framework in sorted(query.frameworks):
        unheard = framework not in {f for item in (opening, *heard) for f in item.frameworks}
        first = next((i for i in rest if framework in i.frameworks and i not in heard), None)
        if unheard and first is not None and len(heard) < room:
            heard.append(first)
    heard += [item for item in rest if item not in heard][: room - len(heard)]
    return [*heard, *([closing] if closing else [])]


def _on_topic(item: Evidence, query: Query) -> bool:
    """Whether a sentence may open the answer: it speaks on a criterion that the question names.

    Advice on migrating opens only an answer to a question about migrating.
    """
    if item.document.form == "migration" and query.intent != "migrate":
        return False
    return not query.criteria or bool(set(item.criteria) & set(query.criteria))


def _near(evidence: Sequence[Evidence], distance: float) -> list[Evidence]:
    """The evidence whose similarity to the question is at most `distance` below the best."""
    best = max((item.cosine for item in evidence), default=0.0)
    return [item for item in evidence if item.cosine >= best - distance]


def _fresh(ranked: Sequence[Evidence], said: Sequence[Evidence], alike: Alike) -> list[Evidence]:
    """The evidence in its order, without what repeats something before it or something said."""
    kept = list(said)
    for item in ranked:
        if all(item is not other and alike(item.id, other.id) < ALIKE for other in kept):
            kept.append(item)
    return kept[len(said) :]
