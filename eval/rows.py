"""Rows of a run, the log they are kept in, and the Report they make; asks and scores nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from framewise.corpus.errors import SuiteError
from framewise.eval.statistics import (
    Estimate,
    auroc,
    balanced_accuracy,
    calibration_error,
    estimate,
    estimate_of,
)
from numpy.typing import NDArray

Key = tuple[str, str, str, str]
Score = float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One item of one suite, done by one system.

    `variant` is "" for the item itself and names another form of it ("twin", "paraphrase 2");
    `cluster` is what the statistics resample. `faults` fail the whole run. `detail` is what a
    reader wants to see: the answer, what it cites, seconds.
    """

    suite: str
    system: str
    id: str
    kind: str
    cluster: str
    scores: dict[str, Score]
    variant: str = ""
    faults: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What no two rows of a run share."""
        return (self.suite, self.system, self.id, self.variant)


@dataclass(frozen=True, slots=True)
class Report:
    """A run: what was run on what, and every row."""

    about: dict[str, str]
    rows: tuple[Row, ...]

    @property
    def faults(self) -> list[str]:
        """Every fault with its item; any one fails the run."""
        return [f"{row.id}: {fault}" for row in self.rows for fault in row.faults]

    def of(self, suite: str, system: str) -> list[Row]:
        """The rows of one system in one suite."""
        return [row for row in self.rows if (row.suite, row.system) == (suite, system)]

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Each suite and system, in the order of the rows."""
        return list(dict.fromkeys((row.suite, row.system) for row in self.rows))

    def estimates(self, suite: str, system: str) -> dict[str, Estimate | None]:
        """Each score's mean and interval over the rows it applies to, then what is no mean."""
        rows = self.of(suite, system)
        clusters = [row.cluster for row in rows]
        names = list(dict.fromkeys(name for row in rows for name in row.scores))
        found = {name: estimate([row.scores.get(name) for row in rows], clusters) for name in names}
        for name, statistic in _CURVES.items():
            pairs = [row for row in rows if "label" in row.detail or "without gold" in row.detail]
            if pairs and (curve := statistic(pairs)) is not None:
                found[name] = curve
        return found


def _labelled(rows: Sequence[Row]) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """Scores and labels of rows that carry them; gold removal gives each question twice."""
    scores: list[float] = []
    labels: list[bool] = []
    clusters: list[str] = []
    for row in rows:
        if "label" in row.detail:
            scores.append(row.detail["score"])
            labels.append(bool(row.detail["label"]))
            clusters.append(row.cluster)
        else:
            scores += [row.detail["with gold"], row.detail["without gold"]]
            labels += [True, False]
            clusters += [row.cluster, row.cluster]
    return np.array(scores), np.array(labels, dtype=bool), clusters


def _auroc(rows: Sequence[Row]) -> Estimate | None:
    scores, labels, clusters = _labelled(rows)
    return estimate_of(lambda at: auroc(scores[at][labels[at]], scores[at][~labels[at]]), clusters)


def _calibration(rows: Sequence[Row]) -> Estimate | None:
    if not all("label" in row.detail for row in rows):
        return None
    scores, labels, clusters = _labelled(rows)
    return estimate_of(lambda at: calibration_error(scores[at], labels[at]), clusters)


def _contradiction(rows: Sequence[Row]) -> Estimate | None:
    """AUROC of supported pairs against contradicted ones alone, where the labels tell them apart."""
    told = [row for row in rows if row.detail.get("label") or row.kind.startswith("contradict")]
    return _auroc(told) if len(told) < len(rows) else None


def _balanced(rows: Sequence[Row]) -> Estimate | None:
    """Balanced accuracy at the threshold that the app itself uses."""
    if not all("label" in row.detail and "accepted" in row.scores for row in rows):
        return None
    accepted = np.array([row.scores["accepted"] for row in rows], dtype=np.float64)
    _, labels, clusters = _labelled(rows)
    return estimate_of(lambda at: balanced_accuracy(accepted[at], labels[at], 0.5), clusters)


_CURVES: dict[str, Callable[[Sequence[Row]], Estimate | None]] = {
    "AUROC": _auroc,
    "AUROC, support against contradiction": _contradiction,
    "balanced accuracy": _balanced,
    "calibration error": _calibration,
}


class Log:
    """A JSON Lines file of a run: what it rests on, then a row per line as they are made.

    An interrupted run goes on from it: whole rows are taken over, a cut last line is made again.

    Args:
        path: the file; None keeps the rows in memory.
        about: what the run rests on.

    Raises:
        SuiteError: not a log, a line within it is damaged, or it was written on another index,
            model or question set.
    """

    def __init__(self, path: Path | None, about: dict[str, str]) -> None:
        self._path = path
        self.rows: dict[Key, Row] = {}
        if path is None:
            return
        if path.is_file() and path.stat().st_size:
            found, rows = read_log(path)
            different = sorted(k for k in {*about, *found} if about.get(k) != found.get(k))
            if different:
                raise SuiteError(
                    f"'{path}' was written on another {', '.join(different)}.",
                    fix="Name another file with --log, or delete this one.",
                )
            self.rows = {row.key: row for row in rows}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"about": about}), *map(_line, self.rows.values())]
            beside = path.with_name(path.name + ".new")
            beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
            os.replace(beside, path)
        except OSError as error:
            raise SuiteError(f"the log '{path}' cannot be written: {error}.") from error

    def append(self, rows: Iterable[Row]) -> None:
        """Keeps rows. Raises: SuiteError: the file cannot be written."""
        new = list(rows)
        self.rows |= {row.key: row for row in new}
        if self._path is not None:
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.writelines(_line(row) + "\n" for row in new)
            except OSError as error:
                raise SuiteError(f"the log '{self._path}' cannot be written: {error}.") from error


def read_log(path: Path) -> tuple[dict[str, str], list[Row]]:
    """What a log was made on, and its rows; a cut last line is left out.

    Raises:
        SuiteError: unreadable, not a log, or damaged before its last line; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the log '{path}' cannot be read: {error}.") from error
    head, *lines = text.split("\n")
    try:
        about = json.loads(head)["about"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SuiteError(
            f"'{path}' is not a log of `framewise eval run`: its first line names no run."
        ) from error
    rows = []
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        try:
            record: Any = json.loads(line)
            record["faults"] = tuple(record["faults"])
            rows.append(Row(**record))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines) + 1:
                break  # no line end behind it: the run was interrupted while writing it
            raise SuiteError(f"{path}:{number}: not a row of a run: {error}.") from error
    return about, rows


def _line(row: Row) -> str:
    return json.dumps(asdict(row), ensure_ascii=False)
