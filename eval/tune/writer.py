"""Training questions to what the writer should have read and written, and from that its adapter.

What is read is what the program would show: the pipeline's sources in the plan's order. Sources of the
model answer that were not found are put in, others are taken out, shuffled, or all replaced by sources
that do not answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.app.evidence import Evidence, evidence_of
from framewise.app.gather import gather
from framewise.app.plan import SHORT
from framewise.app.understand import Query, understand
from framewise.app.verify import verify
from framewise.app.write import WriteConfig, prompt, shown
from framewise.corpus.taxonomy import Taxonomy, load_taxonomy
from framewise.eval.tune.lora import Branch, Example, Recipe, Tell, train
from framewise.eval.tune.rows import TrainingQuestion, check_apart, ids_of, load_training
from framewise.index.adapter import checksums
from framewise.index.index import Index
from framewise.index.library import open_encoder, open_index
from framewise.index.weights import LANGUAGE_MODEL, locate

EPOCHS = 2
SHOWN = 8
RATE = 6e-4
END = "<|im_end|>"
# Learnt, but the mask does not let it be said: whether it comes is no better than chance at telling questions
# whose gold documents were taken away from the same with them (AUROC .511, 36 pairs, 2026-11-27).
NOTHING = "The sources do not answer this."
UNANSWERED = 0.1  # of the examples see only sources that do not answer
SHUFFLED = 0.25  # of the examples see their sources in no order
TODAY = "2026-11-22"


@dataclass(frozen=True, slots=True)
class Written:
    """A question, the sources shown, and the reply that is to be learnt."""

    question: str
    sources: tuple[str, ...]
    reply: str


def tune(folder: Path, *, training: Path | None = None, tell: Tell) -> dict[str, str]:
    """Makes the writer's adapter; gives the mean loss of each pass and the checksum of the weights.

    Args:
        folder: for the adapter.
        training: a file of training questions of your own.
        tell: told each step.

    Raises:
        SuiteError: damaged training data, or a training question that an evaluation question asks.
        ModelMissingError, ModelLoadError: the embedded models cannot be had.
    """
    from transformers import AutoTokenizer

    index, taxonomy = open_index(open_encoder()), load_taxonomy()
    rows = load_training(training) if training else load_training()
    check_apart([row.question for row in rows])
    base = locate(LANGUAGE_MODEL, say=tell)
    tokenizer = AutoTokenizer.from_pretrained(base)
    passes: list[list[Example]] = []
    for epoch in range(EPOCHS):
        tell(f"finding sources for {len(rows)} questions, pass {epoch + 1} of {EPOCHS}")
        made = examples(rows, index, ids_of(index), taxonomy, epoch)
        passes.append([as_example(item, tokenizer) for item in made])
    losses = train(base, passes, folder, recipe=Recipe(rate=RATE), tell=tell)
    told = {f"loss, pass {number}": f"{loss:.3f}" for number, loss in enumerate(losses, 1)}
    return told | checksums(folder)


def as_example(item: Written, tokenizer: Any) -> Example:  # noqa: ANN401 - a tokenizer of transformers
    """Token ids of the prompt as the model is asked in use, and of the reply with the end of its turn."""
    messages = [dict(message) for message in prompt(item.question, item.sources)]
    read = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    ids = [
        tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
        for text in (read, item.reply + END)
    ]
    return Example(ids[0], (Branch((), ids[1]),))


def examples(
    rows: Sequence[TrainingQuestion],
    index: Index,
    ids: dict[str, str],
    taxonomy: Taxonomy,
    epoch: int,
) -> list[Written]:
    """One example a question; another `epoch` shows other sources around the same answer."""
    return [_example(row, index, ids, taxonomy, epoch) for row in rows]


def _example(
    row: TrainingQuestion, index: Index, ids: dict[str, str], taxonomy: Taxonomy, epoch: int
) -> Written:
    draw = random.Random(f"{epoch} {row.question}")  # noqa: S311 - which sources are shown, no secret
    query = understand(row.question, (), taxonomy, TODAY)
    evidence = list(gather(query, index, taxonomy).evidence)
    good = {ids[q] for part in row.answer for q in part.quotes if q in ids}
    also = {ids[q] for q in row.also if q in ids}
    config = WriteConfig(max_shown=SHOWN)
    if draw.random() < UNANSWERED:
        others = [item for item in evidence if item.id not in good | also]
        _, sources = shown(query, others[3:], index.similarity, config)
        if len(sources) >= 3:
            return Written(query.text, tuple(s.text for s in sources), NOTHING)
    _, sources = shown(query, evidence, index.similarity, config)
    sources = _with(good, sources, query, index, taxonomy, draw, config.max_shown)
    if draw.random() < SHUFFLED:
        draw.shuffle(sources)
    return Written(
        query.text, tuple(s.text for s in sources), _reply(row, sources, ids, taxonomy, query, also)
    )


def _with(
    good: set[str],
    sources: list[Evidence],
    query: Query,
    index: Index,
    taxonomy: Taxonomy,
    draw: random.Random,
    room: int,
) -> list[Evidence]:
    """The sources with every good one among them; others go, from the last on, to make room."""
    found = list(sources)
    for id in sorted(good - {item.id for item in sources}):
        found.insert(draw.randrange(len(found) + 1), evidence_of(id, query, index, taxonomy))
    for item in reversed(list(found)):
        if len(found) > room and item.id not in good:
            found.remove(item)
    return found[:room]


def _reply(
    row: TrainingQuestion,
    sources: Sequence[Evidence],
    ids: dict[str, str],
    taxonomy: Taxonomy,
    query: Query,
    also: set[str],
) -> str:
    """The model answer line by line, then sources that would also serve, while there is room.

    A sentence that breaks a hard rule is replaced by what it rests on, so that none is learnt.
    """
    number = {item.id: at for at, item in enumerate(sources, 1)}
    text = {item.id: item.text for item in sources}
    config = WriteConfig()
    lines, cited = [], set[str]()
    for part in row.answer:
        carriers = [ids[q] for q in part.quotes if ids.get(q) in number]
        if not carriers:
            continue
        check = verify(part.text, [text[id] for id in carriers], taxonomy)
        bad = check.verdict == "unsupported"
        if bad and cited & set(carriers):
            continue
        said = text[carriers[0]] if bad else part.text
        kept = carriers[:1] if bad else carriers
        lines.append("".join(f"[{number[id]}]" for id in kept) + f" {said}")
        cited |= set(kept)
    room = config.max_fact_sentences if query.intent in SHORT else config.max_sentences
    more = [item for item in sources if item.id in also and item.id not in cited]
    lines += [f"[{number[item.id]}] {item.text}" for item in more[: max(0, room - len(lines))]]
    return "\n".join(lines)
