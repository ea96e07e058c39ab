"""A question and its history to a Query: frameworks, criteria, intent, time; reads the taxonomy only.

Step 1 of DESIGN.md section 5. Does not know what the corpus holds.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from framewise.app import scope
from framewise.app.intent import Intent, find_intent, wants_newest
from framewise.app.names import (
    asked_criteria,
    asked_frameworks,
    display_name,
    find_unknown,
    in_fixed_order,
    named_in,
    software_of,
)
from framewise.app.types import Answer, History
from framewise.corpus.errors import QuestionError
from framewise.corpus.markdown import visible_text
from framewise.corpus.taxonomy import Taxonomy

MAX_QUESTION_CHARS = 4_000
_OPENS_ON = re.compile(
    r"^(and|but|so|what about|how about|yes|no|ok|okay|good|great|fine|thanks|thank you|then|same|what if|in that case|"
    r"what would change)\b",
    re.IGNORECASE,
)
_SAME = re.compile(r"^(the )?same( question| thing)?\b", re.IGNORECASE)
# "And TensorRT?", "how about jax": the last question again, about another framework.
_ANOTHER = re.compile(
    r"^(and|or|what about|how about|and what about|and how about)\b", re.IGNORECASE
)
_FOLLOW_UP = re.compile(
    r"^(and|but|or|so|what about|how about|why|why not|yes|no|ok|okay|really|then)\b|"
    r"\b(it|its|they|them|their|that one|this one|the (first|second|third|other|former|latter)( one)?|those|these)\b|"
    r"\bof the two\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "former": 0, "second": 1, "latter": 1, "third": 2}
_BARE_ASSENT = re.compile(
    r"^(yes|yep|sure|ok|okay|please|go on|continue)\b[\s,.!please]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is being asked, on its own.

    `frameworks` and `criteria` are taxonomy ids in the order of the question; `unknown` are names
    of things that look like frameworks and are not in the taxonomy, `names` all proper names in it;
    `future` is set where the question is about a time to come, `off_topic` where it is plainly
    about another field, `neutral` is the text with compared names in alphabetical order, so that
    the order of the options moves no verdict; `unknowable` is set where no public source can know the answer.
    """

    question: str
    text: str
    frameworks: tuple[str, ...]
    criteria: tuple[str, ...]
    intent: Intent
    unknown: tuple[str, ...] = ()
    since: str = ""
    future: bool = False
    off_topic: bool = False
    unknowable: bool = False
    neutral: str = ""
    names: tuple[str, ...] = ()

    @property
    def wants_newest(self) -> bool:
        """Whether the current state is asked for, so that newer evidence goes first."""
        return wants_newest(self.text)


