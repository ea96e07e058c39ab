"""Is every sentence of a generation verbatim in its document; reads files, opens no index."""

from __future__ import annotations

import json
from pathlib import Path

from framewise.corpus.errors import IndexDamagedError


def check_offsets(folder: Path) -> int:
    """How many sentences were compared: each equals its document's text at its offsets.

    Raises:
        IndexDamagedError: one does not; the message names it.
    """
    with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    count = 0
    with (folder / "sentences.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if texts[row["document_id"]][row["start"] : row["end"]] != row["text"]:
                raise IndexDamagedError(
                    f"the sentence '{row['id']}' is not verbatim in its document.",
                    fix="Run: framewise index build",
                )
            count += 1
    return count
