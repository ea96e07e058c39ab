"""Taxonomy, metrics, statements, lint: formats checked, sentences worked out by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fakes import README, document
from framewise.corpus.document import Mark
from framewise.corpus.errors import CorpusError
from framewise.corpus.lint import lint
from framewise.corpus.metrics import COLUMNS, find_rows, load_metrics, slug
from framewise.corpus.statements import say_date, say_number, state_tables, with_row_sources
from framewise.corpus.taxonomy import load_taxonomy

ENTRY = 'id = "{0}"\nname = "{1}"\naliases = [{2}]\ngroup = "g"\npackage = ""\nrepository = ""\nstatus = "{3}"\nstatus_date = ""\nsuccessor = "{4}"\n'


def taxonomy_file(folder: Path, *entries: str) -> Path:
    path = folder / "taxonomy.toml"
    path.write_text("".join(f"[[framework]]\n{entry}" for entry in entries))
    return path


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [
                ENTRY.format("a", "A", '"x"', "active", ""),
                ENTRY.format("b", "B", '"X"', "active", ""),
            ],
            "'x' names both 'a' and 'b'",
        ),
        ([ENTRY.format("a", "A", "", "alive", "")], "'a' has status 'alive'; known are active"),
        ([ENTRY.format("a", "A", "", "retired", "c")], "names successor 'c', which is not listed"),
        (['id = "a"\n'], "no text field 'name'"),
        (["id = \n"], "not valid TOML"),
    ],
)
def test_a_broken_taxonomy_says_why(tmp_path: Path, entries: list[str], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load_taxonomy(taxonomy_file(tmp_path, *entries))


def metric_table(folder: Path, rows: list[str], name: str = "package_releases") -> Path:
    (folder / f"{name}.csv").write_text(",".join(COLUMNS) + "\n" + "\n".join(rows) + "\n")
    (folder / f"{name}.md").write_text("# t\nWhat: release facts, of packages.\n")
    return folder


def test_a_metric_row_has_an_id_and_a_number(tmp_path: Path) -> None:
    [table] = load_metrics(
        metric_table(
            tmp_path, ["MLPerf Training v5.1,PyTorch,share,85.7,%,2025-11,GitHub a/b,x,read,"], "t"
        )
    )
    [row] = table.rows
    assert row.id == "t/mlperf-training-v5.1/pytorch/share/2025-11"
    assert row.number == 85.7
    assert find_rows((table,), "t/mlperf-training-v5.1/pytorch") == (row,)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("torch,,m,1,u,yesterday,s,l,r,", r"t.csv:2: 'yesterday' is not an ISO 8601 date"),
        ("torch,,m,,u,2026,s,l,r,", r"t.csv:2: the row's 'value' is empty"),
    ],
)
def test_a_broken_row_names_its_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load_metrics(metric_table(tmp_path, [row], "t"))


def test_a_missing_column_and_a_missing_description(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("entity,value\na,1\n")
    with pytest.raises(CorpusError, match="has no description 't.md'"):
        load_metrics(tmp_path)
    (tmp_path / "t.md").write_text("# t\nWhat: x.\n")
    load_metrics.cache_clear()
    with pytest.raises(CorpusError, match="the columns variant, metric"):
        load_metrics(tmp_path)


def test_spelling() -> None:
    assert slug("MLPerf Training v5.1") == "mlperf-training-v5.1"
    assert (say_date("2025-10"), say_date("2025-10-02"), say_date("2025")) == (
        "October 2025",
        "2025-10-02",
        "2025",
    )
    assert (say_number("22923696"), say_number("1467"), say_number("85.7")) == (
        "22,923,696",
        "1467",
        "85.7",
    )


def test_release_rows_are_said_as_sentences_marked_with_their_rows(tmp_path: Path) -> None:
    facts = {
        "latest_version": "2.15.0", "latest_version_date": "2026-10-28", "days_since_latest_version": "25",
        "releases_last_12_months": "1", "prereleases_last_12_months": "0", "requires_python": ">=3.10",
        "wheel_platforms_latest": "linux x86_64; Windows amd64", "license": "BSD-3-Clause", "first_release_date": "2018-12-07",
    }  # fmt: skip
    rows = [
        f'torch,,{name},"{value}",u,2026-11-22,"PyPI, package torch",x,read,'
        for name, value in facts.items()
    ]
    [said] = state_tables(load_metrics(metric_table(tmp_path, rows)), load_taxonomy())
    lines = said.text.splitlines()
    assert (
        lines[0]
        == "As of November 2026, the latest release of the PyPI package torch is version 2.15.0, uploaded on 2026-10-28."
    )
    assert (
        lines[2]
        == "In the 12 months up to 2026-11-22, the PyPI package torch had 1 release and 0 pre-releases."
    )
    assert "linux x86_64, Windows amd64" in lines[4]
    assert (said.kind, said.frameworks) == ("metric", ("pytorch",))
    keys = [mark.key for mark in said.marks_of(0, len(lines[0]))]
    assert keys == [
        "metric/package_releases/torch/latest_version/2026-11-22",
        "metric/package_releases/torch/latest_version_date/2026-11-22",
    ]


def test_every_shipped_row_set_is_said_and_every_sentence_is_marked() -> None:
    tables = load_metrics()
    assert [table.name for table in tables] == [
        "ecosystem_history", "hardware_support", "milestones", "mlperf_frameworks",
        "package_releases", "repo_activity", "research_usage", "transformers_backends",
    ]  # fmt: skip
    known = {row.id for table in tables for row in table.rows}
    said = state_tables(tables, load_taxonomy())
    assert len(said) == 302
    for found in said:
        assert {mark.key.removeprefix("metric/") for mark in found.marks} <= known
        assert len({mark.offset for mark in found.marks}) == len(found.text.splitlines())


GOOD = "PyTorch 2.15.0 was released on 2026-10-28 by the PyTorch project."


@pytest.mark.parametrize(
    ("text", "fields", "rule"),
    [
        ("It was released in 2026 by the project.", {}, "subject"),
        ("PyTorch " + "very " * 45 + "good.", {}, "length"),
        ("PyTorch is a blazingly fast framework for all.", {}, "adjective"),
        ("PyTorch was released without a full stop", {}, "ending"),
        (GOOD, {"marks": ()}, "trace"),
        (
            GOOD,
            {
                "sources": (),
                "marks": (Mark(len(GOOD), "metric/package_releases/torch/latest_version"),),
            },
            "sources",
        ),
        (GOOD, {"frameworks": ("hypertorch",)}, "frameworks"),
        (GOOD, {"topics": ("taste",)}, "topics"),
        (GOOD, {"marks": (Mark(len(GOOD), "nobody"),)}, "marks"),
        (GOOD, {"checked": "2026-01-01"}, "dates"),
        ("PyTorch is archived by its owners since the year 2025.", {}, "status"),
        (
            "Theano is actively maintained by its authors in 2026.",
            {"frameworks": ("theano",)},
            "status",
        ),
        (
            GOOD,
            {
                "marks": (
                    Mark(len(GOOD), "metric/package_releases/torch/releases_all_time"),
                    Mark(len(GOOD), "readme"),
                )
            },
            "metric",
        ),
    ],
)
def test_each_rule_finds_its_fault_and_only_its_fault(
    text: str, fields: dict[str, object], rule: str
) -> None:
    fields = {"frameworks": ("pytorch",), "topics": ("maintenance",), **fields}
    found = lint([document("d", text, **fields)], load_taxonomy(), load_metrics())
    assert {finding.rule for finding in found} - ({"marks"} if rule == "trace" else set()) == {rule}


def test_a_clean_document_has_no_finding() -> None:
    clean = document("d", GOOD, frameworks=("pytorch",), topics=("maintenance",))
    assert lint([clean], load_taxonomy(), load_metrics()) == []


def test_a_sentence_that_stands_twice_is_found_and_another_number_is_another_fact() -> None:
    fields = {"frameworks": ("pytorch",), "topics": ("maintenance",)}
    one, two = document("a", GOOD, **fields), document("b", GOOD, **fields)
    assert [finding.rule for finding in lint([one, two], load_taxonomy(), load_metrics())] == [
        "duplicate"
    ]
    other = dataclasses.replace(two, text=GOOD.replace("2.15.0", "2.14.0"))
    assert lint([one, other], load_taxonomy(), load_metrics()) == []


def test_a_mark_vouches_for_what_stands_before_it() -> None:
    text = "One fact. Two facts.\n\nThree facts."
    found = dataclasses.replace(document("d", text), marks=(Mark(20, "readme"),), sources=(README,))
    assert found.marks_of(0, 9) == found.marks_of(10, 20) == (Mark(20, "readme"),)
    assert found.marks_of(22, 34) == ()


def test_a_figure_is_cited_to_the_row_it_was_read_in() -> None:
    marks = (Mark(len(GOOD), "metric/package_releases/torch/latest_version/2026-10-28"),)
    found = with_row_sources(document("d", GOOD, marks=marks), load_metrics())
    source = found.source_of(0, len(GOOD))
    assert source is not None
    assert (source.title, source.date) == ("PyPI, package torch", "2026-10-28")
    assert "package_releases.csv" in source.locator
    plain = document("d", GOOD)
    assert with_row_sources(plain, load_metrics()) == plain
