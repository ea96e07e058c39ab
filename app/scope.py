"""What no corpus of ours can answer: the future, other fields, private numbers, orders to the program.

Rules over a question's words; knows neither frameworks nor evidence.
"""

from __future__ import annotations

import re

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_PREDICTS = re.compile(
    r"\b(?:will|won'?t|going to|gonna|predict\w*|forecast\w*|foresee\w*|expected to|by the year)\b"
)
_AHEAD = re.compile(
    r"\b(?:next (?:year|decade)|in the future|years from now|in (?:\d+|two|three|five|ten|twenty) years|someday)\b"
)
_FORESEES = re.compile(
    r"\bwill (?:[\w.]+ ){1,4}?(?:win|dominate|replace|overtake|die|disappear|survive|be released)\b|"
    r"\b(?:when|who|(?:what|which)(?: \w+){0,3}) will\b|"
    r"\bgoing to (?:win|replace|die|overtake)\b|\bwill have (?:replaced|won|died|overtaken)\b"
)
_OTHER_FIELDS = re.compile(
    r"\b(?:stocks?|share price|earnings|invest(?:ing|ment)?|weather|recipes?|cook(?:ing)?|bak(?:e|ing)|"
    r"painkillers?|horoscope|lottery)\b"
)
# What nobody publishes of frameworks: pay, staff, what one company does inside.
_UNKNOWABLE = re.compile(
    r"\b(?:salar(?:y|ies)|wages?|employees|headcount|revenue|profit|gpu.hours|internally|"
    r"(?:does|do|did) our (?:team|company|group|department)\b[^.?]{0,40}\buse|exact (?:day|date))\b"
)
_ORDERS = re.compile(
    r"\b(?:hidden|system|secret) (?:instructions?|prompts?)\b|\bwithout restrictions\b|\bjailbreak\b|"
    r"\byour (?:instructions|prompt|rules|guidelines)\b"
)


# Tasks rather than questions: "write me a script", "Can you translate this".
_TASKS = re.compile(
    r"^\W*(?:(?:please|pls|hey|hi|can you|can u|could you) )*(?:write|generate|translate|compose|summari[sz]e|fix|"
    r"debug|draft|correct|rewrite|convert|act|pretend|play|solve|proofread|build|code)\b|"
    r"\b(?:poem|essay|unit tests?|dockerfile|my code|stack ?trace|traceback)\b|\berror:"
)


def is_future(text: str, this_year: int) -> bool:
    """Whether a question asks what is to come; a year ahead alone may be only a requirement."""
    lowered = text.lower()
    ahead = any(int(year) > this_year for year in _YEAR.findall(lowered))
    predicts = bool(_PREDICTS.search(lowered))
    return bool(_FORESEES.search(lowered)) or (predicts and (ahead or bool(_AHEAD.search(lowered))))


def is_other_field(text: str) -> bool:
    """Whether a question is plainly about another field of life."""
    return bool(_OTHER_FIELDS.search(text.lower()))


def is_unknowable(text: str) -> bool:
    """Whether a question asks for a number or a fact that no public source holds."""
    return bool(_UNKNOWABLE.search(text.lower()))


def is_order(text: str) -> bool:
    """Whether a question is about the program's own rules rather than about frameworks."""
    return bool(_ORDERS.search(text.lower()))


def is_task(text: str) -> bool:
    """Whether something is to be made rather than answered."""
    return bool(_TASKS.search(text.lower()))


def names_in(text: str) -> tuple[str, ...]:
    """Proper names inside a question, in its order: capitalised words that do not begin a sentence."""
    found = re.findall(r"(?<=[a-z0-9,;:)\"'] )[\"'(]?([A-Z][a-zA-Z0-9]{3,})\b", text)
    return tuple(dict.fromkeys(found))
