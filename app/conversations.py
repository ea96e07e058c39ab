"""Conversations on this machine: every payload as it was shown, in one SQLite file; asks nothing.

Step 9 of DESIGN.md section 5.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framewise.app.types import Answer
from framewise.corpus.errors import StorageError

TITLE_CHARS = 80
_TABLES = """
CREATE TABLE IF NOT EXISTS conversation (id TEXT PRIMARY KEY, title TEXT NOT NULL, n INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS turn (conversation TEXT NOT NULL, n INTEGER NOT NULL, payload TEXT NOT NULL,
  PRIMARY KEY (conversation, n));
"""


class Conversations:
    """Kept conversations, newest first. Safe to use from several threads and processes.

    Args:
        path: the SQLite file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, id: str, answer: Answer) -> str:
        """Keeps a turn and gives its conversation's id; an empty id begins a conversation.

        Ids are 128 random bits, so that one cannot be guessed. Raises: StorageError.
        """
        id = id or secrets.token_hex(16)
        with self._open() as database:
            count = database.execute("SELECT COALESCE(MAX(n), 0) + 1 FROM conversation").fetchone()[
                0
            ]
            title = answer.question[:TITLE_CHARS]
            database.execute(
                "INSERT OR IGNORE INTO conversation VALUES (?, ?, ?)", (id, title, count)
            )
            (turn,) = database.execute(
                "SELECT COALESCE(MAX(n), 0) + 1 FROM turn WHERE conversation = ?", (id,)
            ).fetchone()
            payload = json.dumps(answer.to_dict(), ensure_ascii=False)
            database.execute("INSERT INTO turn VALUES (?, ?, ?)", (id, turn, payload))
        return id

    def turns(self, id: str) -> list[Answer]:
        """A conversation's answers, oldest first; none for an unknown id. Raises: StorageError."""
        with self._open() as database:
            rows = database.execute(
                "SELECT payload FROM turn WHERE conversation = ? ORDER BY n", (id,)
            ).fetchall()
        return [Answer.from_dict(json.loads(payload)) for (payload,) in rows]

    def titles(self) -> list[tuple[str, str]]:
        """Id and title of each conversation, newest first. Raises: StorageError."""
        with self._open() as database:
            return list(database.execute("SELECT id, title FROM conversation ORDER BY n DESC"))

    def delete(self, id: str) -> None:
        """Forgets a conversation. Raises: StorageError."""
        with self._open() as database:
            database.execute("DELETE FROM turn WHERE conversation = ?", (id,))
            database.execute("DELETE FROM conversation WHERE id = ?", (id,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self._path, timeout=30)
            try:
                database.executescript(_TABLES)
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StorageError(
                f"the conversations in '{self._path}' cannot be used: {error}.",
                fix="Move the file away; a new one is made.",
            ) from error
