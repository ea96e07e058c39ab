"""Generations on disk: crash, corruption, full disk, wrong version; never a wrong answer, never a loss."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from fakes import HashEncoder, document, small_corpus
from framewise.corpus.errors import (
    CorpusError,
    IndexDamagedError,
    IndexMismatchError,
    IndexMissingError,
    StorageError,
)
from framewise.index.home import ensure_folder, home
from framewise.index.index import Index
from framewise.index.library import PLAIN, encoder_id, index_root
from framewise.index.store import write_generation

ENCODER = HashEncoder()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Index.build(small_corpus(), ENCODER, tmp_path)
    return tmp_path


def files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "generations").rglob("*") if path.is_file())


def test_nothing_built_yet(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match=r"there is no index in .*framewise index build"):
        Index.open(tmp_path, ENCODER)


def test_an_empty_corpus_and_one_without_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="the corpus is empty"):
        Index.build([], ENCODER, tmp_path)
    with pytest.raises(CorpusError, match="no document holds a sentence"):
        Index.build([document("d", "# Title only")], ENCODER, tmp_path)
    assert not (tmp_path / "CURRENT").exists()


def test_every_file_truncated_or_flipped_or_gone_is_noticed_and_named(root: Path) -> None:
    names = files(root)
    assert len(names) > 10
    for path in names:
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        for damaged in (whole[:middle], flipped, b"", whole + b"\0", None):
            path.unlink() if damaged is None else path.write_bytes(damaged)
            with pytest.raises(IndexDamagedError, match=rf"{path.name}.*framewise index build"):
                Index.open(root, ENCODER)
        path.write_bytes(whole)
    assert Index.open(root, ENCODER).search("tpu")


def test_two_files_swapped(root: Path) -> None:
    one, two = (
        next(p for p in files(root) if p.match(f"{name}/vectors.npy"))
        for name in ("passages", "sentences")
    )
    one_bytes, two_bytes = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_bytes), two.write_bytes(one_bytes)
    with pytest.raises(IndexDamagedError, match="differs from its checksum"):
        Index.open(root, ENCODER)


@pytest.mark.parametrize("text", ["", "abc", "../../etc 1", "a b c", "\x00"])
def test_a_damaged_pointer(root: Path, text: str) -> None:
    (root / "CURRENT").write_text(text)
    with pytest.raises(IndexDamagedError, match="CURRENT"):
        Index.open(root, ENCODER)


def test_another_format_version_is_refused_by_name(root: Path) -> None:
    import hashlib

    [manifest] = (root / "generations").glob("*/manifest.json")
    content = json.loads(manifest.read_text()) | {"format_version": 99}
    manifest.write_text(json.dumps(content))
    digest = manifest.parent.name
    (root / "CURRENT").write_text(f"{digest} {hashlib.sha256(manifest.read_bytes()).hexdigest()}\n")
    with pytest.raises(IndexMismatchError, match="the index has format 99; this Framewise reads 1"):
        Index.open(root, ENCODER)


def test_another_encoder_is_refused_by_name(root: Path) -> None:
    with pytest.raises(
        IndexMismatchError,
        match=r"made with encoder 'hash-256' \(256 dimensions\), not 'mine' \(256\)",
    ):
        Index.open(root, HashEncoder("mine"))
    with pytest.raises(IndexMismatchError, match=r"not 'hash-256' \(8\)"):
        Index.open(root, HashEncoder(dim=8))


def test_a_damaged_index_is_built_anew(root: Path) -> None:
    path = files(root)[0]
    path.write_bytes(b"x")
    assert Index.build(small_corpus(), ENCODER, root).search("tpu")
    assert not list((root / "generations").glob(".tmp-*"))


def test_the_open_generation_survives_two_updates(root: Path) -> None:
    old = Index.open(root, ENCODER)
    before = [hit.id for hit in old.search_sentences("JAX on TPU", 3)]
    for n in range(3):
        Index.build([*small_corpus(), document(f"d{n}", "Another text.")], ENCODER, root)
    assert [hit.id for hit in old.search_sentences("JAX on TPU", 3)] == before
    assert len(list((root / "generations").iterdir())) == 2


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from fakes import HashEncoder, document, small_corpus
from framewise.index.index import Index
print("ready", flush=True)
n = 0
while True:
    n += 1
    Index.build([*small_corpus(), document("d", f"Text number {{n}}. " * 50)], HashEncoder(), Path({root!r}))
"""


