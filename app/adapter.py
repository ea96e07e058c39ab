"""The small adapters that ship: where they are, and that they are the ones that were trained.

`eval/tune/README.md` is their card, `framewise tune` makes them.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framewise.corpus.errors import ModelLoadError

DATA = Path(__file__).parent / "data"
WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Adapter:
    """LoRA weights for the embedded language model, with the checksum of their file."""

    name: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return DATA / self.name

    def checked(self) -> Path:
        """The folder, once its weights are seen to be the ones that were trained.

        Raises:
            ModelLoadError: missing, or other weights.
        """
        path = self.folder / WEIGHTS
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelLoadError(
                f"the adapter '{self.name}' cannot be read: {error}.",
                fix="Install Framewise again.",
            ) from error
        if found != self.sha256:
            raise ModelLoadError(
                f"the adapter '{self.name}' is not the one that ships: its sha256 is {found}.",
                fix="Install Framewise again.",
            )
        return self.folder


WRITER = Adapter("writer", "20ad30b13186d2f9864a5cc8fb567f1157a8149ec13e738c6474aac131ba27ff")
SUPPORT = Adapter("support", "cfe31b3fac2b62d381664a864879aab957c7007f472bf9b13e82b5cd61d7741d")


@contextmanager
def without_peft_warning() -> Iterator[None]:
    """Silences one warning: peft 0.21 reads a name that transformers 5 will drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`")
        yield
