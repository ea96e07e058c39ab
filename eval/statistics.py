"""Means with 95% intervals; knows nothing of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 10_000
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n items and its 95% interval; the interval is None for fewer than two items."""

    mean: float
    n: int
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.3f} (n={self.n})"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"


def estimate(values: Sequence[float | None]) -> Estimate | None:
    """The mean of the scored values; None where nothing was scored, which is not zero.

    Shares of zeros and ones get Wilson's interval, other values a percentile bootstrap with a
    fixed seed (Efron and Tibshirani 1993, chapter 13). Raises: MissingExtraError: no scipy.
    """
    scored = [value for value in values if value is not None]
    if not scored:
        return None
    mean, n = sum(scored) / len(scored), len(scored)
    if n < 2:
        return Estimate(mean, n, None, None)
    low, high = _wilson(scored) if set(scored) <= {0.0, 1.0} else _bootstrap(scored)
    return Estimate(mean, n, low, high)


def _wilson(values: Sequence[float]) -> tuple[float, float]:
    from framewise.eval.extra import need

    need("scipy")
    from scipy.stats import binomtest

    interval = binomtest(round(sum(values)), len(values)).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    import numpy as np

    array, random = np.asarray(values), np.random.default_rng(SEED)
    draws = random.integers(0, len(array), size=(RESAMPLES, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
