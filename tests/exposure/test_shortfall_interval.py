"""The interval of expected shortfall given impairment: by hand, by weight, and in an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from risky import DAY, DESK, risky_case, risky_found, risky_result
from test_weighted import impairment

from seawall.case import Limit
from seawall.exposure.curve import scope_curve
from seawall.exposure.limits import evaluate
from seawall.exposure.mean_interval import mean_interval
from seawall.exposure.severity import (
    expected_shortfall,
    shortfall_interval,
    weighted_expected_shortfall,
    weighted_shortfall_interval,
)
from seawall.exposure.weighted import PathWeights, weighted_curve

NUMBERS = np.random.default_rng(44)


def test_every_loss_counts_as_its_influence() -> None:
    """1 to 50 at 80%: the tail is 41 to 50, its mean 45.5. 40 losses count as 40, and 41 to 50 as
    45, 50 ... 90: (40 x 40 + 675) / 50 = 45.5.
    """
    losses = NUMBERS.permutation(np.arange(1.0, 51.0))
    assert expected_shortfall(losses) == (45.5, 0.8)
    counted = np.concatenate([np.full(40, 40.0), np.arange(45.0, 91.0, 5.0)])
    assert counted.mean() == 45.5
    assert shortfall_interval(losses, 0.8) == pytest.approx(mean_interval(counted))
    # Which losses are in the tail is left to chance too: ten losses alone would say less.
    (low, high), alone = shortfall_interval(losses, 0.8), mean_interval(np.arange(41.0, 51.0))
    assert low < alone[0] < 45.5 < alone[1] < high


def test_what_the_tail_does_not_show_is_not_known() -> None:
    assert shortfall_interval(np.arange(49.0), None, 0.0) == (None, None)
    assert shortfall_interval(np.full(60, 7.0), 0.8) == (None, None)
    assert shortfall_interval(np.full(60, 7.0), 0.8, 0.0) == (0.0, None)
    one = np.zeros(60, dtype=np.int64)
    nothing = weighted_shortfall_interval(np.arange(60.0), np.ones(60), None, one, np.array([60]))
    assert nothing == (None, None)


@pytest.mark.parametrize("count", [50, 100, 400, 1_000])
def test_equal_weights_are_plain_paths(count: int) -> None:
    losses, one = NUMBERS.exponential(size=count), np.zeros(count, dtype=np.int64)
    value, level = weighted_expected_shortfall(losses, np.full(count, 0.3))
    assert value == pytest.approx(expected_shortfall(losses)[0])
    for paths in (count, 40 * count):
        sizes = np.array([paths])
        found = weighted_shortfall_interval(losses, np.full(count, 0.3), level, one, sizes)
        assert found == pytest.approx(shortfall_interval(losses, level))


def test_weights_count_as_weights_with_the_edge_in_part() -> None:
    """Influences of weighted losses have the weighted expected shortfall for their mean."""
    losses, weights = NUMBERS.exponential(size=300), NUMBERS.random(300) + 0.1
    value, level = weighted_expected_shortfall(losses, weights)
    assert value is not None and level is not None
    order = np.argsort(-losses)
    tail = (1.0 - level) * weights.sum()
    edge = losses[order][np.searchsorted(np.cumsum(weights[order]), tail)]
    counted = edge + np.maximum(losses - edge, 0.0) / (1.0 - level)
    assert np.average(counted, weights=weights) == pytest.approx(value)
    one = np.zeros(300, dtype=np.int64)
    low, high = weighted_shortfall_interval(losses, weights, level, one, np.array([300]))
    assert low is not None and high is not None and low < value < high


def test_the_curve_has_it_where_there_is_a_shortfall() -> None:
    found, seconds = impairment(), [3_600.0, 21_600.0, 86_400.0]
    curve = scope_curve(found, "desk", seconds, 3_600.0)
    assert None not in curve["expected_shortfall"][1:], "no longer enough paths: choose another"
    for n, step in enumerate((1, 6, 24)):
        losses, level = (
            found.loss_by(step)[found.step <= step],
            curve["expected_shortfall_level"][n],
        )
        ends = (curve["expected_shortfall_low"][n], curve["expected_shortfall_high"][n])
        assert ends == shortfall_interval(losses, level)
        if level is not None:
            assert ends[0] < curve["expected_shortfall"][n] < ends[1]
    ones = PathWeights(np.ones((600, 25)), np.zeros(600, dtype=np.int64))
    weighted = weighted_curve(found, "desk", seconds, 3_600.0, ones)
    assert weighted["expected_shortfall_level"] == curve["expected_shortfall_level"]
    for key in ("expected_shortfall_low", "expected_shortfall_high"):
        assert weighted[key][0] is curve[key][0] is None
        assert weighted[key][1:] == pytest.approx(curve[key][1:], rel=0.05)
    few = scope_curve(impairment(1), "venue", [0.0], 3_600.0)
    assert few["expected_shortfall_low"] == few["expected_shortfall_high"] == [None]


@pytest.mark.parametrize(
    ("bound", "state"), [(4.5e6, "breached"), (6.0e6, "not resolved"), (9.0e6, "within")]
)
def test_a_limit_inside_it_is_not_resolved(bound: float, state: str) -> None:
    dre = risky_result()["dre"]
    known = {"": 5.0e6, "_low": 4.0e6, "_high": 7.0e6, "_level": 0.8}
    ends = {f"expected_shortfall{end}": [None, None, x] for end, x in known.items()}
    scopes = {**dre["scopes"], DESK: dre["scopes"][DESK] | ends}
    limit = Limit("worst", "expected_shortfall", DESK, bound, DAY)
    case = replace(risky_case(), limits=(limit,))
    (row,) = evaluate(case, dre | {"scopes": scopes}, [], risky_found())
    assert (row["value"], row["low"], row["high"]) == (5.0e6, 4.0e6, 7.0e6)
    assert row["state"] == state
