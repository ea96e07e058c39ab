"""A question and its history to a Query: frameworks, criteria, intent, time; reads the taxonomy only.

Step 1 of DESIGN.md section 5. Does not know what the corpus holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from framewise.app import scope
from framewise.app.intent import Intent, find_intent, wants_newest
from framewise.app.types import Answer, History
from framewise.corpus.errors import QuestionError
from framewise.corpus.markdown import visible_text
from framewise.corpus.taxonomy import Framework, Taxonomy

MAX_QUESTION_CHARS = 4_000
TYPO_SIMILARITY = (
    86  # rapidfuzz ratio; "pytroch" against "pytorch" is 86, "pandas" against "paddle" 50
)
MIN_TYPO_CHARS = 5
# Names that are also English words count only when written as names: with a capital inside a sentence,
# or beside another framework.
ENGLISH_NAMES = frozenset(
    "accelerate burn candle composer datasets flower flux gym ignite inductor metal ray stan "
    "tokenizers pl pt hip transformers".split()
)
# Field terms that are no misspelt names.
_TERMS = frozenset("transformer transformers tensor tensors dataset datasets".split())
_WORD = re.compile(r"[a-z0-9][a-z0-9.+/\-]*[a-z0-9+]|[a-z0-9]")
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
# How makers coin names: capitals inside, or a capital and a telling end; "internet" is neither.
_COINED = re.compile(
    r"\b[A-Z][a-z]+[A-Z][A-Za-z0-9]*\b|\b[A-Z][a-z]+(?:torch|flow|net)\b|\b[a-z]{3,}torch\b"
)
# … and what makes a coinage look like one of this field rather than of another.
_FIELD = re.compile(
    r"torch|flow|net|jax|ml|grad|lite|infer|learn|tensor|nn|ai|serve|train|model|deep|neur|mind|keras|"
    r"llm|quant|kernel|graph|diffus|former",
    re.IGNORECASE,
)
_COMMON_COINAGES = frozenset(
    "macbook javascript typescript github gitlab pycharm resnet alexnet imagenet mobilenet efficientnet "
    "alphafold randomforest fastapi youtube openai deepmind chatgpt powerpoint linkedin".split()
)
_ORDINALS = {"first": 0, "former": 0, "second": 1, "latter": 1, "third": 2}
# "TensorFlow Serving or Triton", "PTQ vs QAT"; a question word in front is no part of a name.
_NAME_RUN = r"[A-Z][\w.+/-]*(?: [A-Z][\w.+/-]*)*"
_OPTIONS = re.compile(
    rf"((?:\b(?:Is|Are|Should|Would|Does|Do|Can|Which|What|For|Use|Choose|Compare) )?)"
    rf"\b({_NAME_RUN})( (?:or|vs\.?|versus) )({_NAME_RUN})"
)
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
        and (scope.is_other_field(asked) or (scope.is_order(asked) and not criteria)),
        neutral=text if intent == "migrate" else in_fixed_order(text, taxonomy),
        unknowable=scope.is_unknowable(asked),
    )


def find_frameworks(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Taxonomy ids of the frameworks a text names exactly, in its order."""
    return tuple(dict.fromkeys(id for _, _, id in _named(text, taxonomy)))


def mentions(text: str, taxonomy: Taxonomy) -> list[str]:
    """The frameworks of a text in the order in which they are mentioned, with repeats."""
    return [id for _, _, id in sorted(_named(text, taxonomy))]


