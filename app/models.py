"""Which language model answers on this machine, and why; loads it, and the judge of support."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from framewise.app.adapter import CALIBRATION, SUPPORT, WRITER
from framewise.app.calibration import Calibration
from framewise.app.language_model import LanguageModel, TransformersModel
from framewise.app.support import TrainedSupport
from framewise.index.adapter import Adapter
from framewise.index.device import Device, choose_device
from framewise.index.weights import LANGUAGE_MODEL, Say, locate

EMBEDDED = "embedded"
AUTO = "auto"
NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model by name, where it runs, and the reason."""

    name: str
    device: Device
    reason: str


def choose_model(name: str = AUTO, device: str = "auto") -> ModelChoice:
    """The model to load: what was named, or by "auto" what fits this machine.

    Raises:
        ValueError: the device is not on this machine.
    """
    where = choose_device(device)
    if name == EMBEDDED:
        return ModelChoice(LANGUAGE_MODEL.name, where, "the embedded model was asked for")
    if name != AUTO:
        return ModelChoice(name, where, "asked for by name")
    cached = _largest_cached(where)
    if cached:
        return ModelChoice(
            cached, where, "the largest instruction model in the hub cache that fits the GPU"
        )
    return ModelChoice(
        LANGUAGE_MODEL.name, where, "the embedded model: no larger one is on this machine"
    )


def load_model(choice: ModelChoice, *, say: Say | None = None) -> LanguageModel:
    """The model, fetched first if it is the embedded one and not here yet; that one writes with our adapter.

    Raises:
        ModelMissingError, ModelLoadError, StorageError: as their modules say.
    """
    if choice.name == LANGUAGE_MODEL.name and not Path(choice.name).is_dir():
        return _adapted(WRITER, choice.device, locate(LANGUAGE_MODEL, say=say))
    return TransformersModel(choice.name, device=choice.device)


def load_scorer(device: str = "auto", *, say: Say | None = None) -> TrainedSupport:
    """The judge of support, whatever model writes: the embedded one with an adapter of its own.

    Its files are checked now; it is loaded at the first claim.

    Raises:
        ModelMissingError, ModelLoadError, StorageError: as their modules say.
    """
    open_model = partial(_adapted, SUPPORT, choose_device(device), locate(LANGUAGE_MODEL, say=say))
    return TrainedSupport(open_model, Calibration.read(SUPPORT.checked() / CALIBRATION))


def _adapted(adapter: Adapter, device: Device, folder: Path) -> TransformersModel:
    """The embedded model of a folder with one of our adapters."""
    id = f"{LANGUAGE_MODEL.name} + {adapter.name} {adapter.version}"
    return TransformersModel(folder, id=id, device=device, adapter=adapter.checked())


def _largest_cached(where: Device) -> str:
    """A cached hub id with "instruct" in its name whose weights take less than half the GPU's memory."""
    if where.name != "cuda":
        return ""
    import torch
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return ""
    room = torch.cuda.get_device_properties(0).total_memory / 2
    fitting = [
        (repository.size_on_disk, repository.repo_id)
        for repository in repositories
        if repository.repo_type == "model"
        and "instruct" in repository.repo_id.lower()
        and repository.size_on_disk < room
    ]
    return max(fitting)[1] if fitting else ""
