"""`framewise eval …` and `framewise bench`: parses input, runs, prints."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from framewise.app.cli_options import Corpus, Encoder, Json, Model
from framewise.app.console import FAILED, OK, Steps, out, out_json, out_table, say
from framewise.eval.tune.cli import tune

if TYPE_CHECKING:
    from framewise.eval.gate import Judged
    from framewise.eval.rows import Report

app = typer.Typer(help="Measure how good the answers and the engine are.", no_args_is_help=True)
bench_app = typer.Typer(
    help="Measure speed and memory on this machine, with ratios against raw libraries in the same run.",
    invoke_without_command=True,
)
GATE_QUESTIONS = 40
UNLIMITED = 0


class Split(StrEnum):
    """Which half of the shipped questions."""

    dev = "dev"
    test = "test"


class Suite(StrEnum):
    """What to run."""

    answers = "answers"
    retrieval = "retrieval"
    support = "support"
    safety = "safety"
    outside = "outside"
    ablation = "ablation"
    all = "all"


class Format(StrEnum):
    """How a report is written."""

    markdown = "markdown"
    json = "json"
    html = "html"


Questions = Annotated[
    Path | None,
    typer.Option(help="A question file of your own, in place of the shipped ones (`eval new`)."),
]
Limit = Annotated[int, typer.Option(help="At most n questions, spread evenly; 0 asks all.", min=0)]
LogFile = Annotated[Path, typer.Argument(help="The log of a run.")]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")]


def add_commands(root: typer.Typer) -> None:
    """Adds the commands of this room to the command line (entry point "framewise.commands")."""
    root.add_typer(app, name="eval")
    root.add_typer(bench_app, name="bench")
    root.add_typer(tune, name="tune")


@app.command()
def run(
    split: Annotated[
        Split, typer.Option(help="Development half, or test half (for a release, once).")
    ] = Split.dev,
    suite: Annotated[list[Suite] | None, typer.Option(help="Again for more than one.")] = None,
    questions: Questions = None,
    model: Model = "embedded",
    encoder: Encoder = "embedded",
    corpus: Corpus = None,
    limit: Limit = UNLIMITED,
    outside: Annotated[
        Path | None, typer.Option(help="Folder of the outside sets, for --suite outside.")
    ] = None,
    controls: Annotated[bool, typer.Option(help="Let controls and baselines answer too.")] = True,
    variants: Annotated[bool, typer.Option(help="Ask twins and paraphrases too.")] = True,
    log: Annotated[
        Path | None,
        typer.Option(help="JSON Lines of every row; name it again to go on after an interruption."),
    ] = None,
    json: Json = False,
) -> None:
    """Run the suites and print scores with intervals; exit 1 if one citation does not resolve.

    Examples:
        framewise eval run --limit 40
        framewise eval run --suite all --outside benchmarks/
        framewise eval run --suite ablation --model none
        framewise eval run --questions my.jsonl --corpus my-documents/ --model Qwen/Qwen3-4B-Instruct-2507
    """
    from framewise.eval.questions import load_questions, split_path
    from framewise.eval.report import as_json, as_markdown

    if split is Split.test and questions is None:
        say("framewise: the test half is for a release measurement; tune nothing on what it shows")
    asked = load_questions(questions or split_path(split.value))
    path = log or _new_log()
    say(f"framewise: rows are kept in {path}; go on from there with --log")
    report = _evaluated(
        asked,
        [s.value for s in suite or [Suite.answers]],
        model=model,
        encoder=encoder,
        corpus=corpus,
        limit=limit or None,
        controls=controls,
        variants=variants,
        outside=outside,
        log=path,
    )
    out(as_json(report) if json else as_markdown(report))
    _fail_on_faults(report)


@app.command()
def report(
    log: LogFile,
    format: Annotated[
        Format, typer.Option(help="markdown, json, or html with plots.")
    ] = Format.markdown,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
) -> None:
    """Show a finished or interrupted run again: scores, latency, plots, failures one by one."""
    from framewise.eval.report import as_json, as_markdown

    found = _read(log)
    if format is Format.html:
        from framewise.eval.html import as_html

        text = as_html(found)
    else:
        text = as_json(found) if format is Format.json else as_markdown(found, failures=None)
    _written(text, out_file)
    _fail_on_faults(found)


@app.command()
def compare(
    a: LogFile,
    b: LogFile,
    json: Json = False,
    shown: Annotated[int, typer.Option(help="Flipped items shown per score.", min=0)] = 20,
) -> None:
    """Compare two runs item by item: paired differences, p values, and what flipped, side by side."""
    from dataclasses import asdict

    from framewise.eval.compare import as_markdown
    from framewise.eval.compare import compare as compared

    first, second = _read(a), _read(b)
    if json:
        out_json([asdict(item) for item in compared(first, second)])
    else:
        out(as_markdown(first, second, shown))


@app.command()
def gate(
    log: Annotated[
        Path | None, typer.Argument(help="A finished run; without one, a small run is made.")
    ] = None,
    bars: Annotated[str, typer.Option(help="gate, release, or a TOML file of your own.")] = "gate",
    limit: Annotated[int, typer.Option(help="Questions of the small run.", min=1)] = GATE_QUESTIONS,
    json: Json = False,
) -> None:
    """Hold a run against the thresholds; exit 1 if one is missed. Made for CI: under four minutes."""
    from dataclasses import asdict

    from framewise.eval.gate import judge, load_bars
    from framewise.eval.questions import load_questions

    asked_bars = load_bars(bars)
    found = (
        _read(log)
        if log is not None
        else _evaluated(
            load_questions(),
            ["answers", "retrieval", "support"],
            limit=limit,
            controls=False,
            variants=False,
            log=_new_log(),
        )
    )
    judged = judge(found, asked_bars)
    if json:
        out_json([asdict(item) for item in judged])
    else:
        out_table(("", "suite", "system", "score", "bar", "measured"), [_judged(j) for j in judged])
    raise typer.Exit(OK if all(item.passed for item in judged) else FAILED)


@app.command()
def check(questions: Questions = None) -> None:
    """Check a question file: its form, and each key against its own good and bad answer."""
    from framewise.eval.questions import SPLITS, faults, load_questions, split_path

    files = [questions] if questions is not None else [split_path(split) for split in SPLITS]
    found = []
    for path in files:
        asked = load_questions(path)
        found += [fault for question in asked for fault in faults(question)]
        out(f"{path.name}: {len(asked)} questions")
    for fault in found:
        out(fault)
    raise typer.Exit(FAILED if found else OK)


@app.command()
def new(path: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Start a question file for your own corpus: two examples to replace, then `eval run --questions`."""
    from framewise.eval.scaffold import scaffold

    scaffold(path)
    out(f"Written: {path}. Replace the examples, then: framewise eval check --questions {path}")


