"""`framewise tune`: makes the trained weights that ship, one command each, and prints held-out figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from framewise.app.console import out, say

tune = typer.Typer(
    help="Train what ships trained: how evidence is ranked, the kind of a question, the writer, the judge of support.",
    no_args_is_help=True,
)
Training = Annotated[
    Path | None, typer.Option(help="Training questions of your own, one JSON object a line.")
]


@tune.command()
def relevance(
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the weights; by default over those that ship."),
    ] = None,
    training: Training = None,
) -> None:
    """How found evidence is ranked: one minute on two cores.

    Examples:
        framewise tune relevance --out relevance.json
    """
    from framewise.app.relevance import WEIGHTS
    from framewise.eval.tune.relevance import tune as make

    path = out_file or WEIGHTS
    for name, found in make(path, training=training, tell=say).items():
        out(f"{name}: {found}")
    out(f"Written: {path}")


@tune.command()
def intent(
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the weights; by default over those that ship."),
    ] = None,
    training: Training = None,
) -> None:
    """What kind of answer a question wants: seconds on two cores.

    Examples:
        framewise tune intent --out intent.json
    """
    from framewise.app.intent_model import WEIGHTS
    from framewise.eval.tune.intent import tune as make

    path = out_file or WEIGHTS
    for name, found in make(path, training=training, tell=say).items():
        out(f"{name}: {found}")
    out(f"Written: {path}")


@tune.command()
def writer(
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the adapter; by default over the one that ships."),
    ] = None,
    training: Training = None,
) -> None:
    """The adapter with which the embedded language model writes: half an hour on two cores.

    Examples:
        framewise tune writer --out my-writer
    """
    from framewise.app.adapter import WRITER
    from framewise.eval.tune.writer import tune as make

    folder = out_folder or WRITER.folder
    for name, found in make(folder, training=training, tell=say).items():
        out(f"{name}: {found}")
    out(f"Written: {folder}")


@tune.command()
def support(
    sets: Annotated[
        Path,
        typer.Argument(
            help="Folder with scifact_claims.jsonl, wice_oracle.jsonl, wice_claim.jsonl, begin.jsonl:"
            " {id, claim, evidence, label, label_raw} a line."
        ),
    ],
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the adapter; by default over the one that ships."),
    ] = None,
    only_measure: Annotated[
        bool,
        typer.Option(
            "--only-measure", help="Train nothing: calibrate and measure the adapter there."
        ),
    ] = False,
) -> None:
    """The adapter that judges whether a text supports a sentence: one hour on two cores.

    Examples:
        framewise tune support ../shared/benchmarks/support --out my-judge
    """
    from framewise.app.adapter import SUPPORT
    from framewise.eval.tune.scorer import tune as make

    folder = out_folder or SUPPORT.folder
    for name, found in make(folder, sets, train_it=not only_measure, tell=say).items():
        out(f"{name}: {found}")
    out(f"Written: {folder}")
