"""From the matrix and thresholds: answered, partial, conflict or refused; never from a model's mood.

Step 4 of DESIGN.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from framewise.app.content import content_words
from framewise.app.gather import Gathered
from framewise.app.names import display_name
from framewise.app.types import Status
from framewise.app.understand import Query
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words

# Probabilities below which a question is refused, and below which an answer says that it may miss the point. Of
# questions by writers whom the weights never saw, .125 refuses 61% of those to refuse, 4% of look-alikes, 2% of
# unprompted and 2% of training questions (n 654, 323, 1034, 515; 2026-11-28); the rules alone 29%, 3%, - and 2% of
# the sets before (n 537, 294, -, 515; 2026-11-27).
MIN_ANSWERABLE, SURELY_ANSWERABLE = 0.125, 0.4


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """Where evidence is enough.

    `min_answerable`: the trained probability that the evidence answers; below `surely_answerable` the answer says
    that it may miss the point. The others stand in where there is none:
    `min_cosine`: the best sentence of a question that names a known framework or criterion; `min_cosine_unnamed`:
    of one that names neither; `min_overlap`: the share of the question's content words that the evidence holds,
    asked for below `sure_cosine`. Set on the questions of eval/tune/data with the embedded encoder: the nearest
    sentence of questions on other fields has a median cosine of .41 (quartiles .36 and .46), that of 99% of the
    training questions .44 or more.
    """

    min_answerable: float = MIN_ANSWERABLE
    surely_answerable: float = SURELY_ANSWERABLE
    min_cosine: float = 0.38
    min_cosine_unnamed: float = 0.40
    min_overlap: float = 0.25
    sure_cosine: float = 0.56


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
DOUBT = "The sources that were found may not answer exactly this question."
ELSEWHERE = f"{NO_EVIDENCE} The nearest sources are on other matters."


def decide(
    query: Query,
    gathered: Gathered,
    taxonomy: Taxonomy,
    *,
    likely: float | None = None,
    config: DecisionConfig | None = None,
) -> Decision:
    """What the evidence allows; `likely` is the trained probability that it answers, where there is one.

    Refused: a name nobody knows, another field, what no public source holds, and what the evidence probably does not
    answer; without `likely` also the future, and evidence that is not near enough. Conflict: two sentences on one
    matter that contradict each other. Partial: a cell of framework × criterion without a source.
    """
    config = config or DecisionConfig()
    sure = confidence(query, gathered)
    reason = _refusal(query, gathered, likely, config)
    if reason:
        return Decision("refused", (reason,), confidence=sure)
    gaps = (*_absences(gathered), *_gaps(query, gathered, taxonomy))
    doubts = (DOUBT,) if likely is not None and likely < config.surely_answerable else ()
    if gathered.clashes:
        note = "The sources disagree on this: both sides are quoted with their dates."
        return Decision("conflict", (note, *gaps, *doubts), gathered.clashes, sure)
    return Decision("partial" if gaps else "answered", (*gaps, *doubts), confidence=sure)


def confidence(query: Query, gathered: Gathered) -> float:
    """How surely the evidence answers: the mean relevance of the five best sentences; 0 for what none can answer.

    Where no trained relevance was made, the best cosine. On gold-removal pairs of the development half (194 questions)
    the mean of five tells the pairs apart with an AUROC of .653, the probability that decides on refusal with .576,
    since a question's own vector says nothing of what was taken away; 2026-11-27.
    """
    hopeless = query.future or query.off_topic or query.unknowable or gathered.strangers
    if hopeless or not gathered.evidence:
        return 0.0
    weighed = [item.relevance for item in gathered.evidence if item.relevance is not None]
    if weighed:
        return sum(sorted(weighed, reverse=True)[:SURE_SENTENCES]) / SURE_SENTENCES
    return max(0.0, *(item.cosine for item in gathered.evidence))


def _refusal(query: Query, gathered: Gathered, likely: float | None, config: DecisionConfig) -> str:
    """Why the question is refused; empty where it is not."""
    if likely is None:
        return _ruled_out(query, gathered) or _too_far(query, gathered, config)
    hopeless = query.off_topic or query.unknowable or gathered.strangers or not gathered.evidence
    if likely >= config.min_answerable and not hopeless:
        return ""
    return _ruled_out(query, gathered) or ELSEWHERE


def _ruled_out(query: Query, gathered: Gathered) -> str:
    """What the rules say no evidence can answer."""
    if query.future:
        return "The question is about the future, on which no source can be checked."
    if query.off_topic:
        return "The question is not about machine-learning frameworks."
    if query.unknowable:
        return "The question asks for something that no public source holds."
    if gathered.strangers:
        names = ", ".join(gathered.strangers)
        return f"Framewise knows no framework called {names}, and no source describes it."
    if gathered.ahead:
        return f"{NO_EVIDENCE} {' '.join(map(str, gathered.ahead))}"
    if gathered.absent and query.intent in ABOUT_WHAT_IS_NAMED:
        return f"{NO_EVIDENCE} None mentions {', '.join(gathered.absent)}."
    return "" if gathered.evidence else NO_EVIDENCE


def _too_far(query: Query, gathered: Gathered, config: DecisionConfig) -> str:
    """What similarity and shared words say of the evidence."""
    nearest = max(item.cosine for item in gathered.evidence)
    named = bool(query.frameworks or query.criteria)
    if nearest < (config.min_cosine if named else config.min_cosine_unnamed):
        return ELSEWHERE
    asked = content_words(query.text)
    held = {stem for item in gathered.evidence for stem in words(item.sentence.text)}
    near = nearest >= config.sure_cosine
    if asked and not near and len(asked & held) / len(asked) < config.min_overlap:
        return ELSEWHERE
    return ""


def _absences(gathered: Gathered) -> tuple[str, ...]:
    unknown = (str(ahead) for ahead in gathered.ahead)
    return (*(f"No source mentions {name}." for name in gathered.absent), *unknown)


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
