"""Which sentences may be quoted: statements; not questions, echoes of the question, or orders.

A user's own documents are hostile until shown otherwise (SECURITY.md). The patterns are a floor,
not a promise: whatever passes is still only quoted with its source, never obeyed.
"""

from __future__ import annotations

import re

ECHO_WORDS = 6  # of a question in a row; a shorter question counts whole
_QUESTION = re.compile(r"\?[\"'”’)\]\s]*$")
_TARGETS = (
    r"(?:instructions?|rules?|prompts?|context|guidelines|anweisungen|consignes|instrucciones)"
)
_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:ignore|disregard|forget|override|bypass|ignoriere\w*|ignorez|ignora)\b[^.]{{0,60}}\b{_TARGETS}\b",
        r"<\|[^|]*\|>|\[/?INST\]|<</?SYS>>|^\s*(?:system|assistant|user)\s*:",
        r"\b(?:begin|end|start|finish|prefix|close)\b[^.]{0,30}\b(?:your|the|every|each)\s+(?:answer|reply|response|output)\b",
        r"\b(?:every|each|your|the|this|any)\s+(?:answer|reply|response)\s+(?:has|have|must|should|needs?|shall|will)\b",
        r"\b(?:answer|reply|respond|antworte\w*|répond\w*|responde)\s+(?:only|just|nur|with|mit|avec|con|seulement|solo)\b",
        r"\ba n s w e r\b",
        r"\b(?:print|output|repeat|write|say|show|insert|append|include|reveal)\b[^.]{0,60}"
        r"\b(?:in|at|to|with|before|after)\b[^.]{0,30}\b(?:answer|reply|response|chat)\b",
        r"\bcall the (?:tool|function)\b|\"tool\"\s*:",
        r"\b(?:the )?(?:reader|user|visitor)s? (?:must|should|has to|have to) (?:visit|open|click|go to|enter|log)\b",
        r"\byou (?:are now|must now|will now|have to pretend)\b|\bpretend (?:to be|that you)\b",
        r"!\[[^\]]*\]\(|\]\(\s*(?:javascript|data|vbscript):",
        r"^\s*(?:question|answer|q|a)\s*:|\b(?:question|answer)\s*:\s",
        r"\[\d+\]\s*\[\d+\]|\bsource \[\d+\]",
    )
)


def is_statement(text: str, question: str, *, trusted: bool) -> bool:
    """Whether a sentence says something that may be quoted.

    Args:
        text: the sentence.
        question: what was asked; a sentence that only repeats it says nothing.
        trusted: whether it stands in the shipped corpus, which is read before it is shipped;
            any other text is also held against the patterns of orders.
    """
    if _QUESTION.search(text):
        return False
    return trusted or not (_is_order(text) or _echoes(text, question))


def _is_order(text: str) -> bool:
    return any(pattern.search(text) for pattern in _ORDERS)


def _echoes(text: str, question: str) -> bool:
    """Whether the sentence is the question, a part of it, or holds a run of `ECHO_WORDS` of its words."""
    said, asked = (re.findall(r"\w+", t.lower()) for t in (text, question))
    whole = f" {' '.join(said)} "
    runs = (asked[at : at + ECHO_WORDS] for at in range(max(1, len(asked) - ECHO_WORDS + 1)))
    return whole in f" {' '.join(asked)} " or any(f" {' '.join(run)} " in whole for run in runs)
