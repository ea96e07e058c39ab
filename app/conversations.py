"""Conversations on this machine: every payload as it was shown, in one SQLite file; asks nothing.

Step 9 of DESIGN.md section 5.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framewise.app.types import Answer
from framewise.corpus.errors import StorageError

TITLE_CHARS = 80
_TABLES = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS conversation (id TEXT PRIMARY KEY, title TEXT NOT NULL, n INTEGER NOT NULL,
  owner TEXT NOT NULL DEFAULT '', changed TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS turn (conversation TEXT NOT NULL, n INTEGER NOT NULL, payload TEXT NOT NULL,
  rating TEXT NOT NULL DEFAULT '', PRIMARY KEY (conversation, n));
"""
_LATER_COLUMNS = (("conversation", "owner"), ("conversation", "changed"), ("turn", "rating"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation in the list: its id, title, the day of its last turn, and how many turns it has."""

    id: str
    title: str
    changed: str
    turns: int


class Conversations:
    """The kept conversations of one owner. Safe to use from several threads and processes.

    Nothing of another owner can be read, listed or changed, even where its id is known.

    Args:
        path: the SQLite file; made if it is not there.
        owner: whose conversations these are; ids of owners are secret.
    """

    def __init__(self, path: Path, owner: str = "") -> None:
        self._path, self._owner = path, owner

    def add(self, id: str, answer: Answer) -> str:
        """Keeps a turn and gives its conversation's id; an empty or unknown id begins a conversation.

        Ids are 128 random bits, so that one cannot be guessed. Raises: StorageError.
        """
        with self._open() as database:
            if not self._owns(database, id):
                id = secrets.token_hex(16)
                self._begin(database, id, answer.question[:TITLE_CHARS])
            (turn,) = database.execute(
                "SELECT COALESCE(MAX(n), 0) + 1 FROM turn WHERE conversation = ?", (id,)
            ).fetchone()
            payload = json.dumps(answer.to_dict(), ensure_ascii=False)
            database.execute(
                "INSERT INTO turn (conversation, n, payload) VALUES (?, ?, ?)", (id, turn, payload)
            )
            database.execute(
                "UPDATE conversation SET changed = ? WHERE id = ?", (time.strftime("%Y-%m-%d"), id)
            )
        return id

    def turns(self, id: str) -> list[Answer]:
        """A conversation's answers, oldest first; none for an unknown id. Raises: StorageError."""
        return [Answer.from_dict(json.loads(payload)) for payload, _ in self._rows(id)]

    def ratings(self, id: str) -> list[str]:
        """What was said of each answer, "" where nothing was. Raises: StorageError."""
        return [rating for _, rating in self._rows(id)]

    def rate(self, id: str, turn: int, rating: str) -> None:
        """Keeps what a reader says of an answer, counted from 1. Raises: StorageError."""
        with self._open() as database:
            if self._owns(database, id):
                database.execute(
                    "UPDATE turn SET rating = ? WHERE conversation = ? AND n = ?",
                    (rating, id, turn),
                )

    def truncate(self, id: str, turns: int) -> None:
        """Keeps a conversation's first turns and forgets the others. Raises: StorageError."""
        with self._open() as database:
            if self._owns(database, id):
                database.execute("DELETE FROM turn WHERE conversation = ? AND n > ?", (id, turns))

    def entries(self, search: str = "") -> list[Entry]:
        """The conversations, newest first; only those whose title, questions or answers hold `search`.

        Raises: StorageError.
        """
        with self._open() as database:
            rows = database.execute(
                "SELECT id, title, changed, (SELECT COUNT(*) FROM turn WHERE conversation = id) "
                "FROM conversation WHERE owner = ?1 AND (instr(lower(title), lower(?2)) OR EXISTS ("
                "SELECT 1 FROM turn WHERE conversation = id AND (instr(lower(payload ->> '$.question'), "
                "lower(?2)) OR instr(lower(payload ->> '$.text'), lower(?2))))) ORDER BY n DESC",
                (self._owner, search.strip()),
            ).fetchall()
        return [Entry(*row) for row in rows]

    def title(self, id: str) -> str:
        """A conversation's title, "" for an unknown id. Raises: StorageError."""
        return next((entry.title for entry in self.entries() if entry.id == id), "")

    def rename(self, id: str, title: str) -> None:
        """Gives a conversation another title; an empty one changes nothing. Raises: StorageError."""
        wanted = " ".join(title.split())[:TITLE_CHARS]
        with self._open() as database:
            if wanted and self._owns(database, id):
                database.execute("UPDATE conversation SET title = ? WHERE id = ?", (wanted, id))

    def delete(self, id: str) -> None:
        """Forgets a conversation; its text is overwritten in the file. Raises: StorageError."""
        with self._open() as database:
            if self._owns(database, id):
                database.execute("DELETE FROM turn WHERE conversation = ?", (id,))
                database.execute("DELETE FROM conversation WHERE id = ?", (id,))

    def delete_all(self) -> int:
        """Forgets every conversation and gives their number. Raises: StorageError."""
        entries = self.entries()
        for entry in entries:
            self.delete(entry.id)
        return len(entries)

    def _rows(self, id: str) -> list[tuple[str, str]]:
        with self._open() as database:
            return database.execute(
                "SELECT payload, rating FROM turn JOIN conversation ON conversation.id = conversation "
                "WHERE conversation.id = ? AND owner = ? ORDER BY turn.n",
                (id, self._owner),
            ).fetchall()

    def _owns(self, database: sqlite3.Connection, id: str) -> bool:
        query = "SELECT 1 FROM conversation WHERE id = ? AND owner = ?"
        return database.execute(query, (id, self._owner)).fetchone() is not None

    def _begin(self, database: sqlite3.Connection, id: str, title: str) -> None:
        database.execute(
            "INSERT INTO conversation (id, title, n, owner) "
            "VALUES (?, ?, (SELECT COALESCE(MAX(n), 0) + 1 FROM conversation), ?)",
            (id, title, self._owner),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self._path, timeout=30)
            try:
                database.executescript(_TABLES)
                _add_later_columns(database)
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StorageError(
                f"the conversations in '{self._path.name}' cannot be used: {error}.",
                fix="Move the file away from FRAMEWISE_HOME; a new one is made.",
            ) from error


def _add_later_columns(database: sqlite3.Connection) -> None:
    """A file of an earlier version lacks some columns."""
    for table, column in _LATER_COLUMNS:
        known = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        if column not in known:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
