"""Immutable generations on disk: written whole, checked before use, switched in one step.

    <root>/CURRENT                        "<digest> <sha256 of its manifest>"
    <root>/generations/<digest>/          the files of one index
    <root>/generations/<digest>/manifest.json   written last: format, digest, files with sha256

Knows nothing of what the files mean.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framewise.corpus.errors import (
    IndexDamagedError,
    IndexMismatchError,
    IndexMissingError,
    StorageError,
)
from framewise.index.home import ensure_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
REBUILD = "Run: framewise index build"
KEPT_GENERATIONS = 2  # the current one, and the one a reader may just be opening
LOCK_TIMEOUT_S = 600


def write_generation(
    root: Path, digest: str, about: dict[str, Any], fill: Callable[[Path], None]
) -> Path:
    """Makes a generation and makes it the current one; until then the old one stays in force.

    Args:
        root: the index folder.
        digest: names the generation: equal content, equal digest.
        about: facts for the manifest: configuration, encoder, counts.
        fill: writes the files into the folder it is given.

    Raises:
        StorageError: the disk is full, the folder cannot be written, or another process holds
            the lock for ten minutes.
    """
    generations = ensure_folder(root / "generations")
    with _lock(root):
        _sweep(generations, keep=())
        target = generations / digest
        if not _is_intact(target):
            temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=generations))
            try:
                fill(temporary)
                _write_manifest(temporary, digest, about)
                _sync_tree(temporary)
                if target.exists():
                    os.replace(
                        target, Path(tempfile.mkdtemp(prefix=".tmp-", dir=generations)) / "old"
                    )
                os.replace(temporary, target)
                _sync_folder(generations)
            except OSError as error:
                raise StorageError(
                    f"the index cannot be written to '{generations}': {error.strerror or error}.",
                    fix="Free disk space or set FRAMEWISE_HOME elsewhere; the old index still answers.",
                ) from error
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        _switch(root, digest)
        _sweep(generations, keep=(digest,))
        return target


def open_generation(root: Path) -> tuple[Path, dict[str, Any]]:
    """The current generation's folder and manifest, every file checked against its sha256.

    Raises:
        IndexMissingError: no index was built here.
        IndexDamagedError: a file is missing, cut short or changed; the message names it.
        IndexMismatchError: written by another format version.
    """
    for attempt in (1, 2):
        folder, expected = _current(root)
        try:
            return folder, _checked_manifest(folder, expected)
        except IndexDamagedError:
            # A writer may have swept this generation between the two reads; look once more.
            if attempt == 2 or _current(root)[0] == folder:
                raise
    raise IndexDamagedError("unreachable")


def _current(root: Path) -> tuple[Path, str]:
    try:
        words = (root / "CURRENT").read_text(encoding="ascii").split()
    except FileNotFoundError as error:
        raise IndexMissingError(f"there is no index in '{root}'.", fix=REBUILD) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError(f"'{root / 'CURRENT'}' cannot be read.", fix=REBUILD) from error
    if len(words) != 2 or not all(word.isalnum() for word in words):
        raise IndexDamagedError(f"'{root / 'CURRENT'}' names no generation.", fix=REBUILD)
    return root / "generations" / words[0], words[1]


def _checked_manifest(folder: Path, expected: str) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise IndexDamagedError(f"'{path}' is missing.", fix=REBUILD) from error
    if hashlib.sha256(raw).hexdigest() != expected:
        raise IndexDamagedError(f"'{path}' differs from its checksum.", fix=REBUILD)
    manifest: dict[str, Any] = json.loads(raw)
    if manifest.get("format_version") != FORMAT_VERSION:
        raise IndexMismatchError(
            f"the index has format {manifest.get('format_version')}; this Framewise reads {FORMAT_VERSION}.",
            fix=REBUILD,
        )
    for name, facts in manifest["files"].items():
        file = folder / name
        if not file.is_file():
            raise IndexDamagedError(f"the index file '{name}' is missing.", fix=REBUILD)
        if file.stat().st_size != facts["bytes"] or _sha256(file) != facts["sha256"]:
            raise IndexDamagedError(
                f"the index file '{name}' differs from its checksum.", fix=REBUILD
            )
    return manifest


def _is_intact(folder: Path) -> bool:
    try:
        raw = (folder / MANIFEST).read_bytes()
        _checked_manifest(folder, hashlib.sha256(raw).hexdigest())
    except (OSError, ValueError, KeyError, IndexDamagedError, IndexMismatchError):
        return False
    return True


def _write_manifest(folder: Path, digest: str, about: dict[str, Any]) -> None:
    files = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"format_version": FORMAT_VERSION, "digest": digest, **about, "files": files}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _switch(root: Path, digest: str) -> None:
    checksum = _sha256(root / "generations" / digest / MANIFEST)
    temporary = root / f".CURRENT-{os.getpid()}"
    try:
        with temporary.open("w", encoding="ascii") as file:
            file.write(f"{digest} {checksum}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, root / "CURRENT")
        _sync_folder(root)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(
            f"'{root / 'CURRENT'}' cannot be written: {error.strerror or error}.",
            fix="Free disk space or set FRAMEWISE_HOME elsewhere; the old index still answers.",
        ) from error


def _sweep(generations: Path, keep: tuple[str, ...]) -> None:
    """Removes what crashed writers left, and all but the newest generations."""
    for orphan in generations.glob(".tmp-*"):
        shutil.rmtree(orphan, ignore_errors=True)
    if keep:
        old = sorted(
            (path for path in generations.iterdir() if path.name not in keep),
            key=lambda path: (path.stat().st_mtime, path.name),
        )
        for path in old[: max(0, len(old) - (KEPT_GENERATIONS - len(keep)))]:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _lock(root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(str(root / ".lock"), timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise StorageError(
            f"another process has been writing to '{root}' for {LOCK_TIMEOUT_S} s.",
            fix="Wait for it, or end it.",
        ) from error


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
