"""Means, intervals and tests against hand-worked values and scipy's own functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from framewise.eval.statistics import (
    POWER_80,
    auroc,
    balanced_accuracy,
    calibration_error,
    difference,
    estimate,
    estimate_of,
    holm,
    mcnemar,
    permutation,
)
from hypothesis import given
from hypothesis import strategies as st


def test_nothing_scored_is_not_zero() -> None:
    assert estimate([None, None]) is None
    assert str(estimate([1.0])) == "1.000 (n=1)"
    assert difference([None], [1.0]) is None
    assert estimate_of(lambda rows: math.nan, ["a", "b"]) is None


def test_equal_shares_get_wilsons_interval() -> None:
    whole = estimate([1.0] * 10)
    assert whole is not None
    # Wilson, 10 of 10: low = 1 / (1 + z²/n), z = 1.959964
    assert (whole.low, whole.high) == (pytest.approx(1 / (1 + 1.959964**2 / 10), abs=1e-5), 1.0)
    none = estimate([0.0] * 10)
    assert none is not None
    assert none.low == 0.0
    assert none.high == pytest.approx(1 - whole.low, abs=1e-9)  # type: ignore[operator]


def test_clusters_are_drawn_whole() -> None:
    values = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    apart = estimate(values)
    together = estimate(values, ["a"] * 4 + ["b"] * 4)
    assert apart is not None
    assert together is not None
    assert (apart.mean, together.mean) == (0.5, 0.5)
    # Two clusters: a resample is all of one kind one time in two.
    assert (together.low, together.high) == (0.0, 1.0)
    assert 0.0 < apart.low < 0.3  # type: ignore[operator]
    assert estimate(values) == apart
    assert estimate(values, ["a"] * 8).low is None  # type: ignore[union-attr]


def test_the_bootstrap_agrees_with_scipys() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).normal(0.5, 0.2, 80)
    ours = estimate(values.tolist())
    theirs = bootstrap(
        (values,), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(4)
    ).confidence_interval
    assert ours is not None
    assert (ours.low, ours.high) == (
        pytest.approx(theirs.low, abs=0.004),
        pytest.approx(theirs.high, abs=0.004),
    )


def test_mcnemar_by_hand() -> None:
    a = np.array([0, 0, 0, 0, 0, 1, 1, 1], dtype=float)
    b = np.array([1, 1, 1, 1, 1, 0, 1, 1], dtype=float)
    # 5 gained, 1 lost: two-sided binomial, 2 * (C(6,0) + C(6,1)) / 2^6
    assert mcnemar(a, b) == pytest.approx(2 * 7 / 64)
    assert mcnemar(a, a) == 1.0


def test_the_permutation_test_is_exact_for_few_items() -> None:
    # Sign flips of (1, 2, 3): 8 in all, the two extremes are as far out as the sum of 6.
    assert permutation(np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / 8)
    assert permutation(np.array([0.0, 0.0])) == 1.0
    assert permutation(np.array([1.0])) == 1.0


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    ranked = sorted(range(len(p_values)), key=lambda at: p_values[at])
    assert [adjusted[at] for at in ranked] == sorted(adjusted)


def test_a_difference_is_paired_and_says_what_could_be_seen() -> None:
    a, b = [0.0, 1.0, 0.0, 1.0, None], [1.0, 1.0, 0.0, 1.0, 1.0]
    found = difference(a, b)
    assert found is not None
    assert (found.n, found.a, found.b, found.mean, found.p) == (4, 0.5, 0.75, 0.25, 1.0)
    assert found.detectable == pytest.approx(POWER_80 * 0.5 / 2)  # sd of (1, 0, 0, 0) is .5
    graded = difference([0.2, 0.4, 0.6], [0.3, 0.6, 0.9])
    assert graded is not None
    assert graded.p == pytest.approx(2 / 8)
    assert 0.1 - 1e-9 <= graded.low <= graded.mean <= graded.high <= 0.3 + 1e-9


def test_auroc_balanced_accuracy_and_calibration_by_hand() -> None:
    assert auroc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == pytest.approx(3.5 / 4)
    assert math.isnan(auroc(np.array([]), np.array([0.1])))
    scores, labels = np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, True, False, False])
    assert balanced_accuracy(scores, labels, 0.5) == 0.75
    assert math.isnan(balanced_accuracy(scores, np.array([True] * 4), 0.5))
    # Bins: .9 holds 1 of 1, .6 holds 1 of 2, .1 holds 0 of 1.
    expected = (0.1 * 1 + 0.1 * 2 + 0.1 * 1) / 4
    assert calibration_error(scores, labels) == pytest.approx(expected)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0.0
    assert math.isnan(calibration_error(np.array([]), np.array([], dtype=bool)))
