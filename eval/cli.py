"""`framewise eval …` and `framewise bench`: parses input, runs, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from framewise.app.cli_options import Corpus, Encoder, Json, Model
from framewise.app.console import FAILED, Steps, out, out_json, out_table, say

app = typer.Typer(help="Measure how good the answers and the engine are.", no_args_is_help=True)


def add_commands(root: typer.Typer) -> None:
    """Adds the commands of this room to the command line (entry point "framewise.commands")."""
    root.add_typer(app, name="eval")
    root.command()(bench)


@app.command()
def run(
    questions: Annotated[
        Path | None, typer.Option(help="A question file; by default the development set.")
    ] = None,
    model: Model = "embedded",
    encoder: Encoder = "embedded",
    corpus: Corpus = None,
    limit: Annotated[int, typer.Option(help="Ask only the first n.", min=1)] = 1_000_000,
    log: Annotated[
        Path | None,
        typer.Option(help="JSON Lines of every row; an interrupted run goes on from it."),
    ] = None,
    json: Json = False,
) -> None:
    """Ask every question and score the answers; exit 1 if one citation does not resolve."""
    from framewise.app.assistant import Assistant
    from framewise.eval.questions import load_questions
    from framewise.eval.report import as_json, as_markdown
    from framewise.eval.run import run_questions

    chosen = (load_questions() if questions is None else load_questions(questions))[:limit]
    steps = Steps()
    with steps.shown():
        assistant = Assistant(model=model, encoder=encoder, corpus=corpus, say=say, progress=steps)
        report = run_questions(assistant, chosen, log=log, progress=steps)
    out(as_json(report) if json else as_markdown(report))
    if report.faults:
        say(f"framewise: {len(report.faults)} citations do not resolve")
        raise typer.Exit(FAILED)


@app.command()
def retrieval(
    folder: Annotated[
        list[Path],
        typer.Argument(help="BEIR-style folders: corpus.jsonl, queries.jsonl, qrels.tsv."),
    ],
    encoder: Encoder = "embedded",
    json: Json = False,
) -> None:
    """Measure the engine on outside retrieval sets: BM25, dense and fusion side by side."""
    from framewise.eval.outside import measure_retrieval
    from framewise.index.embed import EmbeddingCache
    from framewise.index.home import ensure_folder, home
    from framewise.index.library import open_encoder

    opened = open_encoder(encoder, say=say)
    cache = EmbeddingCache(ensure_folder(home() / "cache") / "outside.sqlite")
    figures = {}
    for path in folder:
        steps = Steps()
        with steps.shown():
            figures[path.name] = measure_retrieval(path, opened, cache=cache, progress=steps)
    if json:
        out_json(figures)
        return
    rows = [
        (name, mode, *values.values())
        for name, modes in figures.items()
        for mode, values in modes.items()
    ]
    out_table(("set", "mode", *next(iter(next(iter(figures.values())).values()))), rows)


def bench(
    model: Model = "embedded",
    repeats: Annotated[int, typer.Option(help="Times each warm question is asked.", min=1)] = 3,
    json: Json = False,
) -> None:
    """Measure speed and memory on this machine, with ratios against raw libraries in the same run."""
    from framewise.eval.bench import measure

    figures = measure(model, repeats=repeats, say=say)
    if json:
        out_json(figures)
    else:
        out_table(("what", "figure"), list(figures.items()))