def test_kill_at_any_moment_leaves_an_index_that_answers(root: Path) -> None:
    tests = str(Path(__file__).parent.parent)
    for n in range(12):
        code = textwrap.dedent(KILLED).format(tests=tests, root=str(root))
        builder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert builder.stdout is not None
        builder.stdout.readline()
        time.sleep(0.011 * n)
        builder.send_signal(signal.SIGKILL)
        builder.wait()
        builder.stdout.close()
        hits = Index.open(root, ENCODER).search_sentences("Is TorchServe archived?", 1)
        assert hits[0].unit.text.startswith("TorchServe is archived")
    Index.build(small_corpus(), ENCODER, root)
    assert not list((root / "generations").glob(".tmp-*"))  # the next writer sweeps what was left


def test_the_disk_full_while_building(root: Path) -> None:
    """A child may write no file over 20 kB: the error names the folder, the old index answers."""
    code = KILLED.replace("while True:", "if True:").format(
        tests=str(Path(__file__).parent.parent), root=str(root)
    )
    limit = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({20_000}, {20_000}))\n"
    run = subprocess.run(
        [sys.executable, "-c", limit + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "StorageError: the index cannot be written to" in run.stderr
    assert "the old index still answers" in run.stderr
    assert Index.open(root, ENCODER).search("tpu")
    assert not list((root / "generations").glob(".tmp-*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 20_000


def test_an_error_while_filling_leaves_the_old_generation(root: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device")

    before = (root / "CURRENT").read_text()
    with pytest.raises(StorageError, match="No space left on device"):
        write_generation(root, "abc", {}, fail)
    assert (root / "CURRENT").read_text() == before


def test_two_writers_at_once_leave_one_whole_index(tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\nfrom fakes import *\nfrom framewise.index.index import Index\nIndex.build(small_corpus(), HashEncoder(), Path(sys.argv[2]))"
    tests = str(Path(__file__).parent.parent)
    writers = [
        subprocess.Popen([sys.executable, "-c", code, tests, str(tmp_path)]) for _ in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert Index.open(tmp_path, ENCODER).search("tpu")
    assert len(list((tmp_path / "generations").iterdir())) == 1


def test_a_home_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_HOME", "/proc/nowhere")  # not even root can make a folder there
    with pytest.raises(
        StorageError, match=r"the folder '/proc/nowhere' cannot be made.*FRAMEWISE_HOME"
    ):
        ensure_folder(home())
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("FRAMEWISE_HOME", str(file))
    with pytest.raises(StorageError, match="which is not a folder"):
        home()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="is read-only|cannot be made"):
        ensure_folder(tmp_path / "x")


def test_a_read_only_home_for_an_ordinary_user(tmp_path: Path) -> None:
    """Root passes every permission check, so the check itself is run as another user."""
    code = f"import os\nif os.geteuid() == 0: os.setgid(12345), os.setuid(12345)\nfrom pathlib import Path\nfrom framewise.index.home import ensure_folder\ntry: ensure_folder(Path({str(tmp_path)!r}))\nexcept Exception as e: print(type(e).__name__, e)"
    folder = tmp_path
    for path in (folder, *list(folder.parents)[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    folder.chmod(0o555)
    run = subprocess.run(
        [sys.executable, "-c", "import framewise.index.home\n" + code],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission" in run.stderr:
        pytest.skip("another user cannot read this checkout")
    assert "StorageError" in run.stdout
    assert "is read-only" in run.stdout


def test_each_encoder_has_a_folder_of_its_own(tmp_path: Path) -> None:
    roots = [index_root(), index_root(tmp_path), index_root(encoder=PLAIN), index_root(encoder="x")]
    assert len(set(roots)) == 4
    assert index_root(encoder=encoder_id()) == index_root()
    assert index_root(encoder=encoder_id(PLAIN)) == index_root(encoder=PLAIN)
    assert encoder_id("some/model") == "some/model"
