"""Options that several commands share; knows no command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="auto, embedded, none, a local folder, or a hub id.")]
Encoder = Annotated[
    str, typer.Option(help="embedded, plain (it without our adapter), a folder, or a hub id.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Corpus = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="A folder of your own documents, instead of the shipped corpus.",
    ),
]
