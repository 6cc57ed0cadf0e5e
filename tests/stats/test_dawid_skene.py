from __future__ import annotations

import numpy as np
import pytest

from evalhub.errors import BadInput
from evalhub.stats import dawid_skene


def test_a_reviewer_who_turns_the_scale_round_is_found_out() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 200)
    careful = [np.where(rng.random(200) < 0.9, truth, 1 - truth) for _ in range(4)]
    answers = np.array([*careful, 1 - truth])
    found = dawid_skene(np.tile(np.arange(200), 5), np.repeat(np.arange(5), 200), answers.ravel(), 2)
    assert found.has_converged
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.98
    assert found.confusion[4, 0, 1] > 0.9
    assert found.confusion.sum(axis=2) == pytest.approx(np.ones((5, 2)))


def test_smoothing_keeps_every_confusion_possible() -> None:
    found = dawid_skene([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1], 3)
    assert (found.confusion > 0).all()
    assert found.expected_scores([0, 1, 2]).shape == (2,)


@pytest.mark.parametrize("levels", [[], [0, 3], [-1, 0]])
def test_impossible_levels_are_refused(levels: list[int]) -> None:
    with pytest.raises(BadInput):
        dawid_skene(list(range(len(levels))), [0] * len(levels), levels, 3)