def check_question(question: str) -> str:
    """The question, cleaned of control and invisible characters.

    Raises:
        QuestionError: not text, empty, or over 4,000 characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"the question is {type(question).__name__}, not text.")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(question)} characters; at most {MAX_QUESTION_CHARS} are read.",
            fix="Ask it shorter.",
        )
    text = " ".join(visible_text(unicodedata.normalize("NFC", question)).split())
    if not any(char.isalnum() for char in text):
        raise QuestionError(
            "the question is empty.", fix='Ask for example "PyTorch or JAX for TPUs?"'
        )
    return text


def understand(question: str, history: History, taxonomy: Taxonomy, today: str) -> Query:
    """The question with its references resolved against the history, and what it is about.

    Args:
        question: as typed.
        history: earlier turns, oldest first.
        taxonomy: the names that are known.
        today: ISO date; later years make a question one about the future.

    Raises:
        QuestionError: as `check_question`.
    """
    asked = check_question(question)
    frameworks = asked_frameworks(asked, taxonomy)
    criteria = asked_criteria(asked, taxonomy)
    text = asked
    if history and _is_follow_up(asked, frameworks):
        text, frameworks, criteria = _resolve(asked, frameworks, criteria, history, taxonomy)
    intent = find_intent(text, len(frameworks))
    return Query(
        question=asked,
        text=text,
        frameworks=frameworks,
        criteria=criteria,
        intent=intent,
        unknown=find_unknown(text, taxonomy),
        since=_since(text),
        names=scope.names_in(asked),
        future=scope.is_future(asked, int(today[:4])),
        off_topic=not frameworks
        and (
            # One matter of ours in it may be chance ("nvidia stock"), two are not.
            (scope.is_other_field(asked) and len(criteria) < 2)
            or (scope.is_order(asked) and not criteria)
        ),
        neutral=text if intent == "migrate" else in_fixed_order(text, taxonomy),
        unknowable=scope.is_unknowable(asked),
    )


def _is_follow_up(text: str, frameworks: tuple[str, ...]) -> bool:
    if _OPENS_ON.search(text) or (_FOLLOW_UP.search(text) and len(text.split()) <= 14):
        return len(frameworks) < 2
    return not frameworks and len(text.split()) <= 5


def _resolve(
    asked: str,
    frameworks: tuple[str, ...],
    criteria: tuple[str, ...],
    history: History,
    taxonomy: Taxonomy,
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A follow-up on its own: what it leaves out is taken from the turns before, newest first."""
    asked_before = [_asked(turn) for turn in history if _asked(turn)]
    last = asked_before[-1] if asked_before else ""
    if _BARE_ASSENT.match(asked):
        return last or asked, asked_frameworks(last, taxonomy), asked_criteria(last, taxonomy)
    if _SAME.match(asked):
        text = f"{last} {asked}"
        return text, asked_frameworks(text, taxonomy), asked_criteria(text, taxonomy)
    again = _about_another(asked, frameworks, last, taxonomy)
    if again:
        return again, frameworks, asked_criteria(again, taxonomy)
    before: tuple[str, ...] = ()
    for earlier in reversed(asked_before):
        before = asked_frameworks(earlier, taxonomy)
        if before:
            break
    ordinal = re.search(r"\bthe (first|second|third|former|latter)\b", asked.lower())
    if ordinal and len(before) > _ORDINALS[ordinal.group(1)]:
        before = (before[_ORDINALS[ordinal.group(1)]],)
    frameworks = software_of(dict.fromkeys((*before, *frameworks)), taxonomy)
    criteria = criteria or asked_criteria(last, taxonomy)
    names = [f.name for id in before if (f := taxonomy.framework(id)) is not None]
    topics = [c.name for id in criteria if (c := taxonomy.criterion(id)) is not None]
    text = f"{' or '.join(names)}: {asked}" if names else asked
    if not asked_criteria(asked, taxonomy) and topics:
        text = f"{text} ({', '.join(topics)})"
    if not names and not topics:
        text = f"{asked} ({last})" if last else asked
    return text, frameworks, criteria


def _about_another(asked: str, frameworks: tuple[str, ...], last: str, taxonomy: Taxonomy) -> str:
    """The last question with its one framework replaced by the one that is all the follow-up names; else empty."""
    named, before = list(named_in(asked, taxonomy)), list(named_in(last, taxonomy))
    if not _ANOTHER.match(asked) or len(frameworks) != 1 or len(before) != 1 or len(named) != 1:
        return ""
    (start, end, id), (from_, to, old) = named[0], before[0]
    left = _ANOTHER.sub("", f"{asked[:start]} {asked[end:]}").strip(" ?!.,'’s")
    if left or id == old:
        return ""
    return f"{last[:from_]}{display_name(taxonomy.framework(id), id)}{last[to:]}"


def _asked(turn: object) -> str:
    if isinstance(turn, Answer):
        return turn.standalone_question or turn.question
    if isinstance(turn, dict) and turn.get("role") == "user":
        return str(turn["content"])[:MAX_QUESTION_CHARS]
    return ""


def _since(text: str) -> str:
    match = re.search(
        r"\b(?:since|after|newer than)\s+((?:19|20)\d{2}(?:-\d{2}){0,2})\b", text.lower()
    )
    return match.group(1) if match else ""
