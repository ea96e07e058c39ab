"""Does the cited text say what the sentence says: a support score and hard rules; changes nothing.

Step 6 of DESIGN.md section 5. Without a trained scorer the score is lexical (the share of content words
that the cited text holds): an honest lower bound on trust, called "lexical support" and never "faithfulness".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from framewise.app.clauses import takes_whole_clauses
from framewise.app.constrain import numbers_in
from framewise.app.names import find_frameworks, mentions, named_in
from framewise.app.types import Verdict
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words

SUPPORTED = 0.85  # share of content words; below it a paraphrase is shown as partly supported
PARTLY = 0.6
_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be) (?:not |no longer |\w+ly )?(\w+ed)\b")
_NEGATION = re.compile(r"(not|no|never|without|neither|nor|cannot|lacks?|\w+n[\'’]t)")
_UN_WORDS = ("unsupported", "unmaintained", "unavailable", "unreleased")
_NEGATED_WORDS = 3  # how far a negation reaches: "does not run on Windows" denies run, on, Windows
_MORE = re.compile(
    r"\b(more|faster|better|larger|higher|easier|newer|greater|ahead|exceed\w*|above)\b", re.I
)
_LESS = re.compile(r"\b(less|fewer|slower|worse|smaller|lower|harder|older|behind|below)\b", re.I)
# What is typed into a computer: a code span, or a word with a sign inside.
_CODE = re.compile(r"`([^`]+)`")
_IDENTIFIER = re.compile(
    r"(?<![\w.])(?:[A-Za-z]\w*(?:\.[A-Za-z]\w*)+|\w+_\w+|[A-Za-z]\w*\[[\w,-]+\])"
)
_ADVICE = re.compile(
    r"(?<!not )(?<!never )(?<!n't )\b(?:choose|choosing|use|take|pick|prefer|try|adopt|start with|go with|begin with|"
    r"stay (?:on|with)|keep|move (?:on )?to|migrate to|switch to|port to|rewrite .{0,30}in|evaluate)\b([^,;:.]*)",
    re.I,
)
# Under which condition something is advised: before the advice, as its ground or its case, or behind it.
_CONDITION = re.compile(
    r"^(.*?), so (?:choose|use|take|pick|prefer|start with|keep|move|migrate|switch)\b|"
    r"^(?:For|On|In|With|When|If|Where|Among|To|From|As|Under|At)\b([^,]*),|"
    r"\b(?:when|if|unless|until|only)\b(.*?)(?:, because\b|[,;:.]|$)"
)
_CASE = re.compile(r"\b(?:when|if|where)\b", re.I)
_ADVISES = re.compile(
    r"\b(?:choose|use|take|pick|prefer|start with|keep|move|migrate|switch)\b", re.I
)
KEPT_CONDITION = 0.5  # share of its stems that a sentence must keep
_NAME = re.compile(r"\b[A-Z][\w.+-]*[A-Za-z0-9]\b")
_STARTERS = frozenset(  # words that begin a sentence and name nothing
    "A An The As In On At For From To By If When While With Without Yes No Choose Use And Or "
    "But Not Be It Its They Their This That These Those Neither Both Each Every Many Most Some Several Few "
    "One Two Three First Second Then There Here Only Also Even Still Since Because Although Though Until "
    "Unless Before After Between Across Among Of Into Over Under Keep Stay Start Take Pick Prefer Look Plan "
    "Expect Read Run Set Avoid Install Move Migrate Train Serve Where Which Who What How Why So Such Instead "
    "Today Now Old New Plain Probably Otherwise However Consider Check Make Try Switch Add Do Does You Your "
    "He She We Nothing Nobody Everything All Any Other Another Similarly Likewise Again Always Never Better "
    "Smaller Larger Faster Slower Lower Higher Newer Older Fewer Less More Usually Often Rarely Roughly "
    "Go Get Look Leave Let Expect Remember Note Mind Skip Drop Replace Convert Export Port Pin Write "
    "Prepare Watch Ask Build Deploy Measure Compare Test Begin Continue Wait Weigh Treat Rely Reach Rather "
    "Thus Hence Therefore Meanwhile Moreover Besides Further Furthermore Finally Currently Recently "
    "Typically Generally Strictly Officially Technically Alternatively Either Whether Whichever Whoever".split()
)
_REPLY = re.compile(
    r"^(?:yes|no|not really|usually not|not quite)[,:;] ", re.I
)  # to the question, not to the source


class Scorer(Protocol):
    """A trained judge of support; `supported` and `partly` are where its verdicts begin."""

    supported: float
    partly: float

    def score(self, claim: str, cited: Sequence[str]) -> float:
        """The probability, from 0 to 1, that the texts together say what the claim says."""


@dataclass(frozen=True, slots=True)
class Check:
    """How a sentence stands against what it cites; `broken` names the hard rules it breaks."""

    verdict: Verdict
    support: float
    broken: tuple[str, ...] = ()


def verify(
    sentence: str,
    cited: Sequence[str],
    taxonomy: Taxonomy,
    scorer: Scorer | None = None,
    *,
    shortened: bool = False,
) -> Check:
    """The verdict on a sentence against the union of the texts it cites.

    A sentence that a source says word for word is supported; one that breaks a hard rule never is,
    whatever `scorer` thinks of it. One that is `shortened` from what it cites must take whole clauses from there.
    """
    if not cited:
        return Check("unsupported", 0.0, ("no citation",))
    if any(flat(sentence) == flat(text) for text in cited):
        return Check("supported", 1.0)
    score = support(sentence, " ".join(cited))
    broken = hard_rules(sentence, cited, taxonomy)
    if shortened and not takes_whole_clauses(sentence, cited):
        broken = (*broken, "a clause is not whole")
    if broken or score < PARTLY:
        return Check("unsupported", score, broken)
    if scorer is None:
        return Check("supported" if score >= SUPPORTED else "partly", score)
    sure = scorer.score(sentence, cited)
    if sure < scorer.partly:
        return Check("unsupported", sure)
    return Check("supported" if sure >= scorer.supported else "partly", sure)


def support(sentence: str, cited: str) -> float:
    """The share of a sentence's stems that the cited text holds, from 0 to 1."""
    said = set(words(sentence))
    return len(said & set(words(cited))) / len(said) if said else 0.0


