"""Labelled claims from four sources, and which of them the judge of support learns from.

Outside sets ({claim, evidence, label}), passages on other fields with claims (`data/inference.jsonl`), our model
answers with the corpus sentences that carry them, and corpus sentences with planted faults. Split by topic, claim,
writer or document into three folds: two to learn from, one held out for the figures.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from framewise.app.support import claim_prompt, evidence_prompt, nearest, sentences_of
from framewise.corpus.errors import SuiteError
from framewise.corpus.json_lines import rows_of
from framewise.corpus.taxonomy import Taxonomy
from framewise.eval.contrast import contrasts, weaker
from framewise.eval.support import sampled
from framewise.eval.tune.flips import opposites
from framewise.eval.tune.lora import Branch, Example
from framewise.eval.tune.rows import TrainingQuestion
from framewise.index.index import Index

Label = Literal["yes", "no", "unclear"]
INFERENCE = Path(__file__).parent / "data" / "inference.jsonl"
FOLDS = 3
HELD_OUT = 0
CORPUS_ITEMS = 500
ONCE = ("scifact_claims", "wice_oracle", "begin")
TWICE = ("scifact_claims",)  # few and natural: shown again, with other opposites
MEASURED = ("scifact_claims", "wice_oracle", "wice_claim", "begin")


@dataclass(frozen=True, slots=True)
class Judged:
    """Evidence and claims on it, each with what is true of it; `group` decides the fold."""

    source: str
    group: str
    evidence: str
    claims: tuple[tuple[str, Label], ...]

    @property
    def held_out(self) -> bool:
        """Whether it measures and is not learnt from."""
        return fold_of(self.group) == HELD_OUT


def fold_of(group: str) -> int:
    """The fold of a group, by its hash."""
    return hashlib.sha256(group.encode()).digest()[0] % FOLDS


def outside(folder: Path, name: str) -> list[Judged]:
    """The pairs of an outside set as they are labelled, the evidence cut to what is near the claim.

    Raises:
        SuiteError: unreadable, or a line that is no labelled pair; names file and line.
    """
    path = folder / f"{name}.jsonl"
    found = []
    for place, row in rows_of(path, SuiteError):
        try:
            claim, evidence = row["claim"], row["evidence"]
            label = ((claim, _label(row)),)
            found.append(Judged(name, _group(name, row), nearest(claim, evidence), label))
        except (KeyError, TypeError) as error:
            raise SuiteError(f"{place}: not a labelled pair: {error!r}.") from error
    return found


def inference(path: Path = INFERENCE) -> list[Judged]:
    """The passages on other fields with their claims, held out by writer.

    Raises:
        SuiteError: unreadable, or a line that is no passage with claims; names file and line.
    """
    found = []
    for place, row in rows_of(path, SuiteError):
        try:
            writer, passage = str(row["writer"]), str(row["passage"])
            claims = tuple((str(claim), label) for claim, label in row["claims"])
        except (ValueError, KeyError, TypeError) as error:
            raise SuiteError(f"{place}: not a passage with claims: {error!r}.") from error
        strange = next((label for _, label in claims if label not in get_args(Label)), None)
        if strange is not None:
            raise SuiteError(
                f"{place}: '{strange}' is no label.", fix=f"Use one of {get_args(Label)}."
            )
        found.append(Judged("inference", f"inference {writer}", passage, claims))
    return found


def with_own_sentence(item: Judged, draw: random.Random) -> Judged:
    """The same with a sentence of the evidence as a true claim.

    The writers' true claims share the fewest words with their passage; alone they would teach that few shared words
    are a good sign.
    """
    own = draw.choice(sentences_of(item.evidence))
    return replace(item, claims=(*item.claims, (own, "yes")))


def with_opposites(item: Judged, seed: int) -> Judged:
    """The same with what says the opposite: of a true claim it is false, of a false one true."""
    (claim, label), *_ = item.claims
    turned: Label = {"yes": "no", "no": "yes", "unclear": "unclear"}[label]  # type: ignore[assignment]
    more = [(text, turned) for text in opposites(claim, seed)][: 1 if label == "unclear" else 2]
    return Judged(item.source, item.group, item.evidence, (*item.claims, *more))


def ours(rows: Sequence[TrainingQuestion], taxonomy: Taxonomy, seed: int) -> Iterator[Judged]:
    """Sentences of the model answers with their quotes, in company of others; faults planted; other answers."""
    draw = random.Random(seed)  # noqa: S311 - training data
    for row in rows:
        every = [quote for part in row.answer for quote in part.quotes]
        for part in row.answer:
            company = [q for q in every if q not in part.quotes][:1]
            texts = [*part.quotes, *company]
            draw.shuffle(texts)
            claims: list[tuple[str, Label]] = [(part.text, "yes")]
            claims += [(text, "no") for text in opposites(part.text, seed)[:1]]
            faults = contrasts(part.text, taxonomy, seed)
            claims += [(fault.text, "no") for fault in draw.sample(faults, min(1, len(faults)))]
            others = [p.text for p in row.answer if not set(p.quotes) & set(texts)]
            claims += [(text, "unclear") for text in others[:1]]
            yield Judged("answers", row.topic, " ".join(texts), tuple(claims))


def corpus(sentences: Sequence[tuple[str, str]], taxonomy: Taxonomy, seed: int) -> Iterator[Judged]:
    """Corpus sentences (document id, text) between their neighbours: shortened, and with a fault planted."""
    draw = random.Random(seed)  # noqa: S311 - training data
    for at, (document, text) in enumerate(sentences):
        around = [t for d, t in sentences[max(0, at - 1) : at + 2] if d == document]
        claims: list[tuple[str, Label]] = [(weaker(text), "yes")]
        faults = [fault.text for fault in contrasts(text, taxonomy, seed)]
        faults += opposites(text, seed)
        claims += [(fault, "no") for fault in draw.sample(faults, min(2, len(faults)))]
        yield Judged("corpus", document, " ".join(around), tuple(claims))


def learnt_from(
    folder: Path, rows: Sequence[TrainingQuestion], index: Index, taxonomy: Taxonomy, seed: int
) -> list[Judged]:
    """All that is learnt from, in one pass; what is held out and what `eval/support.py` measures left out.

    Raises:
        SuiteError: an outside set cannot be read.
    """
    items = [
        with_opposites(item, seed + turn)
        for turn, names in enumerate((ONCE, TWICE))
        for name in names
        for item in outside(folder, name)[:: 2 if name == "begin" else 1]
    ]
    draw = random.Random(seed)  # noqa: S311 - training data
    items += [with_own_sentence(item, draw) for item in inference()]
    items += list(ours(rows, taxonomy, seed))[::2]
    measured = set(sampled(index))
    sentences = [
        (id, " ".join(sentence.text.split()))
        for id, document in sorted(index.documents.items())
        if document.form != "table"
        for sentence in index.sentences_of(id)
    ]
    wanted = [item for item in corpus(sentences, taxonomy, seed) if item.claims[1:]]
    unseen = [item for item in wanted if not any(text in item.evidence for text in measured)]
    items += draw.sample(unseen, min(CORPUS_ITEMS, len(unseen)))
    return [item for item in items if not item.held_out]


def as_example(item: Judged, ids: Callable[[str], Sequence[int]]) -> Example:
    """Evidence as the prompt and a branch a claim; `ids` gives a text's token ids."""
    return Example(
        tuple(ids(evidence_prompt(item.evidence))),
        tuple(
            Branch(tuple(ids(claim_prompt(claim))), tuple(ids(f" {label}")))
            for claim, label in item.claims
        ),
    )


def _group(name: str, row: dict[str, Any]) -> str:
    """What must not be on both sides: the claim of WiCE, the abstract of SciFact, the text of the others."""
    if name.startswith("wice"):
        return str(row["id"])
    return str(row["evidence"])[:200]


def _label(row: dict[str, Any]) -> Label:
    if row["label"] == 1:
        return "yes"
    return "no" if row["label_raw"] == "CONTRADICT" else "unclear"


def held_out(
    sets: Path, rows: Sequence[TrainingQuestion], taxonomy: Taxonomy, seed: int
) -> list[tuple[Judged, str, Label]]:
    """What measures: the held-out fold of each outside set, of the passages, and of our answers with planted faults."""
    items = [
        item
        for name in MEASURED
        for item in outside(sets, name)[:: 2 if name == "begin" else 1]
        if item.held_out
    ]
    items += [item for item in inference() if item.held_out]
    items += [item for item in ours(rows, taxonomy, seed) if item.held_out][::5]
    return [(item, claim, label) for item in items for claim, label in item.claims]
