"""How the command line talks: answers on stdout, progress and errors on stderr; knows no command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from framewise.app.render import printable
from framewise.corpus.errors import FramewiseError

OK, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
STEPS = {"split": "splitting documents", "embed": "embedding sentences", "eval": "asking"}


def out(text: str) -> None:
    """A line on stdout; control characters are shown as symbols, what the encoding lacks is replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    text = printable(text)
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def out_json(payload: object) -> None:
    """A JSON object on stdout, the same in every encoding; control characters are escaped."""
    text = json.dumps(payload, ensure_ascii=not _speaks_utf8(), indent=1)
    sys.stdout.write("".join(map(_json_safe, text)) + "\n")


def say(text: str) -> None:
    """A line of progress on stderr."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def out_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows in columns on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(printable(str(cell)).replace("[", "\\[") for cell in row))
    Console().print(table)


class Steps:
    """Progress of long work on stderr: a bar on a terminal, a line per step elsewhere."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tells that `done` of `total` are done in a step."""
        if self._progress is None:
            if step not in self._tasks:
                self._tasks[step] = None
                say(f"{STEPS.get(step, step)} ({total}) …")
            return
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(STEPS.get(step, step), total=total)
        self._progress.update(self._tasks[step], completed=done, total=total)

    @contextmanager
    def shown(self) -> Iterator[Steps]:
        """Shows the bars while the block runs, where stderr is a terminal."""
        if not sys.stderr.isatty():
            yield self
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as self._progress:
            yield self
        self._progress = None


@contextmanager
def clean_exit() -> Iterator[None]:
    """Turns what a user can mend into one line and an exit code; anything else keeps its traceback."""
    try:
        yield
    except FramewiseError as error:
        say(f"framewise: {error}")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        say("framewise: stopped")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone (`| head -1`): say nothing more, not even at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)


def _json_safe(char: str) -> str:
    """The character, or its JSON escapes where it could drive a terminal."""
    return char if char in "\n " or char.isprintable() else json.dumps(char)[1:-1]


def _speaks_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
