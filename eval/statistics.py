"""Means, intervals and paired tests; knows nothing of what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from framewise.eval.extra import need
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 20261122
POWER_80 = (
    2.8  # z(.975) + z(.80): what a difference must be, in standard errors, to be seen 4 times in 5
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n items and its 95% interval; the interval is None for fewer than two clusters."""

    mean: float
    n: int
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.3f} (n={self.n})"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"


@dataclass(frozen=True, slots=True)
class Difference:
    """B less A over the items both were scored on.

    `p` is two-sided: McNemar's exact test for zeros and ones, else a paired permutation test.
    `detectable` is the difference that n items show with 80% power. `holm` is p after Holm's
    correction over the family it was tested in.
    """

    a: float
    b: float
    n: int
    low: float
    high: float
    p: float
    detectable: float
    holm: float = 1.0

    @property
    def mean(self) -> float:
        """B less A."""
        return self.b - self.a


def estimate(
    values: Sequence[float | None], clusters: Sequence[str] | None = None
) -> Estimate | None:
    """The mean of the scored values; None where nothing was scored, which is not zero.

    The interval is a percentile bootstrap over clusters with a fixed seed (Efron and Tibshirani
    1993, chapters 8 and 13); where all values are 0, or all 1, it is Wilson's, since a
    bootstrap of equal values has no width. Raises: MissingExtraError: no scipy.
    """
    names = clusters if clusters is not None else [str(n) for n in range(len(values))]
    scored = [(v, name) for v, name in zip(values, names, strict=True) if v is not None]
    if not scored:
        return None
    array = np.array([value for value, _ in scored])
    groups = _groups([name for _, name in scored])
    mean, n = float(array.mean()), len(array)
    if len(groups) < 2:
        return Estimate(mean, n, None, None)
    if mean in (0.0, 1.0) and set(array) == {mean}:
        return Estimate(mean, n, *_wilson(round(mean * len(groups)), len(groups)))
    return Estimate(mean, n, *_mean_interval(array, groups))


def estimate_of(
    statistic: Callable[[NDArray[np.int64]], float], clusters: Sequence[str]
) -> Estimate | None:
    """A statistic that is no mean (AUROC, calibration error), with its interval over clusters.

    `statistic` takes row numbers, with repeats; it may give nan where a resample cannot be scored.
    """
    groups = _groups(clusters)
    rows = np.arange(len(clusters))
    whole = statistic(rows) if len(rows) else math.nan
    if math.isnan(whole):
        return None
    if len(groups) < 2:
        return Estimate(whole, len(rows), None, None)
    picks = np.random.default_rng(SEED).integers(0, len(groups), size=(1_000, len(groups)))
    drawn = [statistic(np.concatenate([groups[g] for g in pick])) for pick in picks]
    return Estimate(whole, len(rows), *_percentiles(np.array(drawn)))


def difference(
    a: Sequence[float | None], b: Sequence[float | None], clusters: Sequence[str] | None = None
) -> Difference | None:
    """The paired difference B less A over the items that both score; None without any.

    Raises: MissingExtraError: no scipy.
    """
    names = clusters if clusters is not None else [str(n) for n in range(len(a))]
    both = [
        (x, y, c) for x, y, c in zip(a, b, names, strict=True) if x is not None and y is not None
    ]
    if not both:
        return None
    first, second = np.array([x for x, _, _ in both]), np.array([y for _, y, _ in both])
    deltas = second - first
    groups = _groups([c for _, _, c in both])
    low, high = _mean_interval(deltas, groups)
    binary = {*first.tolist(), *second.tolist()} <= {0.0, 1.0}
    spread = float(deltas.std(ddof=1)) if len(deltas) > 1 else 0.0
    return Difference(
        a=float(first.mean()),
        b=float(second.mean()),
        n=len(deltas),
        low=low,
        high=high,
        p=mcnemar(first, second) if binary else permutation(deltas),
        detectable=POWER_80 * spread / math.sqrt(len(deltas)),
    )


def mcnemar(a: Floats, b: Floats) -> float:
    """McNemar's exact two-sided p for two columns of zeros and ones (a binomial test of the flips)."""
    need("scipy")
    from scipy.stats import binomtest

    gained, lost = int(((a == 0) & (b == 1)).sum()), int(((a == 1) & (b == 0)).sum())
    if gained + lost == 0:
        return 1.0
    return float(binomtest(gained, gained + lost, 0.5).pvalue)


def permutation(deltas: Floats) -> float:
    """The two-sided p of a paired sign-flip permutation test of the mean (Good 2005, chapter 3)."""
    need("scipy")
    from scipy.stats import permutation_test

    if not deltas.any():
        return 1.0
    if len(deltas) < 2:
        return 1.0
    result = permutation_test(
        (deltas,),
        lambda x, axis: x.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(SEED),
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p values, in the order given (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return adjusted


def auroc(positive: Floats, negative: Floats) -> float:
    """The chance that a positive scores above a negative, ties counting half; nan without either."""
    need("scipy")
    from scipy.stats import mannwhitneyu

    if not len(positive) or not len(negative):
        return math.nan
    found = mannwhitneyu(positive, negative, method="asymptotic")
    return float(found.statistic) / (len(positive) * len(negative))


def balanced_accuracy(scores: Floats, labels: NDArray[np.bool_], threshold: float) -> float:
    """The mean of the shares of positives at or above the threshold and of negatives below it."""
    if not labels.any() or labels.all():
        return math.nan
    above = scores >= threshold
    return float((above[labels].mean() + (~above[~labels]).mean()) / 2)


def calibration_error(scores: Floats, labels: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: |mean score - share true| over equal-width bins, weighted by size.

    Source: Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning (AAAI 2015).
    """
    if not len(scores):
        return math.nan
    place = np.minimum((scores * bins).astype(int), bins - 1)
    parts = [place == n for n in range(bins)]
    gaps = [
        part.sum() * abs(scores[part].mean() - labels[part].mean()) for part in parts if part.any()
    ]
    return float(sum(gaps) / len(scores))


def _groups(clusters: Sequence[str]) -> list[NDArray[np.int64]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(clusters):
        rows.setdefault(name, []).append(row)
    return [np.array(found, dtype=np.int64) for found in rows.values()]


def _mean_interval(values: Floats, groups: Sequence[NDArray[np.int64]]) -> tuple[float, float]:
    """The percentile bootstrap of a mean over clusters, each drawn whole."""
    sums = np.array([values[rows].sum() for rows in groups])
    sizes = np.array([len(rows) for rows in groups])
    picks = np.random.default_rng(SEED).integers(0, len(groups), size=(RESAMPLES, len(groups)))
    return _percentiles(sums[picks].sum(axis=1) / sizes[picks].sum(axis=1))


def _percentiles(drawn: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _wilson(hits: int, n: int) -> tuple[float, float]:
    need("scipy")
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
