"""What a trained model sees, weighed to one probability: a logistic regression in one readable file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import ModelLoadError

TINY = 1e-6  # added to a probability before its logarithm is taken


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights, by what is weighed, and the bias of a logistic regression."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, seen: Mapping[str, float]) -> float:
        """From 0 to 1. Raises: KeyError where something that is weighed was not seen."""
        return logistic(self.bias + sum(w * seen[name] for name, w in self.weights.items()))

    @classmethod
    def of(cls, row: Any) -> Calibration:  # noqa: ANN401 - JSON
        """From plain JSON. Raises: ValueError, KeyError, TypeError, AttributeError where it is none."""
        made = cls(float(row["bias"]), {str(n): float(w) for n, w in row["weights"].items()})
        if not all(map(math.isfinite, (made.bias, *made.weights.values()))):
            raise ValueError("a weight is no number")
        return made

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """What `write` wrote.

        Raises:
            ModelLoadError: unreadable, or no calibration.
        """
        try:
            return cls.of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ModelLoadError(
                f"the calibration '{path}' cannot be read: {error!r}.",
                fix="Install Framewise again, or make it with: framewise tune",
            ) from error

    def write(self, path: Path) -> None:
        """Keeps it. Raises: OSError."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def logistic(x: float) -> float:
    """The logistic function, safe for any finite x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def log_odds(one: float, other: float) -> float:
    """The logarithm of the ratio of two probabilities; finite even where one is 0."""
    return math.log((one + TINY) / (other + TINY))
