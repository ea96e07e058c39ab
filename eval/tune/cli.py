"""`framewise tune`: makes the trained weights that ship, from the questions in this repository; prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from framewise.app.console import out, say


def tune(
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the weights; by default over those that ship."),
    ] = None,
    training: Annotated[
        Path | None, typer.Option(help="Training questions of your own, one JSON object a line.")
    ] = None,
) -> None:
    """Train how evidence is ranked, and print the figures on held-out questions.

    Examples:
        framewise tune --out relevance.json
    """
    from framewise.app.relevance import WEIGHTS
    from framewise.eval.tune.make import tune as make

    path = out_file or WEIGHTS
    for name, found in make(path, training=training, tell=say).items():
        out(f"{name}: {found}")
    out(f"Written: {path}")
