"""What kind of answer a question wants: rules over its words; knows no framework by name."""

from __future__ import annotations

import re
from typing import Literal

Intent = Literal["choose", "compare", "fact", "trend", "migrate", "explain"]

# In the order in which they decide; a question may show several.
_MIGRATE = re.compile(
    r"\b(migrat\w*|port(ing|ed)?|move|moving (off|away|to|our|my|over)|switch(ing)? (from|over|to)|convert\w*|"
    r"where (to|(should|do|can|could) (i|we)) (go|move)|"
    r"upgrad(e|ing)|replac(e|es|ing|ement)|get (off|away from)|successor|rewrit\w*)\b"
)
_TREND = re.compile(
    r"\b(trend\w*|popular\w*|over (time|the (last|past)? ?years)|market share|growth|growing|grow(s|n)?|shrink\w*|"
    r"declin\w*|downloads?|stars|adoption|overt(ake|ook)\w*|overtaken|slow(ing|ed)? down|momentum|rarer|"
    r"losing|gaining|dying|how many (papers|systems|people|commits|contributors)|these days|share of)\b"
)
_NEED = re.compile(
    r"\b(which|what) (should|would|can|could|one|is the (best|right|safest|least|fastest))\b|"
    r"\bshould (i|we|my|our)\b|\bchoos(e|ing)\b|\brecommend\w*|\bbest\b|\bpick\b|\bgo with\b|\bsuggest\w*|"
    r"\boptions\b|\bstandardi[sz]e\b|\bor something else\b|\bwhat (do|can|should|would) (i|we|you)\b|"
    r"\b(which|what) (framewor\w*|librar\w*|program|language|kind of)\b|"
    r"\badvi[cs]e\b|\bsensible\b|\bgood (for|choice|fit)\b|\bwhich (framework"
    r"|library|runtime|tool|stack|engine|server)\b|"
    r"\b(i|we|my|our) (need|want|have to|must)\b|\bfastest\b.*\bpath\b|\bworth\b"
)
_FACT = re.compile(
    r"\b(latest|newest|last|current|next) (stable |official )?(\w+ )?(version|release)|\b(which|what) version\b|"
    r"\bwhen (was|were|did|is|will)\b|\blicen[cs]e[ds]?\b|\bopen.source\b|"
    r"\b(still|actively|being) (maintained|supported|developed|updated|alive|active)\b|"
    r"\b(maintained|abandoned|deprecated|discontinued|archived|dead|alive)\b|"
    r"^(does|do|can|is|are|has|have|did|was|were|who|how many|how big|how large)\b|"
    r"\b(which|what) (pythons?|python versions?|os|platforms?|backends?|npus?|gpus?|formats?|hardware|languages?)\b|"
    r"\bsupports?\b"
)
_EXPLAIN = re.compile(
    r"^(what (is|are|does|do)\b|explain|how (do|does|is|are)\b|why\b|wh?at'?s\b)|\bexplain\b|"
    r"\bi (do not|don.?t|dont) (get|understand)\b|\bin (simple|plain|easy) words\b|\bwhat .{0,30}\bmeans?\b|"
    r"\bdifference between\b"
)
_COMPARE = re.compile(
    r"\b(vs\.?|versus|against|compare[ds]?|comparison|differ\w*|(better|faster|slower|cheaper|easier|safer) (than|for)|"
    r"advantages? (of|over)|or|which one)\b|[A-Za-z]/[A-Za-z]"
)


def find_intent(text: str, n_frameworks: int) -> Intent:
    """The kind of answer that a stand-alone question wants.

    Args:
        text: the question.
        n_frameworks: how many frameworks it is about; a comparison needs two.
    """
    lowered = text.lower()
    needs = bool(_NEED.search(lowered))
    if _MIGRATE.search(lowered):
        return "migrate"
    if _TREND.search(lowered):
        return "trend"
    if n_frameworks > 1 and _COMPARE.search(lowered):
        return "compare"
    if _EXPLAIN.search(lowered) and not needs and not _asks_a_value(lowered):
        return "explain"
    if _FACT.search(lowered) and not needs:
        return "fact"
    if needs or n_frameworks != 1:
        return "compare" if n_frameworks > 1 and not needs else "choose"
    return "fact"


def wants_newest(text: str) -> bool:
    """Whether the current state is asked for, so that newer evidence goes first."""
    return bool(
        re.search(
            r"\b(latest|newest|last|current(ly)?|now|today|still|recent(ly)?|these days|as of)\b",
            text.lower(),
        )
    )


def _asks_a_value(lowered: str) -> bool:
    """Whether "what is …" asks for a value, such as a version, and not for an explanation."""
    return bool(
        re.search(r"\b(latest|newest|last|current|version|licen[cs]e|release|best)\b", lowered)
    )
