"""The rooms: imports point only left, the package list is whole, importing costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import framewise
import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("corpus", "index", "app", "eval")
HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "faiss",
    "gradio",
    "numpy",
    "yaml",
    "bm25s",
    "scipy",
)


def imports_of(path: Path) -> set[str]:
    """The rooms of Framewise that a file imports, type-checking imports included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    return {name.split(".")[1] for name in names if name.startswith("framewise.")}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_only_left(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for path in sorted((ROOT / room).rglob("*.py")):
        if room == "app" and path.parent.name == "api":
            continue  # `framewise` itself: public names of every room
        assert imports_of(path) <= allowed, path


def test_the_check_sees_a_wrong_import(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from framewise.eval.run import ask_one\n")
    assert imports_of(bad) == {"eval"}


def test_every_package_is_listed() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = {
        config["package-dir"][name] for name in config["packages"] if name in config["package-dir"]
    }
    on_disk = {
        str(path.parent.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert on_disk == listed


def test_public_names_are_what_all_says() -> None:
    assert sorted(framewise.__all__) == [name for name in dir(framewise) if name != "__version__"]
    assert all(getattr(framewise, name).__name__ == name for name in framewise.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = framewise.nothing


def test_the_version_is_told_once_and_the_same() -> None:
    assert framewise.__version__ == version("framewise")


@pytest.mark.parametrize(
    "code",
    [
        "import framewise",
        "import sys; sys.argv = ['framewise', '--help']\nfrom framewise.app.cli import main\ntry: main()\nexcept SystemExit: pass",
    ],
)
def test_import_and_help_load_no_heavy_library(code: str) -> None:
    check = (
        f"\nimport sys; print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code + check], capture_output=True, text=True, check=True
    )
    assert run.stderr.strip() == "[]"
