"""What was seen of labelled items to a logistic regression in the form that ships; knows no task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from framewise.app.calibration import Calibration

DECIMALS = 5


def fitted(
    seen: Sequence[Mapping[str, float]],
    wanted: Sequence[bool],
    weights: Sequence[float] | None = None,
    *,
    penalty: float = 1.0,
    scaled: bool = False,
) -> Calibration:
    """The regression from what was seen of each to whether it was wanted.

    Args:
        seen: the same names for each.
        wanted: the class of each.
        weights: how much each counts; by default all alike.
        penalty: sklearn's C: the smaller, the nearer to 0 the weights stay.
        scaled: whether what is seen is brought to one scale first, and both classes count alike.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = list(seen[0])
    matrix = np.array([[item[name] for name in names] for item in seen])
    scaler = StandardScaler(with_mean=scaled, with_std=scaled).fit(matrix)
    model = LogisticRegression(
        C=penalty, max_iter=3000, class_weight="balanced" if scaled else None
    )
    model.fit(scaler.transform(matrix), np.array(wanted), sample_weight=weights)
    # The weights are written for what is seen as it is: nothing but one sum is needed to use them.
    plain = model.coef_[0] / (scaler.scale_ if scaled else 1.0)
    bias = float(model.intercept_[0]) - (float(plain @ scaler.mean_) if scaled else 0.0)
    found = {n: round(float(w), DECIMALS) for n, w in zip(names, plain, strict=True)}
    return Calibration(round(bias, DECIMALS), found)
