"""The frameworks and criteria that a text names: exactly, misspelt, coined; reads the taxonomy only.

Does not know what is asked of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from framewise.corpus.taxonomy import Framework, Taxonomy

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
# "TensorFlow Serving or Triton", "PTQ vs QAT"; a question word in front is no part of a name.
_NAME_RUN = r"[A-Z][\w.+/-]*(?: [A-Z][\w.+/-]*)*"
_OPTIONS = re.compile(
    rf"((?:\b(?:Is|Are|Should|Would|Does|Do|Can|Which|What|For|Use|Choose|Compare) )?)"
    rf"\b({_NAME_RUN})( (?:or|vs\.?|versus) )({_NAME_RUN})"
)


_PAIRS = (
    "faster slower|better worse|easier harder|larger smaller|more less|newer older|lighter heavier"
)
_TURNED = {
    word: other
    for pair in _PAIRS.split("|")
    for word, other in (pair.split(), reversed(pair.split()))
}
_THAN = re.compile(rf"\b(?:{'|'.join(_TURNED)})(?=[^.?!]*\bthan\b)", re.IGNORECASE)


def find_frameworks(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Taxonomy ids of the frameworks a text names exactly, in its order."""
    return tuple(dict.fromkeys(id for _, _, id in named_in(text, taxonomy)))


def mentions(text: str, taxonomy: Taxonomy) -> list[str]:
    """The frameworks of a text in the order in which they are mentioned, with repeats."""
    return [id for _, _, id in sorted(named_in(text, taxonomy))]


def asked_frameworks(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The frameworks a question is about: typos of long names count, hardware gives way to software."""
    named = list(named_in(text, taxonomy))
    taken = [(start, end) for start, end, _ in named]
    found = {start: id for start, _, id in named} | dict(_typos(text.lower(), taken, taxonomy))
    return software_of(dict.fromkeys(found[start] for start in sorted(found)), taxonomy)


def software_of(ids: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """As "JAX on TPUs" asks about JAX: hardware is a subject only where nothing else is named."""
    named = tuple(ids)
    return tuple(id for id in named if not _is_hardware(id, taxonomy)) or named


def named_in(text: str, taxonomy: Taxonomy) -> Iterable[tuple[int, int, str]]:
    """Each exact name of a framework: where it begins and ends, and the framework's id."""
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

    The first mentions of the frameworks change places into the order of their ids, "PyTorch MPS" as one; later
    mentions stay ("…, we know PyTorch already" says that of PyTorch). "X slower than Y" is turned round where X and Y
    change places. Then every "X or Y" of other capitalised names is put in alphabetical order.
    """
    options = _options(text, taxonomy)
    ordered = sorted(options, key=lambda option: option[2])
    parts, at = [], 0
    for (start, end, _), (from_, to, _) in zip(options, ordered, strict=True):
        parts += [text[at:start], text[from_:to]]
        at = end
    fixed = "".join([*parts, text[at:]])
    if len(options) == 2 and ordered != options:
        fixed = _THAN.sub(lambda match: _TURNED[match[0].lower()], fixed, count=1)
    return _OPTIONS.sub(_in_order, fixed)


def _options(text: str, taxonomy: Taxonomy) -> list[tuple[int, int, tuple[str, ...]]]:
    """Where each option is first named, and its ids: a name and the hardware right behind it are one option."""
    options: list[tuple[int, int, tuple[str, ...]]] = []
    seen: set[str] = set()
    for start, end, id in sorted(named_in(text, taxonomy)):
        if options and text[options[-1][1] : start] == " " and _is_hardware(id, taxonomy):
            from_, _, ids = options[-1]
            options[-1] = (from_, end, (*ids, id))
        elif id not in seen:
            options.append((start, end, (id,)))
        seen.add(id)
    return options


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


def display_name(framework: Framework | None, id: str) -> str:
    """A framework's shown name, its id where the taxonomy does not have it."""
    return framework.name if framework is not None else id
