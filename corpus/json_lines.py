"""A JSON Lines file to its rows, each with its place; does not know what a row means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framewise.corpus.errors import FramewiseError


def rows_of(path: Path, fault: type[FramewiseError]) -> Iterator[tuple[str, Any]]:
    """Each line that is not empty: its place ("file:line") and what it holds.

    Raises:
        fault: the file is unreadable or a line is not JSON; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a text may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise fault(f"'{path}' cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise fault(f"{place}: not JSON: {error}.") from error
        yield place, row
