"""`framewise tune`: makes the trained weights that ship, one command each, and prints held-out figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from framewise.app.console import out, say

tune = typer.Typer(
    help="Train what ships trained: the encoder, the order of evidence, what a question wants and whether it is"
    " answered, the writer, the judge of support.",
    no_args_is_help=True,
)
OutFile = Annotated[
    Path | None,
    typer.Option("--out", help="Where to write the weights; by default over those that ship."),
]
OutFolder = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for the adapter; by default over the one that ships."),
]
Training = Annotated[
    Path | None, typer.Option(help="Training questions of your own, one JSON object a line.")
]
OnlyMeasure = Annotated[
    bool,
    typer.Option("--only-measure", help="Train nothing: calibrate and measure the adapter there."),
]
Sets = Annotated[
    Path,
    typer.Argument(
        help="Folder with scifact_claims.jsonl, wice_oracle.jsonl, wice_claim.jsonl, begin.jsonl:"
        " {id, claim, evidence, label, label_raw} a line."
    ),
]


@tune.command()
def relevance(out_file: OutFile = None, training: Training = None) -> None:
    """How found evidence is ranked: one minute on two cores.

    Examples:
        framewise tune relevance --out relevance.json
    """
    from framewise.app.relevance import WEIGHTS
    from framewise.eval.tune.relevance import tune as make

    path = out_file or WEIGHTS
    _told(make(path, training=training, tell=say), path)


@tune.command()
def intent(out_file: OutFile = None, training: Training = None) -> None:
    """What kind of answer a question wants: seconds on two cores.

    Examples:
        framewise tune intent --out intent.json
    """
    from framewise.app.intent_model import WEIGHTS
    from framewise.eval.tune.intent import tune as make

    path = out_file or WEIGHTS
    _told(make(path, training=training, tell=say), path)


@tune.command()
def answerable(out_file: OutFile = None) -> None:
    """Whether what was found answers the question: five minutes on two cores.

    Examples:
        framewise tune answerable --out answerable.json
    """
    from framewise.app.answerable import WEIGHTS
    from framewise.eval.tune.answerable import tune as make

    path = out_file or WEIGHTS
    _told(make(path, tell=say), path)


@tune.command()
def encoder(
    out_folder: OutFolder = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Folder of an adapter to go on from, in place of the first stage."),
    ] = None,
) -> None:
    """The adapter of the embedded encoder, by questions and what answers them: forty minutes on two cores.

    After it the index, the shipped embeddings, relevance, answerable and intent are to be made anew.

    Examples:
        framewise tune encoder --out my-encoder
    """
    from framewise.eval.tune.encoder import tune as make
    from framewise.index.library import ENCODER_ADAPTER

    folder = out_folder or ENCODER_ADAPTER.folder
    _told(make(folder, start=start, tell=say), folder)


@tune.command()
def writer(out_folder: OutFolder = None, training: Training = None) -> None:
    """The adapter with which the embedded language model writes: half an hour on two cores.

    Examples:
        framewise tune writer --out my-writer
    """
    from framewise.app.adapter import WRITER
    from framewise.eval.tune.writer import tune as make

    folder = out_folder or WRITER.folder
    _told(make(folder, training=training, tell=say), folder)


@tune.command()
def support(sets: Sets, out_folder: OutFolder = None, only_measure: OnlyMeasure = False) -> None:
    """The adapter that judges whether a text supports a sentence: one hour on two cores.

    Examples:
        framewise tune support ../shared/benchmarks/support --out my-judge
    """
    from framewise.app.adapter import SUPPORT
    from framewise.eval.tune.scorer import tune as make

    folder = out_folder or SUPPORT.folder
    _told(make(folder, sets, train_it=not only_measure, tell=say), folder)


def _told(figures: Mapping[str, str], path: Path) -> None:
    for name, found in figures.items():
        out(f"{name}: {found}")
    out(f"Written: {path}")