def asked_frameworks(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The frameworks a question is about: typos of long names count, hardware gives way to software."""
    named = list(_named(text, taxonomy))
    taken = [(start, end) for start, end, _ in named]
    found = {start: id for start, _, id in named} | dict(_typos(text.lower(), taken, taxonomy))
    return _software(dict.fromkeys(found[start] for start in sorted(found)), taxonomy)


def _software(ids: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """As "JAX on TPUs" asks about JAX: hardware is a subject only where nothing else is named."""
    named = tuple(ids)
    return tuple(id for id in named if not _is_hardware(id, taxonomy)) or named


def _named(text: str, taxonomy: Taxonomy) -> Iterable[tuple[int, int, str]]:
    ids = dict(_names(taxonomy))
    for match in _names_pattern(taxonomy).finditer(text.lower()):
        if _is_a_name(match.group(), text, match.start()):
            yield match.start(), match.end(), ids[match.group()]


@cache
def _names_pattern(taxonomy: Taxonomy) -> re.Pattern[str]:
    """All names in one pattern, longer ones first, so that "keras hub" is not "keras"."""
    names = "|".join(re.escape(name) for name, _ in _names(taxonomy))
    return re.compile(rf"(?<![\w.])(?:{names})(?!\w)")


def _is_hardware(id: str, taxonomy: Taxonomy) -> bool:
    framework = taxonomy.framework(id)
    return framework is not None and framework.group == "backend"


def find_criteria(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Taxonomy ids of the criteria a text speaks of, in its order."""
    ids = _keywords(taxonomy)
    matches = _keywords_pattern(taxonomy).finditer(text.lower())
    return tuple(dict.fromkeys(id for match in matches for id in ids[match.group(1)]))


def asked_criteria(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The criteria a question is about; typos of long keywords count."""
    exact = find_criteria(text, taxonomy)
    guessed = (id for _, id in _criterion_typos(text.lower(), taxonomy))
    return tuple(dict.fromkeys((*exact, *guessed)))


@cache
def _keywords(taxonomy: Taxonomy) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for criterion in taxonomy.criteria:
        for keyword in criterion.keywords:
            ids.setdefault(keyword, []).append(criterion.id)
    return ids


@cache
def _keywords_pattern(taxonomy: Taxonomy) -> re.Pattern[str]:
    words = sorted(_keywords(taxonomy), key=lambda word: (-len(word), word))
    return re.compile(
        rf"(?<![\w-])({'|'.join(re.escape(word) for word in words)})(?:s|es)?(?![\w-])"
    )


def _criterion_typos(lowered: str, taxonomy: Taxonomy) -> Iterable[tuple[int, str]]:
    from rapidfuzz import fuzz, process

    keywords = {
        key: criterion.id
        for criterion in taxonomy.criteria
        for key in criterion.keywords
        if len(key) > MIN_TYPO_CHARS and " " not in key
    }
    for match in _WORD.finditer(lowered):
        word = match.group().removesuffix("s")
        if len(word) <= MIN_TYPO_CHARS or word in _ordinary_words(taxonomy):
            continue
        best = process.extractOne(
            word, keywords.keys(), scorer=fuzz.ratio, score_cutoff=TYPO_SIMILARITY
        )
        if best is not None:
            yield match.start(), keywords[best[0]]


def in_fixed_order(text: str, taxonomy: Taxonomy) -> str:
    """The text with its options in an order of their own, so that naming one first moves nothing.

    The first mentions of the frameworks change places into the order of their ids; later mentions
    stay ("…, we know PyTorch already" says that of PyTorch). Then every "X or Y" of other
    capitalised names is put in alphabetical order.
    """
    named = list(_named(text, taxonomy))
    first: dict[str, tuple[int, int]] = {}
    for start, end, id in named:
        first.setdefault(id, (start, end))
    places = sorted(first.values())
    parts, at = [], 0
    for (start, end), id in zip(places, sorted(first), strict=True):
        told = first[id]
        parts += [text[at:start], text[told[0] : told[1]]]
        at = end
    return _OPTIONS.sub(_in_order, "".join([*parts, text[at:]]))


def _in_order(match: re.Match[str]) -> str:
    leading, one, between, other = match.groups()
    swapped = one.casefold() > other.casefold()
    return f"{leading}{other}{between}{one}" if swapped else match.group()


def find_unknown(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Names written like a framework's that the taxonomy does not know: "HyperTorch", "QuantumFlow 9"."""
    known = {name for name, _ in _names(taxonomy)}
    unknown = []
    for match in _COINED.finditer(text):
        name = match.group()
        part_of_known = any(name.lower() in other for other in known)
        if (
            name.lower() not in _COMMON_COINAGES
            and not part_of_known
            and not asked_frameworks(name, taxonomy)
            and len(name) > 4
            and _FIELD.search(name)
        ):
            unknown.append(name)
    return tuple(dict.fromkeys(unknown))


@cache
def _names(taxonomy: Taxonomy) -> tuple[tuple[str, str], ...]:
    """Every lower case spelling with its id, longest first."""
    pairs = {
        name.lower(): framework.id
        for framework in taxonomy.frameworks
        for name in (framework.id.replace("-", " "), *framework.names)
    }
    return tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def _is_a_name(name: str, text: str, start: int) -> bool:
    if name not in ENGLISH_NAMES:
        return True
    return text[start].isupper() and (start > 0 or len(text.split()) == 1)


def _typos(
    lowered: str, taken: list[tuple[int, int]], taxonomy: Taxonomy
) -> Iterable[tuple[int, str]]:
    from rapidfuzz import fuzz, process

    names = {
        name: id for name, id in _names(taxonomy) if len(name) >= MIN_TYPO_CHARS and " " not in name
    }
    for match in _WORD.finditer(lowered):
        word, inside = match.group(), any(s < match.end() and match.start() < e for s, e in taken)
        if inside or len(word) < MIN_TYPO_CHARS or word in _ordinary_words(taxonomy) | _TERMS:
            continue
        best = process.extractOne(
            word, names.keys(), scorer=fuzz.ratio, score_cutoff=TYPO_SIMILARITY
        )
        if best is None:
            swapped = [
                name for name in names if sorted(name) == sorted(word) and name[0] == word[0]
            ]
            best = (min(swapped), 100.0, 0) if swapped else None
        if best is not None and best[0] not in ENGLISH_NAMES:
            yield match.start(), names[best[0]]


@cache
def _ordinary_words(taxonomy: Taxonomy) -> frozenset[str]:
    """Words of the criteria: "torches" may be a typo, "training" is none."""
    words = {
        word
        for criterion in taxonomy.criteria
        for key in criterion.keywords
        for word in key.split()
    }
    return frozenset(
        words
        | {"chain", "spark", "keras'", "python", "pandas", "model", "models", "light", "fastapi"}
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
    frameworks = _software(dict.fromkeys((*before, *frameworks)), taxonomy)
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
    named, before = list(_named(asked, taxonomy)), list(_named(last, taxonomy))
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


def display_name(framework: Framework | None, id: str) -> str:
    """A framework's shown name, its id where the taxonomy does not have it."""
    return framework.name if framework is not None else id
