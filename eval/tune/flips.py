"""A claim to claims that say the opposite, in any domain; pure functions of text and seed.

Wider than `eval/contrast.py`, whose planted faults measure the verifier and stay apart from what trains it.
"""

from __future__ import annotations

import random
import re

# Either word for the other; endings are listed where they differ.
_OPPOSITES = """
increase decrease; increases decreases; increased decreased; increasing decreasing; higher lower; high low; more
less; more fewer; promotes inhibits; promote inhibit; promoted inhibited; improves worsens; improve worsen;
improved worsened; enhances reduces; enhance reduce; enhanced reduced; activates suppresses; activate suppress;
activated suppressed; activation inhibition; upregulated downregulated; upregulates downregulates; positive
negative; positively negatively; before after; gain loss; gains losses; large small; larger smaller; faster slower;
fast slow; rose fell; rises falls; greater lesser; better worse; best worst; stronger weaker; strong weak;
sensitive resistant; present absent; with without; most least; always never; major minor; dependent independent;
possible impossible; able unable; likely unlikely; early late; earlier later; long short; longer shorter; open
closed; free paid; active inactive; won lost; north south; northern southern; east west; eastern western; begins
ends; beginning end; easy hard; easier harder; newer older; new old; young elderly; common rare; commonly rarely;
often seldom; maximum minimum; all none; many few; prevents causes; prevent cause; prevented caused; protects
harms; allows forbids; accepted rejected; accept reject; success failure; successful unsuccessful; effective
ineffective; efficient inefficient; stable unstable; safe unsafe; simple complex; public private; internal
external; upper lower; above below; inside outside; start stop; started stopped; supported unsupported; maintained
archived; maintained unmaintained; stable experimental; recommended discouraged; required optional; requires
forbids; enabled disabled; available unavailable; included excluded; includes excludes; father mother; son
daughter; male female; men women; winter summer; rich poor; accelerates delays; accelerate delay; induces prevents;
induce prevent; facilitates blocks; facilitate block; deficiency abundance; necessary unnecessary
"""
_PAIRS = [tuple(pair.split()) for pair in " ".join(_OPPOSITES.split()).split(";") if pair.strip()]
_DENIALS = (
    (
        r"\b(is|are|was|were|can|could|will|would|should|does|do|did|has|have|had|may|might) (?!not\b)",
        r"\1 not ",
    ),
)
_AFFIRMATIONS = (
    (r"\bcannot\b", "can"),
    (r"\b(is|are|was|were|can|could|will|would|should|has|have|had|may|might) not\b", r"\1"),
    (r"\b(?:do|does|did) not (\w+)", r"\1"),
    (r"\bno longer\b", "still"),
    (r"\bhas no\b", "has a"),
    (r"\bhave no\b", "have a"),
    (r"\blacks?\b", "has"),
    (r"\bfails? to\b", "does"),
)
_VERBS = """
activate affect bind block cause contain control decrease depend drive enhance impair improve include increase
induce inhibit lack lead mediate need offer play prevent promote protect provide reduce regulate require result run
show suggest support trigger use work
""".split()
_THIRD_PERSON = re.compile(rf"\b({'|'.join(_VERBS)})s\b")


def opposites(claim: str, seed: int) -> list[str]:
    """Up to two claims that say the opposite: one by an opposite word, one by a negation put in or taken out."""
    draw = random.Random(f"{seed} {claim}")  # noqa: S311 - training data, not a secret
    made = [_by_word(claim, draw), _by_negation(claim)]
    return [text for text in dict.fromkeys(made) if text and text != claim]


def _by_word(claim: str, draw: random.Random) -> str:
    places = [
        (match, other)
        for one, two in _PAIRS
        for word, other in ((one, two), (two, one))
        for match in re.finditer(rf"\b{word}\b", claim, re.I)
    ]
    if not places:
        return ""
    match, other = draw.choice(places)
    word = other.capitalize() if match.group()[0].isupper() else other
    return claim[: match.start()] + word + claim[match.end() :]


def _by_negation(claim: str) -> str:
    for pattern, plain in _AFFIRMATIONS:
        changed = re.sub(pattern, plain, claim, count=1)
        if changed != claim:
            return changed
    for pattern, denied in _DENIALS:
        changed = re.sub(pattern, denied, claim, count=1)
        if changed != claim:
            return changed
    return _THIRD_PERSON.sub(r"does not \1", claim, count=1)
