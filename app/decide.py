"""From the matrix and thresholds: answered, partial, conflict or refused; never from a model's mood.

Step 4 of DESIGN.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from framewise.app.content import content_words
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
    content words that the evidence holds, asked for below `sure_cosine`. Set on the development
    questions of eval/data, where the figures are printed by `framewise eval run`: out-of-domain
    questions reach cosines of .20 to .28, answerable ones .28 and more.
    """

    min_cosine: float = 0.30
    min_cosine_unnamed: float = 0.32
    min_overlap: float = 0.25
    sure_cosine: float = 0.50


@dataclass(frozen=True, slots=True)
class Decision:
    """The status and, in the program's own words, why it is not a plain answer.

    `confidence`, from 0 to 1, says how surely the evidence answers; 0 where no evidence could help.
    """

    status: Status
    notes: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    confidence: float = 0.0


# Questions of these kinds are about what they name; others name what they have and ask for more.
ABOUT_WHAT_IS_NAMED = ("fact", "trend", "explain")
SURE_SENTENCES = 5
NO_EVIDENCE = "Framewise found no source that answers this."


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
    gaps = (*_absences(gathered), *_gaps(query, gathered, taxonomy))
    if gathered.clashes:
        note = "The sources disagree on this: both sides are quoted with their dates."
        return Decision("conflict", (note, *gaps), gathered.clashes, sure)
    return Decision("partial" if gaps else "answered", gaps, confidence=sure)


def confidence(query: Query, gathered: Gathered) -> float:
    """How surely the evidence answers: the mean relevance of the five best sentences; 0 for what none can answer.

    Where no trained relevance was made, the best cosine. On gold-removal pairs of the development half
    (194 questions) the mean of five tells the pairs apart with an AUROC of .720, of three .705, the
    best alone .663, the best cosine .560; 2026-11-27.
    """
    hopeless = query.future or query.off_topic or query.unknowable or gathered.strangers
    if hopeless or not gathered.evidence:
        return 0.0
    weighed = [item.relevance for item in gathered.evidence if item.relevance is not None]
    if weighed:
        return sum(sorted(weighed, reverse=True)[:SURE_SENTENCES]) / SURE_SENTENCES
    return max(0.0, *(item.cosine for item in gathered.evidence))


def _refusal(query: Query, gathered: Gathered, config: DecisionConfig) -> str:
    if query.future:
        return "The question is about the future, on which no source can be checked."
    if query.off_topic:
        return "The question is not about machine-learning frameworks."
    if query.unknowable:
        return "The question asks for something that no public source holds."
    if gathered.strangers:
        names = ", ".join(gathered.strangers)
        return f"Framewise knows no framework called {names}, and no source describes it."
    if gathered.absent and query.intent in ABOUT_WHAT_IS_NAMED:
        return f"{NO_EVIDENCE} None mentions {', '.join(gathered.absent)}."
    if not gathered.evidence:
        return NO_EVIDENCE
    nearest = max(item.cosine for item in gathered.evidence)
    named = bool(query.frameworks or query.criteria)
    if nearest < (config.min_cosine if named else config.min_cosine_unnamed):
        return f"{NO_EVIDENCE} The nearest sources are on other matters."
    asked = content_words(query.text)
    held = {stem for item in gathered.evidence for stem in words(item.sentence.text)}
    near = nearest >= config.sure_cosine
    if asked and not near and len(asked & held) / len(asked) < config.min_overlap:
        return f"{NO_EVIDENCE} The nearest sources are on other matters."
    return ""


def _absences(gathered: Gathered) -> tuple[str, ...]:
    return tuple(f"No source mentions {name}." for name in gathered.absent)


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
