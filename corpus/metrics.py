"""Metric rows: measured facts with a row id and where they were read; knows nothing of how they are said or drawn."""

from __future__ import annotations

import csv
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from framewise.corpus.errors import CorpusError

DATA = Path(__file__).parent / "data" / "metrics"
COLUMNS = (
    "entity",
    "variant",
    "metric",
    "value",
    "unit",
    "date",
    "source",
    "locator",
    "method",
    "note",
)
_DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2})?)?$")


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured fact: a value of an entity at a date, and where it was read.

    `id` is `table/entity[/variant]/metric/date`; `variant` is the framework or backend a row is
    about where the entity is something else (a benchmark round, a project).
    """

    id: str
    table: str
    entity: str
    variant: str
    metric: str
    value: str
    unit: str
    date: str
    source: str
    locator: str
    method: str
    note: str

    @property
    def number(self) -> float | None:
        """The value as a number, None where it is a text."""
        try:
            return float(self.value)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, eq=False)
class MetricTable:
    """A table's rows and its description: what was measured, how, and what to be careful with."""

    name: str
    rows: tuple[Metric, ...]
    description: str


def slug(text: str) -> str:
    """Lower case ASCII words joined by hyphens: "MLPerf Training v5.1" is "mlperf-training-v5.1"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.+_]+", "-", plain).strip("-")


@cache
def load_metrics(folder: Path = DATA) -> tuple[MetricTable, ...]:
    """Every table of a folder, by name: each a CSV file with a Markdown description beside it.

    Raises:
        CorpusError: a column is missing, a date is not ISO 8601, an entity, metric or value is
            empty, or a table has no description.
    """
    return tuple(_load_table(path) for path in sorted(folder.glob("*.csv")))


def find_rows(tables: tuple[MetricTable, ...], key: str) -> tuple[Metric, ...]:
    """The rows whose id is `key`, or begins with it, newest first."""
    ids, rows = _by_id(tables)
    found = []
    for at in range(bisect_left(ids, key), len(ids)):
        if not ids[at].startswith(key):
            break
        if ids[at] == key or ids[at][len(key)] == "/":
            found.append(rows[at])
    return tuple(sorted(found, key=lambda row: (row.date, row.id), reverse=True))


@cache
def _by_id(tables: tuple[MetricTable, ...]) -> tuple[list[str], list[Metric]]:
    rows = sorted((row for table in tables for row in table.rows), key=lambda row: row.id)
    return [row.id for row in rows], rows


def _load_table(path: Path) -> MetricTable:
    description = path.with_suffix(".md")
    if not description.is_file():
        raise CorpusError(f"'{path.name}' has no description '{description.name}'.", path=path)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise CorpusError(f"the columns {', '.join(missing)} are missing.", path=path, line=1)
        rows: list[Metric] = []
        seen: dict[str, int] = {}
        for record in reader:
            rows.append(_row(record, path, reader.line_num, seen))
    return MetricTable(path.stem, tuple(rows), description.read_text(encoding="utf-8"))


def _row(record: dict[str, str], path: Path, line: int, seen: dict[str, int]) -> Metric:
    for name in ("entity", "metric", "value", "source"):
        if not record[name]:
            raise CorpusError(f"the row's '{name}' is empty.", path=path, line=line)
    if not _DATE.match(record["date"]):
        raise CorpusError(f"'{record['date']}' is not an ISO 8601 date.", path=path, line=line)
    parts = (path.stem, slug(record["entity"]), slug(record["variant"]), slug(record["metric"]))
    id = "/".join((*(part for part in parts if part), record["date"]))
    seen[id] = seen.get(id, 0) + 1
    if seen[id] > 1:
        id = f"{id}-{seen[id]}"
    return Metric(id=id, table=path.stem, **{name: record[name] for name in COLUMNS})
