"""Which processor and number format a model runs in on this machine, and why; loads no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framewise.corpus.errors import DeviceError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Device:
    """A choice and its reason: `name` and `dtype` are torch's names."""

    name: str
    dtype: str
    reason: str

    @property
    def torch_dtype(self) -> torch.dtype:
        """The number format as torch knows it."""
        import torch

        found: torch.dtype = getattr(torch, self.dtype)
        return found


def choose_device(wanted: str = "auto") -> Device:
    """CUDA where there is a GPU, else Apple's MPS, else the CPU.

    bf16 on CUDA and on a CPU whose instructions know it (there it halves the memory traffic that
    bounds decoding: 26 tokens/s against 16 in float32 on two Zen 4 cores); float32 elsewhere.

    Args:
        wanted: "auto", or one of torch's device names to insist on.

    Raises:
        DeviceError: `wanted` is not on this machine.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted not in ("auto", "cpu", "cuda", "mps"):
        raise DeviceError(f"device is '{wanted}'; known are auto, cpu, cuda, mps.")
    if (wanted == "cuda" and not cuda) or (wanted == "mps" and not mps):
        raise DeviceError(f"device '{wanted}' is not on this machine.", fix="Use --device auto.")
    if wanted == "cuda" or (wanted == "auto" and cuda):
        name = torch.cuda.get_device_name(0)
        memory_gb = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Device("cuda", "bfloat16", f"a CUDA GPU is there: {name}, {memory_gb:.0f} GiB")
    if wanted == "mps" or (wanted == "auto" and mps):
        return Device("mps", "float16", "an Apple GPU is there (MPS)")
    why = "asked for" if wanted == "cpu" else "no CUDA or Apple GPU was found"
    if _cpu_knows_bf16():
        return Device(
            "cpu", "bfloat16", f"{why}; this CPU computes in bf16, which halves memory traffic"
        )
    return Device("cpu", "float32", f"{why}; this CPU has no bf16 instructions")


def _cpu_knows_bf16() -> bool:
    import torch

    # oneDNN's own test; without these instructions bf16 is emulated and slower than float32.
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch's stubs
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
