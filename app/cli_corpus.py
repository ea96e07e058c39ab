"""`framewise corpus …`: lint, stats, show, sources, stale, unasked; parses input and prints."""

from __future__ import annotations

from json import dumps
from typing import Annotated

import typer
from framewise.app.cli_options import Corpus, Json
from framewise.app.console import FAILED, out, out_json, out_table

app = typer.Typer(help="Read and check what Framewise knows.", no_args_is_help=True)


@app.command()
def lint(corpus: Corpus = None) -> None:
    """Check every rule of CONTRIBUTING that a program can check; exit 1 if one is broken."""
    from framewise.corpus.articles import load_folder, load_shipped
    from framewise.corpus.asked import load_asked
    from framewise.corpus.lint import lint as check
    from framewise.corpus.metrics import load_metrics
    from framewise.corpus.taxonomy import load_taxonomy

    documents = load_shipped() if corpus is None else load_folder(corpus)
    asked = load_asked() if corpus is None else {}
    findings = check(documents, load_taxonomy(), load_metrics(), asked)
    for finding in findings:
        out(str(finding))
    out(f"{len(documents)} documents, {len(findings)} findings")
    if findings:
        raise typer.Exit(FAILED)


@app.command()
def unasked() -> None:
    """Print a line for asked.jsonl, to be filled in, per shipped sentence that no question is written for.

    Examples:
        framewise corpus unasked >> corpus/data/asked.jsonl
    """
    from framewise.corpus.articles import load_shipped
    from framewise.corpus.asked import load_asked
    from framewise.corpus.asked import unasked as missing

    asked = load_asked()
    for document in load_shipped():
        for sentence in missing(document, asked):
            row = {"document": document.id, "sentence": sentence, "asked": []}
            out(dumps(row, ensure_ascii=False))


@app.command()
def stats(corpus: Corpus = None, json: Json = False) -> None:
    """Count documents and sentences by kind and form, and show the coverage table's empty cells."""
    from framewise.corpus.coverage import count, empty_cells
    from framewise.corpus.load import load_corpus
    from framewise.corpus.taxonomy import load_taxonomy

    documents = load_corpus(corpus)
    rows = count(documents)
    empty = empty_cells(documents, load_taxonomy())
    if json:
        out_json({"rows": rows, "empty_cells": empty})
        return
    out_table(("kind", "form", "documents", "sentences"), rows)
    out(f"empty cells of framework × criterion: {len(empty)}")
    for framework, criterion in empty:
        out(f"  {framework} × {criterion}")


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="A document's id.")], corpus: Corpus = None
) -> None:
    """Print a document with its sources."""
    from framewise.corpus.load import load_corpus

    document = next((d for d in load_corpus(corpus) if d.id == id), None)
    if document is None:
        raise typer.BadParameter(f"no document has the id '{id}'")
    out(f"{document.title} ({document.kind}, {document.published}, checked {document.checked})\n")
    out(document.text + "\n")
    for source in document.sources:
        out(
            f"[{source.id}] {source.title}, {source.locator}, {source.date}, {source.licence} {source.url}"
        )


@app.command()
def sources(corpus: Corpus = None, json: Json = False) -> None:
    """List every source with the documents that rest on it."""
    from framewise.corpus.coverage import sources_of
    from framewise.corpus.load import load_corpus

    rows = sources_of(load_corpus(corpus))
    if json:
        out_json(rows)
    else:
        out_table(("title", "locator", "date", "documents"), rows)


@app.command()
def stale(
    older_than: Annotated[str, typer.Option(help="An age in days, as 180d.")] = "180d",
    corpus: Corpus = None,
    json: Json = False,
) -> None:
    """List what must be checked again, with the locators."""
    from framewise.corpus.coverage import stale_documents
    from framewise.corpus.load import load_corpus

    if not older_than.removesuffix("d").isdigit():
        raise typer.BadParameter(f"'{older_than}' is not a number of days, as 180d")
    rows = stale_documents(load_corpus(corpus), int(older_than.removesuffix("d")))
    if json:
        out_json(rows)
    else:
        out_table(("checked", "document", "locators"), rows)
