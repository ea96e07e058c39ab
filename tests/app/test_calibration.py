"""The logistic regression in a file: its arithmetic, and files that are none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from framewise.app.calibration import Calibration, log_odds, logistic
from framewise.corpus.errors import ModelLoadError


def test_a_probability_is_the_logistic_of_the_weighed_sum() -> None:
    made = Calibration(-1.0, {"one": 2.0, "other": 0.5})
    assert made.probability({"one": 1.0, "other": 2.0, "unused": 9.0}) == logistic(2.0)
    assert (logistic(0.0), logistic(800.0), logistic(-800.0)) == (0.5, 1.0, 0.0)
    assert logistic(log_odds(0.75, 0.25)) == pytest.approx(0.75, abs=1e-5)
    assert math.isfinite(log_odds(0.0, 1.0))


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = Calibration(1.25, {"stems": -2.0})
    made.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == made


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "{}", '{"bias": 1}', '{"bias": "x", "weights": {}}', '{"bias": 1, "weights": {"a": NaN}}', "[" * 99_999],
)  # fmt: skip
def test_a_file_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelLoadError, match="calibration.json"):
        Calibration.read(path)
    with pytest.raises(ModelLoadError, match="missing.json"):
        Calibration.read(tmp_path / "missing.json")
