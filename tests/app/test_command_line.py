"""The command line as a process of its own: hostile input, odd homes, clear lines, no tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from framewise.app.console import out, out_json

CODE = "from framewise.app.cli import main; main()"


def run(
    *arguments: str, home: str, stdin: bytes = b"", **more: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "FRAMEWISE_HOME": home, "PIP_NO_INDEX": "1", **more}
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        capture_output=True, input=stdin, env=environment, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (
            ("doctor", "--device", "cuda"),
            b"",
            1,
            "device 'cuda' is not on this machine. Use --device auto.",
        ),
        (("ask", "-"), b"\xff\xfe", 1, "the question is empty"),
        (("ask", "-"), b"x" * 20_000, 1, "at most 4000 are read"),
        (("index", "search", "\u202e"), b"", 1, "the question is empty"),
        (("ask", "x", "--since", "2025-99"), b"", 2, "'2025-99' is not a date"),
        (("ask", "x", "--since", "2025-02-30"), b"", 2, "'2025-02-30' is not a date"),
        (("eval", "report", "/nowhere.jsonl"), b"", 1, "cannot be read"),
        (("eval", "compare", "/nowhere.jsonl", "/nowhere.jsonl"), b"", 1, "cannot be read"),
        (("eval", "gate", "--bars", "/nowhere.toml"), b"", 1, "cannot be read"),
        (("eval", "run", "--suite", "riddles"), b"", 2, "'riddles' is not one of"),
        (("bench", "compare", "/nowhere.json", "/nowhere.json"), b"", 1, "cannot be read"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], stdin: bytes, code: int, message: str
) -> None:
    if arguments[:2] == ("doctor", "--device"):
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("a CUDA GPU is there")
    found = run(*arguments, home=str(tmp_path / "h"), stdin=stdin, COLUMNS="200")
    said = found.stderr.decode()
    assert (found.returncode, "Traceback" in said) == (code, False), said
    assert message in said


def test_a_home_of_nobody_is_a_clear_line() -> None:
    found = run("index", "status", home="~nosuchuser/framewise")
    assert found.returncode == 1
    assert b"whose user has no home folder" in found.stderr
    assert b"Traceback" not in found.stderr


def test_a_question_set_is_started_checked_and_never_overwritten(tmp_path: Path) -> None:
    path, home = tmp_path / "own.jsonl", str(tmp_path / "h")
    assert run("eval", "new", str(path), home=home).returncode == 0
    assert run("eval", "check", "--questions", str(path), home=home).returncode == 0
    assert run("eval", "new", str(path), home=home).returncode == 1
    path.write_text(
        path.read_text()
        .replace('"good": "A right', '"good": "An empty')
        .replace("must say this", "x")
    )
    found = run("eval", "check", "--questions", str(path), home=home)
    assert found.returncode == 1
    assert b"the good answer lacks" in found.stdout


def test_benchmarks_compare_figure_by_figure(tmp_path: Path) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(json.dumps({"machine": "one", "cold ask, s": 10.0, "old": 1}))
    b.write_text(json.dumps({"machine": "two", "cold ask, s": 5.0, "new": 0}))
    found = run("bench", "compare", str(a), str(b), "--json", home=str(tmp_path / "h"))
    rows = {row["what"]: row for row in json.loads(found.stdout)}
    assert rows["cold ask, s"] == {"what": "cold ask, s", "a": 10.0, "b": 5.0, "ratio": "0.50"}
    assert (rows["old"]["b"], rows["new"]["ratio"], rows["machine"]["ratio"]) == ("", "", "")
    a.write_text("[]")
    assert (
        b"is not the output of"
        in run("bench", "compare", str(a), str(b), home=str(tmp_path)).stderr
    )


def test_no_text_drives_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[31m\x9b2J\u202eb\tc\n"
    out(hostile)
    out_json({"text": hostile})
    said = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\u202e"} & set(said)
    assert "\\x1b[31m" in said
    assert json.loads(said[said.index("{") :]) == {"text": hostile}
