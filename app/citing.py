"""What was cited and read, as a reader sees it: numbered citations, what else was read, the table of a comparison.

Knows evidence and the payload's types; decides nothing and writes no sentence.
"""

from __future__ import annotations

from framewise.app.evidence import Evidence
from framewise.app.gather import Gathered
from framewise.app.names import display_name
from framewise.app.types import AnswerSentence, Citation, Table
from framewise.app.understand import Query
from framewise.corpus.taxonomy import Taxonomy

ALSO_READ = 8


class Numbering:
    """Citation numbers in the order of first use, one per cited sentence."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._citations: list[Citation] = []

    def number(self, item: Evidence) -> int:
        """The number of a sentence, a new one on its first use."""
        if item.id not in self._numbers:
            self._numbers[item.id] = len(self._numbers) + 1
            self._citations.append(self.citation(item, self._numbers[item.id]))
        return self._numbers[item.id]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All that was numbered, in the order of the numbers."""
        return tuple(self._citations)

    def cited(self, sentence: AnswerSentence) -> tuple[Citation, ...]:
        """What a sentence cites."""
        return tuple(self._citations[number - 1] for number in sentence.citations)

    def citation(self, item: Evidence, number: int) -> Citation:
        """A sentence under a number, with its source."""
        sentence, document = item.sentence, item.document
        source = document.source_of(sentence.start, sentence.end)
        return Citation(
            number=number,
            sentence_id=sentence.id,
            document_id=document.id,
            title=document.title,
            kind=document.kind,
            section=sentence.section,
            url=source.url if source is not None else "",
            source="" if source is None else f"{source.title}, {source.locator}, {source.date}",
            published=document.date_of(sentence.start, sentence.end),
            checked=document.checked,
            quote=sentence.text,
            start=sentence.start,
            end=sentence.end,
        )


def table_cells(query: Query, gathered: Gathered) -> dict[tuple[str, str], tuple[str, ...]]:
    """For a comparison: the sentences found for each framework × criterion, best first.

    Where the question names no criterion, the ones on which every framework has a sentence.
    """
    if len(query.frameworks) < 2:
        return {}
    frameworks = query.frameworks[:4]
    if query.criteria:
        wanted = [(f, c) for f in frameworks for c in query.criteria[:3]]
        return {cell: gathered.matrix.get(cell, ()) for cell in wanted}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for item in gathered.evidence:
        for cell in ((f, c) for f in item.frameworks for c in item.criteria if f in frameworks):
            found[cell] = (*found.get(cell, ()), item.id)
    seen = dict.fromkeys(criterion for _, criterion in found)
    shared = [c for c in seen if all((f, c) in found for f in frameworks)][:3]
    if shared:
        return {(f, c): found[f, c] for f in frameworks for c in shared}
    return {(f, ""): gathered.matrix.get((f, ""), ()) for f in frameworks}


def unread(
    gathered: Gathered, cells: dict[tuple[str, str], tuple[str, ...]], cited: set[str]
) -> list[Evidence]:
    """What was read and not cited: first what a cell of the table rests on, then the best."""
    by_id = {item.id: item for item in gathered.evidence}
    bare = [ids[0] for ids in cells.values() if ids and not cited & set(ids)]
    order = dict.fromkeys((*bare, *by_id))
    return [by_id[id] for id in order if id not in cited][: max(ALSO_READ, len(set(bare)))]


def table_of(
    cells: dict[tuple[str, str], tuple[str, ...]], numbers: dict[str, int], taxonomy: Taxonomy
) -> Table | None:
    """Which numbered sentences speak on each framework × criterion, the cited ones first."""
    if not cells:
        return None
    frameworks = list(dict.fromkeys(framework for framework, _ in cells))
    criteria = list(dict.fromkeys(criterion for _, criterion in cells))
    names = {c: found.name for c in criteria if (found := taxonomy.criterion(c)) is not None}
    return Table(
        frameworks=tuple(display_name(taxonomy.framework(id), id) for id in frameworks),
        criteria=tuple(names.get(c, "In general") for c in criteria),
        cells=tuple(
            tuple(
                tuple(sorted(numbers[id] for id in cells[f, c] if id in numbers)) for c in criteria
            )
            for f in frameworks
        ),
    )
