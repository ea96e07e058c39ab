"""From the matrix and thresholds: answered, partial, conflict or refused; never from a model's mood.

Step 4 of DESIGN.md section 5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from framewise.app.evidence import Gathered
from framewise.app.types import Status
from framewise.app.understand import Query, display_name
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """Where evidence is enough.

    `min_cosine`: the best sentence of a question that names a known framework or criterion;
    `min_cosine_unnamed`: of one that names neither; `min_overlap`: the share of the question's
    content words that the evidence holds. Set on the development questions of eval/data, where
    the figures are printed by `framewise eval run`.
    """

    min_cosine: float = 0.38
    min_cosine_unnamed: float = 0.42
    min_overlap: float = 0.25


@dataclass(frozen=True, slots=True)
class Decision:
    """The status and, in the program's own words, why it is not a plain answer.

    `confidence`, from 0 to 1, says how near the evidence is; 0 where no evidence could help.
    """

    status: Status
    notes: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    confidence: float = 0.0


NO_EVIDENCE = "Framewise found no source that answers this."
_STOP = frozenset(
    "what which who whom whose when where why how do does did can could should would may "
    "might is are was were be been am i me my we our you your he she one ones any some much "
    "many more most best good better need want use using used make get about between there "
    "than too very just really please tell give say says still ever yet now today choose pick "
    "recommend vs versus or and".split()
)


def decide(
    query: Query,
    gathered: Gathered,
    taxonomy: Taxonomy,
    *,
    config: DecisionConfig | None = None,
) -> Decision:
    """What the evidence allows.

    Refused: a question about the future, about a name nobody knows, or without evidence near
    enough. Conflict: two sentences on one matter that contradict each other. Partial: a cell of
    framework × criterion without a source.
    """
    config = config or DecisionConfig()
    sure = confidence(query, gathered)
    reason = _refusal(query, gathered, config)
    if reason:
        return Decision("refused", (reason,), confidence=sure)
    gaps = _gaps(query, gathered, taxonomy)
    if gathered.clashes:
        note = "The sources disagree on this: both sides are quoted with their dates."
        return Decision("conflict", (note, *gaps), gathered.clashes, sure)
    return Decision("partial" if gaps else "answered", gaps, confidence=sure)


def confidence(query: Query, gathered: Gathered) -> float:
    """How near the evidence is to the question: the best cosine; 0 for what none can answer."""
    if query.future or query.off_topic or query.unknown or not gathered.evidence:
        return 0.0
    return max(0.0, *(item.cosine for item in gathered.evidence))


def content_words(text: str) -> set[str]:
    """The stems of a question that carry its meaning."""
    plain = [word for word in re.findall(r"[\w.+#-]+", text.lower()) if word not in _STOP]
    return set(words(" ".join(plain)))


def _refusal(query: Query, gathered: Gathered, config: DecisionConfig) -> str:
    if query.future:
        return "The question is about the future, on which no source can be checked."
    if query.off_topic:
        return "The question is not about machine-learning frameworks."
    if query.unknown:
        names = ", ".join(query.unknown)
        return f"Framewise knows no framework called {names}, and no source describes it."
    if not gathered.evidence:
        return NO_EVIDENCE
    nearest = max(item.cosine for item in gathered.evidence)
    named = bool(query.frameworks or query.criteria)
    if nearest < (config.min_cosine if named else config.min_cosine_unnamed):
        return f"{NO_EVIDENCE} The nearest sources are on other matters."
    asked = content_words(query.text)
    held = {stem for item in gathered.evidence for stem in words(item.sentence.text)}
    if asked and len(asked & held) / len(asked) < config.min_overlap:
        return f"{NO_EVIDENCE} The nearest sources are on other matters."
    return ""


def _gaps(query: Query, gathered: Gathered, taxonomy: Taxonomy) -> tuple[str, ...]:
    gaps = []
    for (framework, criterion), ids in gathered.matrix.items():
        if ids:
            continue
        name = display_name(taxonomy.framework(framework), framework)
        topic = taxonomy.criterion(criterion)
        about = f" on {topic.name.lower()}" if topic is not None else ""
        gaps.append(f"No source was found for {name}{about}.")
    return tuple(gaps)