def hard_rules(sentence: str, cited: Sequence[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The rules a sentence breaks: numbers, names, negation, direction of a comparison.

    A number must stand in the cited text as it is written; thousands separators do not count. A
    proper name or framework must be named there, what is typed into a computer must stand there,
    what is advised must be advised there, frameworks that are named twice keep their places, the one that opens the
    sentence opens its source or has the same next word there, and what is done there is not said to be done to it.
    Negation and direction must agree with a single cited sentence, since in the union of two
    anything can be found.
    """
    return (*_untold(sentence, " ".join(cited), taxonomy), *_changed(sentence, cited, taxonomy))


def _untold(sentence: str, union: str, taxonomy: Taxonomy) -> list[str]:
    """What the sentence has and the cited texts have not: numbers, names, commands."""
    broken = []
    missing = {plain(n) for n in numbers_in(sentence)} - {plain(n) for n in numbers_in(union)}
    if missing:
        broken.append(f"number not in the source: {', '.join(sorted(missing))}")
    unnamed = sorted(_names(sentence) - _names(union) - set(_tokens(union)))
    strangers = set(find_frameworks(sentence, taxonomy)) - set(find_frameworks(union, taxonomy))
    if unnamed or strangers:
        broken.append(f"name not in the source: {', '.join([*unnamed, *sorted(strangers)])}")
    typed = [*_CODE.findall(sentence), *_IDENTIFIER.findall(sentence)]
    untold = sorted({code for code in typed if code.lower() not in union.lower()})
    if untold:
        broken.append(f"not typed so in the source: {', '.join(untold)}")
    return broken


def _changed(sentence: str, cited: Sequence[str], taxonomy: Taxonomy) -> list[str]:
    """What the sentence says otherwise than the cited texts: advice, places, subject, voice, negation, direction."""
    broken = []
    unadvised = advised(sentence, taxonomy) - set().union(*(advised(t, taxonomy) for t in cited))
    if unadvised:
        broken.append(f"advice not in the source: {', '.join(sorted(unadvised))}")
    if len(cited) == 1 and not _conditioned(sentence, cited[0]):
        broken.append("condition left out")
    if len(cited) == 1 and not _in_order(sentence, cited[0], taxonomy):
        broken.append("frameworks change places")
    if not _same_subject(sentence, cited, taxonomy):
        broken.append("the source says it of something else")
    if not _same_voice(sentence, " ".join(cited)):
        broken.append("active and passive are exchanged")
    if _circular(sentence) and not any(_circular(text) for text in cited):
        broken.append("its reason is what it says")
    if not any(_same_negation(sentence, text) for text in cited):
        broken.append("negation differs from the source")
    if _direction(sentence) and all(_turned(sentence, text, taxonomy) for text in cited):
        broken.append("comparison is turned round")
    return broken


def advised(text: str, taxonomy: Taxonomy) -> frozenset[str]:
    """The frameworks that a text tells its reader to choose, use or move to."""
    return frozenset(
        id for match in _ADVICE.finditer(text) for id in find_frameworks(match.group(1), taxonomy)
    )


def _conditioned(sentence: str, text: str) -> bool:
    """Whether a sentence keeps the condition that opens its source, and advice every condition.

    "For iPhone apps, convert models with X" must not come back as "Convert models with X". Of 222 true phrasings of
    our own 35 leave to the question what opens their source; they give way to it (2026-11-27).
    """
    said, advice = set(words(sentence)), bool(_ADVISES.search(text))
    for match in _CONDITION.finditer(text):
        stems = set(words("".join(filter(None, match.groups()))))
        counts = advice or match.start() == 0
        if counts and len(stems & said) < KEPT_CONDITION * len(stems):
            return False
        if match.start() == 0 and _CASE.match(text) and not _CASE.search(sentence):
            # "When `a` is False, look at `b`" must not come back as "Look at `a`".
            only_there = set(_CODE.findall(match.group())) - set(_CODE.findall(text[match.end() :]))
            if only_there & set(_CODE.findall(sentence)):
                return False
    return True


def _in_order(sentence: str, text: str, taxonomy: Taxonomy) -> bool:
    """Whether a sentence that mentions a framework twice, or more often than the text, keeps the text's order.

    "Choose A instead of B, because A …" must not come back as "Choose A instead of B, because B …".
    """
    said, told = mentions(sentence, taxonomy), mentions(text, taxonomy)
    if len(said) == len(set(said)):
        return True
    rest = iter(told)
    return all(id in rest for id in said)


def _same_subject(sentence: str, cited: Sequence[str], taxonomy: Taxonomy) -> bool:
    """Whether the framework that opens a sentence opens a cited text too, or is followed there by the same word.

    "PyTorch for ROCm runs most code" must not come back as "ROCm runs most code". Of 1,347 true phrasings of our own
    6 break this (2026-11-27).
    """
    opening = min(named_in(sentence, taxonomy), default=None)
    if opening is None or opening[0] > 0:
        return True
    _, end, id = opening
    after = words(sentence[end:])[:1]
    for text in cited:
        told = sorted(named_in(text, taxonomy))
        if told and told[0][2] == id:
            return True
        if any(other == id and words(text[to:])[:1] == after for _, to, other in told):
            return True
    return False


def _circular(sentence: str) -> bool:
    """Whether what stands behind "because" says nothing that does not stand before it."""
    before, because, reason = sentence.partition(" because ")
    return bool(because) and set(words(reason)) <= set(words(before))


def _same_voice(sentence: str, union: str) -> bool:
    """Whether "was announced" is not made of "announced"; 4 of 117 true phrasings of our own with a passive are."""
    told, held = set(_PASSIVE.findall(union)), set(_tokens(union))
    return not any(verb in held and verb not in told for verb in _PASSIVE.findall(sentence))


def flat(text: str) -> str:
    """The text on one line, single-spaced."""
    return " ".join(text.split())


def plain(number: str) -> str:
    """A number without thousands separators: "22,923,696" is "22923696"."""
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", number)


def _names(text: str) -> set[str]:
    return {name.lower() for name in _NAME.findall(text) if name not in _STARTERS}


def _tokens(text: str) -> list[str]:
    return re.findall(r"[\w.+-]*\w", text.lower())


def _same_negation(sentence: str, text: str) -> bool:
    """Whether what the sentence denies is denied in the text, and nothing it affirms is."""
    sentence = _REPLY.sub("", sentence)
    said, told = negated_stems(sentence), negated_stems(text)
    affirmed = set(words(sentence)) - said
    return (not said or bool(said & told)) and not affirmed & told


def negated_stems(text: str) -> set[str]:
    """The stems of the words that a negation denies."""
    found: set[str] = set()
    tokens = re.findall(r"[\w.+\-'’]*[\w]", text.lower())
    for position, token in enumerate(tokens):
        if _NEGATION.fullmatch(token):
            found.update(words(" ".join(tokens[position + 1 : position + 1 + _NEGATED_WORDS])))
        elif token in _UN_WORDS:
            found.update(words(token.removeprefix("un")))
    return found


def _direction(text: str) -> int:
    return bool(_MORE.search(text)) - bool(_LESS.search(text))


def _turned(sentence: str, text: str, taxonomy: Taxonomy) -> bool:
    """Whether the same two frameworks stand in the other order, or the direction word is the opposite.

    What only the sentence compares is turned where it says "than"; without it, "more" may count and
    "behind" may stand for a place, and the support score decides.
    """
    said, told = find_frameworks(sentence, taxonomy), find_frameworks(text, taxonomy)
    shared = [id for id in said if id in told][:2]
    same_order = len(shared) < 2 or told.index(shared[0]) < told.index(shared[1])
    same_way = _direction(sentence) == _direction(text)
    return same_order != same_way if _direction(text) else " than " in sentence
