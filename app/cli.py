"""The command line: parses input, calls Assistant, prints. Heavy libraries load only when needed."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from framewise.app import cli_corpus, cli_index, cli_models
from framewise.app.cli_options import Corpus, Device, Encoder, Model
from framewise.app.console import REFUSED, Steps, clean_exit, out, out_json, out_table, say

if TYPE_CHECKING:
    from framewise.app.assistant import Assistant
    from framewise.index.types import Filters

app = typer.Typer(
    name="framewise",
    help="Which machine-learning framework should I choose, and why? "
    "Answers whose every sentence can be checked, offline.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 fine, 1 an error in one line, 2 wrong usage, 3 no answer (refused).",
)
app.add_typer(cli_index.app, name="index")
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_corpus.app, name="corpus")


def main() -> None:
    """The console script: runs the command and turns known errors into one line."""
    for entry in sorted(entry_points(group="framewise.commands"), key=lambda entry: entry.name):
        entry.load()(app)
    with clean_exit():
        app()


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from framewise import __version__

        out(f"framewise {__version__}")
        raise typer.Exit


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, or - to read it from stdin.")],
    json: Annotated[bool, typer.Option("--json", help="Print the whole payload as JSON.")] = False,
    model: Model = "auto",
    encoder: Encoder = "embedded",
    corpus: Corpus = None,
    device: Device = "auto",
    since: Annotated[
        str, typer.Option(help="Only sources from this date on: 2025, 2025-01, 2025-01-31.")
    ] = "",
    framework: Annotated[
        list[str] | None, typer.Option(help="Only sources on this framework (repeatable).")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only article, doc, metric or user sources (repeatable)."),
    ] = None,
    no_llm: Annotated[
        bool, typer.Option("--no-llm", help="Answer with quotes, without a language model.")
    ] = False,
) -> None:
    """Answer a question with verified, cited sentences."""
    text = _from_stdin() if question == "-" else question
    steps = Steps()
    with steps.shown():
        assistant = _assistant("none" if no_llm else model, encoder, corpus, device, steps)
        answer = assistant.ask(text, filters=_filters(since, framework or [], kind or []))
    if json:
        out_json(answer.to_dict())
    else:
        out(str(answer))
    if answer.status == "refused":
        raise typer.Exit(REFUSED)


@app.command()
def chat(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser.")
    ] = False,
    auth: Annotated[str, typer.Option(help="USER:PASSWORD to ask for.")] = "",
    model: Model = "auto",
    encoder: Encoder = "embedded",
    corpus: Corpus = None,
    device: Device = "auto",
) -> None:
    """Open the chat in the browser."""
    from framewise.app.page import serve
    from framewise.app.web import open_to_others

    if auth and ":" not in auth:
        raise typer.BadParameter(f"'{auth}' is not USER:PASSWORD", param_hint="--auth")
    if warning := open_to_others(host, auth):
        say(f"framewise: {warning}")
    steps = Steps()
    with steps.shown():
        assistant = _assistant(model, encoder, corpus, device, steps)
        say("opening index and model …")
        _ = assistant.index, assistant.model_id
    serve(assistant, host=host, port=port, open_browser=not no_browser, auth=auth)


@app.command()
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    model: Model = "auto",
    device: Device = "auto",
) -> None:
    """Show what this machine will do, and why."""
    from framewise.app.doctor import examine

    facts = examine(_checked(model), _device(device))
    if json:
        out_json({name: value for name, value, _ in facts})
    else:
        out_table(("what", "is", "because"), facts)


def _from_stdin() -> str:
    """The question on stdin, as far as one may be long; bytes that are no text are marked."""
    from framewise.app.understand import MAX_QUESTION_CHARS

    raw = sys.stdin.buffer.read(4 * MAX_QUESTION_CHARS + 4)
    return raw.decode("utf-8", errors="replace")


def _assistant(
    model: str, encoder: str, corpus: Path | None, device: str, steps: Steps
) -> Assistant:
    from framewise.app.assistant import Assistant

    return Assistant(
        model=_checked(model),
        encoder=_checked(encoder),
        corpus=corpus,
        device=_device(device),
        say=say,
        progress=steps,
    )


def _checked(name: str) -> str:
    if not name.strip():
        raise typer.BadParameter("the name is empty")
    return name


def _device(name: str) -> str:
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise typer.BadParameter(f"'{name}' is not auto, cpu, cuda or mps", param_hint="--device")
    return name


def _is_date(text: str) -> bool:
    import re
    from datetime import date

    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def _filters(since: str, frameworks: list[str], kinds: list[str]) -> Filters:
    from framewise.app.names import asked_frameworks
    from framewise.corpus.document import KINDS
    from framewise.corpus.taxonomy import load_taxonomy
    from framewise.index.types import Filters

    if since and not _is_date(since):
        raise typer.BadParameter(f"'{since}' is not a date as 2025-01", param_hint="--since")
    ids: list[str] = []
    for name in frameworks:
        found = asked_frameworks(name, load_taxonomy())
        if not found:
            raise typer.BadParameter(
                f"'{name}' is no framework Framewise knows", param_hint="--framework"
            )
        ids += found
    for kind in kinds:
        if kind not in KINDS:
            raise typer.BadParameter(
                f"'{kind}' is not one of {', '.join(KINDS)}", param_hint="--kind"
            )
    return Filters(frameworks=tuple(ids), kinds=tuple(kinds), since=since)
