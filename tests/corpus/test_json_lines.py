"""JSON Lines: each row with its place, other line ends inside a text, and the caller's own kind of fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.errors import CorpusError, FramewiseError, SuiteError
from framewise.corpus.json_lines import rows_of


def test_rows_come_with_their_place_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"a": 1}\r\n\n  \n["b\u2028c\x85d"]\n'.encode())
    assert list(rows_of(path, CorpusError)) == [
        (f"{path}:1", {"a": 1}),
        (f"{path}:4", ["b\u2028c\x85d"]),  # line ends to Python, not to JSON
    ]


@pytest.mark.parametrize("fault", [CorpusError, SuiteError])
@pytest.mark.parametrize("line", [b"{", b"[" * 100_000, b'{"a": 1} {"b": 2}'])
def test_a_line_that_is_no_json_is_the_callers_fault_and_named(
    tmp_path: Path, fault: type[FramewiseError], line: bytes
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"1\n" + line)
    rows = rows_of(path, fault)
    assert next(rows) == (f"{path}:1", 1)
    with pytest.raises(fault, match=r"rows.jsonl:2: not JSON"):
        next(rows)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SuiteError, match=r"rows.jsonl' cannot be read"):
        list(rows_of(path, SuiteError))