@bench_app.callback()
def bench(
    context: typer.Context,
    model: Model = "embedded",
    repeats: Annotated[int, typer.Option(help="Times each warm question is asked.", min=1)] = 3,
    gguf: Annotated[
        Path | None,
        typer.Option(
            exists=True, help="The same weights for llama.cpp, where llama-cpp-python is installed."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure speed and memory on this machine, with ratios against raw libraries in the same run."""
    if context.invoked_subcommand is not None:
        return
    from framewise.eval.bench import measure

    figures = measure(model, repeats=repeats, gguf=gguf, say=say)
    if json:
        out_json(figures)
    else:
        out_table(("what", "figure"), list(figures.items()))


@bench_app.command("compare")
def bench_compare(
    a: Annotated[Path, typer.Argument(help="JSON of one `framewise bench --json`.")],
    b: Annotated[Path, typer.Argument(help="JSON of another.")],
    json: Json = False,
) -> None:
    """Compare two benchmark results: each figure, and B over A."""
    from framewise.eval.bench import compare_figures, read_figures

    rows = compare_figures(read_figures(a), read_figures(b))
    if json:
        out_json([dict(zip(("what", "a", "b", "ratio"), row, strict=True)) for row in rows])
    else:
        out_table(("what", "A", "B", "B / A"), rows)


def _evaluated(
    asked: list,  # type: ignore[type-arg]
    suites: list[str],
    *,
    model: str = "embedded",
    encoder: str = "embedded",
    corpus: Path | None = None,
    limit: int | None = None,
    controls: bool = True,
    variants: bool = True,
    outside: Path | None = None,
    log: Path | None = None,
) -> Report:
    from framewise.app.assistant import Assistant
    from framewise.eval.extra import need
    from framewise.eval.suites import check_suites, evaluate

    check_suites(suites)
    for module in ("scipy", "ir_measures"):
        need(module)  # before the questions, not after them
    steps = Steps()
    with steps.shown():
        assistant = Assistant(model=model, encoder=encoder, corpus=corpus, say=say, progress=steps)
        return evaluate(
            assistant,
            asked,
            suites=suites,
            limit=limit,
            with_controls=controls,
            with_variants=variants,
            outside=outside,
            log=log,
            progress=steps,
        )


def _new_log() -> Path:
    from framewise.index.home import ensure_folder, home

    return ensure_folder(home() / "eval") / f"{time.strftime('%Y-%m-%d-%H%M%S')}.jsonl"


def _read(log: Path) -> Report:
    from framewise.eval.answers import compared
    from framewise.eval.rows import Report, read_log

    about, rows = read_log(log)
    return compared(Report(about, tuple(rows)))


def _written(text: str, path: Path | None) -> None:
    from framewise.corpus.errors import SuiteError

    if path is None:
        out(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"'{path}' cannot be written: {error}.") from error
    say(f"framewise: written to {path}")


def _judged(item: Judged) -> tuple[str, str, str, str, str, str]:
    bar = item.bar
    asks = [
        *([f"at least {bar.least:g}"] if bar.least is not None else []),
        *([f"at most {bar.most:g}"] if bar.most is not None else []),
        *([f"above every control, p < {bar.above_controls:g}"] if bar.above_controls else []),
    ]
    mark = "passed" if item.passed else "FAILED"
    return mark, bar.suite, bar.system, bar.score, ", ".join(asks), item.found


def _fail_on_faults(found: Report) -> None:
    if found.faults:
        say(f"framewise: {len(found.faults)} citations do not resolve")
        raise typer.Exit(FAILED)
