"""`framewise index …`: build, status, verify, search; parses input and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from framewise.app.cli_options import Corpus, Encoder, Json
from framewise.app.console import Steps, out, out_json, out_table, say

app = typer.Typer(help="Build, check and search the index.", no_args_is_help=True)


@app.command()
def build(encoder: Encoder = "embedded", corpus: Corpus = None, json: Json = False) -> None:
    """Make the index of the corpus; the old one answers until the new one is whole."""
    from framewise.index.library import build_index, open_encoder

    steps = Steps()
    with steps.shown():
        index = build_index(open_encoder(encoder, say=say), corpus=corpus, progress=steps)
    facts = {"digest": index.digest, **index.counts}
    if json:
        out_json(facts)
    else:
        out("  ".join(f"{name} {value}" for name, value in facts.items()))


@app.command()
def status(encoder: Encoder = "embedded", corpus: Corpus = None, json: Json = False) -> None:
    """Show what the current index was made from."""
    from framewise.index.library import index_root
    from framewise.index.store import open_generation

    folder, manifest = open_generation(index_root(corpus, encoder=encoder))
    size_mb = sum(facts["bytes"] for facts in manifest["files"].values()) / 1e6
    facts = {
        "digest": manifest["digest"],
        "documents": manifest["documents"],
        "encoder": manifest["encoder"]["id"],
        "format": manifest["format_version"],
        "size_mb": round(size_mb, 1),
        "folder": str(folder),
    }
    if json:
        out_json(facts)
    else:
        out_table(("what", "is"), list(facts.items()))


@app.command()
def verify(encoder: Encoder = "embedded", corpus: Corpus = None) -> None:
    """Compare every file of the index with its checksum, and every sentence with its document."""
    from framewise.index.library import index_root
    from framewise.index.store import open_generation
    from framewise.index.verify import check_offsets

    folder, manifest = open_generation(index_root(corpus, encoder=encoder))
    sentences = check_offsets(folder)
    out(f"{len(manifest['files'])} files intact, {sentences} sentences verbatim in their documents")


@app.command()
def export(
    path: Annotated[
        Path | None, typer.Argument(help="The file; by default the one that ships.")
    ] = None,
) -> None:
    """Write the shipped corpus's embeddings to a file, for maintainers, after a change of the corpus."""
    from framewise.index.library import SHIPPED_EMBEDDINGS, export_embeddings, open_encoder

    steps = Steps()
    target = path or SHIPPED_EMBEDDINGS
    with steps.shown():
        count = export_embeddings(open_encoder(say=say), target, progress=steps)
    out(f"{count} embeddings, {target.stat().st_size / 1e6:.1f} MB, in {target}")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", help="How many results.", min=1, max=100)] = 10,
    mode: Annotated[str, typer.Option(help="fusion, bm25 or dense.")] = "fusion",
    encoder: Encoder = "embedded",
    corpus: Corpus = None,
    json: Json = False,
) -> None:
    """Show the best passages for a query, without answering."""
    from dataclasses import asdict
    from typing import cast

    from framewise.app.understand import check_question
    from framewise.index.library import open_encoder, open_index
    from framewise.index.ranker import Mode

    if mode not in ("fusion", "bm25", "dense"):
        raise typer.BadParameter(f"'{mode}' is not fusion, bm25 or dense", param_hint="--mode")
    query = check_question(query)
    steps = Steps()
    with steps.shown():
        index = open_index(open_encoder(encoder, say=say), corpus=corpus, progress=steps)
    hits = index.search(query, k, mode=cast("Mode", mode))
    if json:
        out_json([asdict(hit) for hit in hits])
        return
    rows = [
        (f"{hit.score:.4f}", f"{hit.cosine:.2f}", hit.id, " ".join(hit.unit.text.split())[:160])
        for hit in hits
    ]
    out_table(("score", "cosine", "passage", "text"), rows)
