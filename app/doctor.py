"""What this machine will do, and why: devices, models, index, folders; changes nothing."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version

from framewise.app.adapter import SUPPORT, WRITER
from framewise.app.models import NONE, choose_model
from framewise.corpus.errors import FramewiseError
from framewise.index.adapter import Adapter
from framewise.index.home import home
from framewise.index.library import ENCODER_ADAPTER, index_root
from framewise.index.store import open_generation
from framewise.index.weights import EMBEDDED, is_complete

Fact = tuple[str, str, str]


def examine(model: str, device: str) -> list[Fact]:
    """What is, and because of what: one row per fact.

    Raises:
        DeviceError: the device is not on this machine.
    """
    folder = home()
    facts: list[Fact] = [
        (
            "framewise",
            version("framewise"),
            f"Python {platform.python_version()}, torch {version('torch')}",
        ),
        ("home", str(folder), "FRAMEWISE_HOME, or the system's place for user data"),
        ("free disk", f"{_free_gb():.1f} GB", "an index and the embedded models take about 0.5 GB"),
    ]
    if model == NONE:
        facts.append(("language model", "none", "asked for: answers are quotes"))
    else:
        choice = choose_model(model, device)
        facts.append(("language model", choice.name, choice.reason))
        facts.append(
            ("device", f"{choice.device.name}, {choice.device.dtype}", choice.device.reason)
        )
    for embedded in EMBEDDED:
        here = is_complete(embedded)
        because = str(embedded.folder) if here else "Run: framewise models pull"
        facts.append((f"embedded {embedded.role}", "here" if here else "not here", because))
    facts += [_adapter_fact(adapter) for adapter in (ENCODER_ADAPTER, WRITER, SUPPORT)]
    facts.append(_index_fact())
    facts.append(
        ("network", "not needed", "once models and index are here, nothing leaves this machine")
    )
    return facts


def _adapter_fact(adapter: Adapter) -> Fact:
    what = f"adapter: {adapter.name}"
    try:
        return (what, adapter.version, str(adapter.checked()))
    except FramewiseError as error:
        return (what, "not usable", str(error))


def _index_fact() -> Fact:
    try:
        _, manifest = open_generation(index_root())
    except FramewiseError as error:
        return ("index", "not usable", str(error))
    return (
        "index",
        str(manifest["digest"]),
        f"{manifest['documents']} documents, {manifest['encoder']['id']}",
    )


def _free_gb() -> float:
    folder = home()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9
