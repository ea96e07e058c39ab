"""The small adapters that ship: where they are, and that they are the ones that were trained.

`eval/tune/README.md` is their card, `framewise tune` makes them.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framewise.corpus.errors import ModelLoadError

DATA = Path(__file__).parent / "data"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
CALIBRATION = "calibration.json"  # what turns the answers into a probability


@dataclass(frozen=True, slots=True)
class Adapter:
    """LoRA weights for the embedded language model, with the checksum of each of its files."""

    name: str
    files: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return DATA / self.name

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


WRITER = Adapter(
    "writer",
    {
        WEIGHTS: "20ad30b13186d2f9864a5cc8fb567f1157a8149ec13e738c6474aac131ba27ff",
        CONFIG: "accd7ab5104a21b4ea34fe307936c42b5dc4dae67729ae2680618c4c986ff919",
    },
)
SUPPORT = Adapter(
    "support",
    {
        WEIGHTS: "9f85c92df939f2ac98c174935f6e032650e30990ef45f93aabfa0e7a90894b8b",
        CONFIG: "accd7ab5104a21b4ea34fe307936c42b5dc4dae67729ae2680618c4c986ff919",
        CALIBRATION: "36ba20cb622f034f51770105ea21c67cbdfc0395c3f4b74bce1a0ad592ba8f96",
    },
)


@contextmanager
def without_peft_warning() -> Iterator[None]:
    """Silences one warning: peft 0.21 reads a name that transformers 5 will drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`")
        yield
