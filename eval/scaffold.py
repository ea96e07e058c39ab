"""A question file to start from, for a user's own corpus; writes no key for anybody."""

from __future__ import annotations

import json
from pathlib import Path

from framewise.corpus.errors import SuiteError

EXAMPLES = (
    {
        "id": "own-001",
        "topic": "first-topic",
        "text": "A question as your colleagues would type it?",
        "kind": "fact",
        "status": "answered",
        "gold": [],
        "vital": [{"says": "What a right answer must say.", "pattern": "must|has to"}],
        "must_not": [{"says": "What would be wrong.", "pattern": "plainly wrong"}],
        "good": "A right answer: it must say this.",
        "bad": "Something plainly wrong.",
    },
    {
        "id": "own-002",
        "topic": "outside",
        "text": "A question that your documents cannot answer?",
        "kind": "unanswerable",
        "why": "out-of-domain",
        "status": "refused",
    },
)


def scaffold(path: Path) -> None:
    """Writes a question file with one example of each sort.

    Raises:
        SuiteError: the file is there already, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in EXAMPLES)
    except FileExistsError as error:
        raise SuiteError(f"'{path}' is there already.", fix="Name another file.") from error
    except OSError as error:
        raise SuiteError(f"'{path}' cannot be written: {error}.") from error
