"""The judge of support with a scripted model: what it reads, and the arithmetic of its score."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from framewise.app.calibration import Calibration, logistic
from framewise.app.support import TrainedSupport, nearest, seen
from framewise.app.verify import verify
from framewise.corpus.taxonomy import load_taxonomy

SOURCE = (
    "JAX runs on TPU. PyTorch runs on GPUs of NVIDIA and AMD. Keras 3.15 runs on three backends."
)
CALIBRATION = Calibration(-1.0, {"yes_no": 1.0, "yes_unclear": 0.5, "stems": 2.0, "names": 0.0})


class Scripted:
    """Gives fixed chances and keeps what it was asked."""

    def __init__(self, *chances: float) -> None:
        self._chances, self.read = list(chances), ""

    def choose(self, text: str, answers: Sequence[str]) -> list[float]:
        self.read = text
        assert answers == (" yes", " no", " unclear")
        return self._chances


def test_only_the_nearest_sentences_are_read_in_their_own_order() -> None:
    assert (
        nearest("Keras 3.15 and JAX", SOURCE, most=11)
        == "JAX runs on TPU. Keras 3.15 runs on three backends."
    )
    assert nearest("Keras", SOURCE, most=100) == SOURCE
    assert nearest("Keras", "word " * 500, most=7).split() == ["word"] * 7


def test_what_is_seen_of_a_pair() -> None:
    model = Scripted(0.5, 0.25, 0.25)
    found = seen(model, "Keras 9.1 runs on TPU.", SOURCE)
    assert (
        model.read == f"Source: {SOURCE}\n\nClaim: Keras 9.1 runs on TPU.\nDoes the source say so?"
    )
    assert found["yes_no"] == found["yes_unclear"] == pytest.approx(math.log(2), abs=1e-4)
    assert found["names"] == pytest.approx(2 / 3)  # Keras and TPU are there, 9.1 is not
    assert 0 < found["stems"] < 1


def test_the_score_is_the_logistic_of_the_weighed_sum() -> None:
    judge = TrainedSupport(lambda: Scripted(0.5, 0.25, 0.25), CALIBRATION)
    stems = seen(Scripted(0.5, 0.25, 0.25), "JAX runs on TPU", SOURCE)["stems"]
    expected = logistic(-1.0 + 1.5 * math.log(2) + 2.0 * stems)
    assert judge.score("JAX runs on TPU", [SOURCE]) == pytest.approx(expected, abs=1e-4)
    assert (logistic(0.0), logistic(800.0), logistic(-800.0)) == (0.5, 1.0, 0.0)


@pytest.mark.parametrize(
    ("chances", "verdict"),
    [((0.9, 0.05, 0.05), "supported"), ((0.3, 0.35, 0.35), "partly"), ((0.01, 0.98, 0.01), "unsupported")],
)  # fmt: skip
def test_verdicts_are_the_judges_where_no_rule_is_broken(
    chances: tuple[float, ...], verdict: str
) -> None:
    judge = TrainedSupport(lambda: Scripted(*chances), CALIBRATION)
    taxonomy = load_taxonomy()
    assert verify("On TPU runs JAX.", [SOURCE], taxonomy, judge).verdict == verdict
    assert verify("On TPU runs JAX 9.", [SOURCE], taxonomy, judge).verdict == "unsupported"
    assert verify(SOURCE, [SOURCE], taxonomy, judge).support == 1.0
