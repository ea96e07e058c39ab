"""A sentence that failed its check to one that passes, or to nothing; always deterministic.

Step 7 of DESIGN.md section 5: fewer ids, a better id, the source's own sentence, or out. What one source
says only partly gives way to that source; what several say together may be shown as partly supported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from framewise.app.evidence import Evidence
from framewise.app.verify import Check, Scorer, support, verify
from framewise.app.write import Draft
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words

# What a failed sentence must have in common with the quote put for it: share and number of stems.
QUOTE_INSTEAD = 0.5
QUOTE_INSTEAD_STEMS = 3


def repair(
    draft: Draft,
    evidence: Sequence[Evidence],
    taxonomy: Taxonomy,
    scorer: Scorer | None = None,
    *,
    mend: bool = True,
    shortened: bool = False,
) -> tuple[Draft, Check] | None:
    """The draft with citations that carry it, or a source's sentence in its place; None drops it.

    Args:
        draft: a sentence and the evidence it cites.
        evidence: all that was in the prompt; nothing else may be cited.
        taxonomy: the names that are known.
        scorer: a trained judge of support, where there is one.
        mend: False drops whatever fails its check.
        shortened: whether the draft is of a writer that only shortens its sources.
    """
    check = partial(verify, draft.text, taxonomy=taxonomy, scorer=scorer, shortened=shortened)
    cited = [item for item in draft.cited if item in evidence]
    whole = check([item.text for item in cited])
    if whole.verdict == "supported":
        return _fewest(draft, cited, check), whole
    if not mend:
        return None
    for item in evidence:
        alone = check([item.text])
        if alone.verdict == "supported":
            return Draft(draft.text, (item,)), alone
    if whole.verdict == "partly" and len(cited) > 1:
        return Draft(draft.text, tuple(cited)), whole
    own = [item for item in cited if _says_as_much(draft.text, item.text)]
    nearest = max(
        own or evidence,
        key=lambda item: (support(draft.text, item.text), item.score),
        default=None,
    )
    if nearest is None or not _says_as_much(draft.text, nearest.text):
        return None
    return Draft(nearest.text, (nearest,)), verify(nearest.text, [nearest.text], taxonomy)


def _says_as_much(sentence: str, quote: str) -> bool:
    shared = set(words(sentence)) & set(words(quote))
    return support(sentence, quote) >= QUOTE_INSTEAD and len(shared) >= QUOTE_INSTEAD_STEMS


def _fewest(draft: Draft, cited: Sequence[Evidence], check: Callable[[list[str]], Check]) -> Draft:
    """ALCE's precision rule: an id goes if it does not carry the sentence alone and the others do without it."""
    kept = list(cited)
    for item in cited:
        others = [other.text for other in kept if other is not item]
        if not others:
            continue
        alone = check([item.text]).verdict == "supported"
        without = check(others).verdict == "supported"
        if without and not alone:
            kept.remove(item)
    return Draft(draft.text, tuple(kept))
