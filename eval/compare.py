"""Two runs side by side: paired differences, which items flipped; knows nothing of how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from framewise.corpus.errors import SuiteError
from framewise.eval.rows import Report, Row
from framewise.eval.statistics import Difference, difference, holm


@dataclass(frozen=True, slots=True)
class Compared:
    """A score of one suite, of system A and system B."""

    suite: str
    a: str
    b: str
    score: str
    found: Difference


@dataclass(frozen=True, slots=True)
class Flip:
    """An item whose score differs: both rows, to be read side by side."""

    score: str
    a: Row
    b: Row


def compare(a: Report, b: Report) -> list[Compared]:
    """Every score that both runs gave to the same items of the same system, Holm over all of them.

    Raises:
        SuiteError: the runs share no item, or asked different questions.
    """
    if a.about.get("questions") != b.about.get("questions"):
        raise SuiteError("the two runs asked different questions, so no item can be paired.")
    found = [
        Compared(suite, system, system, score, difference)
        for suite, system in a.sections
        for score, difference in _paired(a.of(suite, system), b.of(suite, system))
    ]
    if not found:
        raise SuiteError("the two runs share no scored item.")
    return _corrected(found)


def against_controls(
    report: Report, score: str, suite: str = "answers", *, without: Sequence[str] = ()
) -> list[Compared]:
    """One score of the assistant against the controls of the same run but some, Holm over them."""
    ours = report.of(suite, "framewise")
    found = []
    left_out = ("framewise", *without)
    for _, system in (s for s in report.sections if s[0] == suite and s[1] not in left_out):
        pairs = dict(_paired(report.of(suite, system), ours))
        if score in pairs:
            found.append(Compared(suite, system, "framewise", score, pairs[score]))
    return _corrected(found)


def flips(a: Report, b: Report, score: str) -> list[Flip]:
    """The items whose score differs between two runs, those that fell first."""
    rows = {row.key: row for row in a.rows}
    found = [Flip(score, rows[row.key], row) for row in b.rows if row.key in rows]
    changed = [f for f in found if f.a.scores.get(score) != f.b.scores.get(score)]
    return sorted(changed, key=lambda f: (_value(f.b, score) - _value(f.a, score), f.b.id))


def as_markdown(a: Report, b: Report, shown: int = 20) -> str:
    """The table of differences, then the flipped items side by side."""
    different = [k for k in a.about if a.about[k] != b.about.get(k)]
    changed = ", ".join(f"{k} {a.about[k]} -> {b.about.get(k)}" for k in different) or "nothing"
    lines = [
        f"Changed between A and B: {changed}",
        "",
        "| suite | system | score | A | B | B - A [95%] | n | p | Holm | detectable |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    found = compare(a, b)
    for item in found:
        d = item.found
        lines.append(
            f"| {item.suite} | {item.b} | {item.score} | {d.a:.3f} | {d.b:.3f} | "
            f"{d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}] | {d.n} | {d.p:.4f} | {d.holm:.4f} | {d.detectable:.3f} |"
        )
    for score in dict.fromkeys(item.score for item in found if item.found.mean):
        changed_items = [f for f in flips(a, b, score) if "text" in f.b.detail]
        if score == "words" or not changed_items:
            continue
        lines += ["", f"### {score}: {len(changed_items)} flipped", ""]
        for flip in changed_items[:shown]:
            lines += _side_by_side(flip)
    return "\n".join(lines)


def _paired(a: Sequence[Row], b: Sequence[Row]) -> list[tuple[str, Difference]]:
    """Per score, B less A over the items in both; rows pair by item and variant."""
    rows = {(row.id, row.variant): row for row in a}
    both = [(rows[row.id, row.variant], row) for row in b if (row.id, row.variant) in rows]
    names = dict.fromkeys(name for row, _ in both for name in row.scores)
    found = []
    for name in names:
        paired = difference(
            [one.scores.get(name) for one, _ in both],
            [other.scores.get(name) for _, other in both],
            [other.cluster for _, other in both],
        )
        if paired is not None:
            found.append((name, paired))
    return found


def _corrected(found: Sequence[Compared]) -> list[Compared]:
    adjusted = holm([item.found.p for item in found])
    return [
        replace(item, found=replace(item.found, holm=p))
        for item, p in zip(found, adjusted, strict=True)
    ]


def _value(row: Row, score: str) -> float:
    value = row.scores.get(score)
    return -1.0 if value is None else value


def _side_by_side(flip: Flip) -> list[str]:
    score = flip.score
    return [
        f"- **{flip.b.id}** {flip.b.detail.get('question', '')}",
        f"  - A ({flip.a.scores.get(score)}): {_short(flip.a)}",
        f"  - B ({flip.b.scores.get(score)}): {_short(flip.b)}",
    ]


def _short(row: Row) -> str:
    return " ".join(str(row.detail.get("text", "")).split())[:400]
