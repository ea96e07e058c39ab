"""The support suite: how often the support score errs, on planted faults and on outside labelled pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from framewise.app.assistant import Assistant
from framewise.app.verify import verify
from framewise.corpus.errors import SuiteError
from framewise.corpus.json_lines import rows_of
from framewise.eval.contrast import contrasts, weaker
from framewise.eval.rows import Row
from framewise.eval.run import Job
from framewise.index.index import Index

SUITE, OUTSIDE = "support", "outside support"
SENTENCES = 150
SEED = 20261123


def support_jobs(assistant: Assistant, limit: int | None = None) -> list[Job]:
    """Sentences of the corpus against themselves (true), shortened (true), and edited (false).

    Each is shown to the verifier as a claim that cites the untouched sentence. What the suite
    asks of the shown score: true claims supported, false ones not; calibrated in between.
    """
    chosen = sampled(assistant.index, SENTENCES if limit is None else min(limit, SENTENCES))
    return [_job(number, sentence, assistant) for number, sentence in enumerate(chosen)]


def sampled(index: Index, most: int = SENTENCES) -> list[str]:
    """The corpus sentences that are measured, drawn by a fixed seed; nothing is trained on them."""
    prose = [
        " ".join(text.split())
        for document in index.documents.values()
        if document.kind != "user" and document.form != "table"
        for text in document.text.splitlines()
        if 8 <= len(text.split()) <= 40 and not text.startswith("#")
    ]
    random.Random(SEED).shuffle(prose)  # noqa: S311 - a sample, not a secret
    return prose[:most]


def _job(number: int, sentence: str, assistant: Assistant) -> Job:
    claims = [("verbatim", sentence, True)]
    if weaker(sentence) != sentence:
        claims.append(("shortened", weaker(sentence), True))
    claims += [(c.kind, c.text, False) for c in contrasts(sentence, assistant.taxonomy)]
    id = f"sentence-{number:03d}"

    def work() -> list[Row]:
        return [_row(id, kind, claim, sentence, true, assistant) for kind, claim, true in claims]

    return Job(tuple((SUITE, "verifier", id, kind) for kind, _, _ in claims), work)


def _row(id: str, kind: str, claim: str, cited: str, true: bool, assistant: Assistant) -> Row:
    check = verify(claim, [cited], assistant.taxonomy, assistant.scorer)
    shown = 0.0 if check.broken else check.support
    accepted = check.verdict == "supported"
    return Row(
        suite=SUITE,
        system="verifier",
        id=id,
        kind=kind,
        cluster=id,
        variant=kind,
        scores={
            "true claim supported": float(accepted) if true else None,
            "false claim caught": None if true else float(not accepted),
        },
        detail={"claim": claim, "cited": cited, "label": true, "score": shown},
    )


def outside_support_jobs(files: Sequence[Path], assistant: Assistant) -> list[Job]:
    """Outside pairs {id, claim, evidence, label}: the same score against labels by people.

    Label "supported"/"support"/1 is true; a pair of another label is false.

    Raises:
        SuiteError: a file cannot be read, or a line lacks a field; names the line.
    """
    return [
        Job(((OUTSIDE, path.stem, id, ""),), _outside(path.stem, id, row, assistant))
        for path in files
        for id, row in _pairs(path)
    ]


def _outside(
    name: str, id: str, row: dict[str, Any], assistant: Assistant
) -> Callable[[], list[Row]]:
    def work() -> list[Row]:
        claim, evidence, judge = row["claim"], row["evidence"], assistant.scorer
        if judge is None:
            check = verify(claim, [evidence], assistant.taxonomy)
            score, accepted = check.support, check.verdict == "supported"
        else:  # alone: the hard rules are made for one sentence of one domain
            score = judge.score(claim, [evidence])
            accepted = score >= judge.supported
        true = is_support(row["label"])
        return [
            Row(
                suite=OUTSIDE,
                system=name,
                id=id,
                kind=str(row.get("label_raw", row["label"])).lower(),
                cluster=str(row["claim"]),
                scores={"accepted": float(accepted)},
                detail={"label": true, "score": min(1.0, score)},
            )
        ]

    return work


def is_support(label: object) -> bool:
    """Whether a label says that the evidence carries the whole claim."""
    return str(label).lower() in {
        "1",
        "true",
        "support",
        "supported",
        "supports",
        "full",
        "entailment",
    }


def _pairs(path: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for place, row in rows_of(path, SuiteError):
        try:
            evidence = row["evidence"]
            text = evidence if isinstance(evidence, str) else " ".join(map(str, evidence))
            id = f"{row.get('id', 'pair')}:{place.rpartition(':')[2]}"
            pair = {**row, "claim": str(row["claim"]), "evidence": text, "label": row["label"]}
            found.append((id, pair))
        except (KeyError, TypeError, AttributeError) as error:
            raise SuiteError(f"{place}: not a labelled pair: {error!r}.") from error
    return found
