"""The small adapters that ship: where they are, that they are the ones that were trained, and how one is merged.

`eval/tune/README.md` is their card, `framewise tune` makes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import ModelLoadError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_PREFIX, _DOWN, _UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, slots=True)
class Adapter:
    """LoRA weights for an embedded model, with the folder they ship in and the checksum of each of its files."""

    folder: Path
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        """What it is for, in one word."""
        return self.folder.name

    @property
    def version(self) -> str:
        """The head of the weights' checksum."""
        return self.files[WEIGHTS][:8]

    def checked(self) -> Path:
        """The folder, once its files are seen to be the ones that were trained.

        Raises:
            ModelLoadError: one is missing, or another.
        """
        for name, wanted in self.files.items():
            try:
                found = sha256_of(self.folder / name)
            except OSError as error:
                raise ModelLoadError(
                    f"the adapter '{self.name}' cannot be read: {error}.",
                    fix="Install Framewise again.",
                ) from error
            if found != wanted:
                raise ModelLoadError(
                    f"'{name}' of the adapter '{self.name}' is not the one that ships: its sha256 is {found}.",
                    fix="Install Framewise again.",
                )
        return self.folder


def sha256_of(path: Path) -> str:
    """The checksum of a file. Raises: OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checksums(folder: Path, *names: str) -> dict[str, str]:
    """The checksums of an adapter's files, and of those of `names` that are there."""
    return {
        name: sha256_of(folder / name)
        for name in (WEIGHTS, CONFIG, *names)
        if (folder / name).exists()
    }


def merge(model: Any, folder: Path) -> None:  # noqa: ANN401 - a model of transformers
    """Adds an adapter of peft to the weights of a model: W + (alpha / r) B A (LoRA, Hu et al., 2021).

    As peft's `merge_and_unload` does, whose import takes a second of a cold start.

    Raises:
        ModelLoadError: the adapter cannot be read or does not fit the model.
    """
    import torch
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        scale = float(config["lora_alpha"]) / float(config["r"])
        learnt = load_file(folder / WEIGHTS)
        with torch.no_grad():
            for name in sorted(name for name in learnt if name.endswith(_DOWN)):
                up = learnt[name.removesuffix(_DOWN) + _UP].float()
                weight = model.get_parameter(
                    name.removeprefix(_PREFIX).removesuffix(_DOWN) + ".weight"
                )
                added = scale * (up @ learnt[name].float())
                weight += added.to(weight)
    except Exception as error:  # many kinds; each becomes one clear line
        raise ModelLoadError(
            f"the adapter '{folder.name}' does not fit: {error!r}.", fix="Install Framewise again."
        ) from error
