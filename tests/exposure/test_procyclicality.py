"""Procyclicality: numbers by hand on small factor paths, the spiral in the sample, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seawall.casefile import sample_case
from seawall.cli.procyclicality import procyclicality as command
from seawall.cli.procyclicality import table
from seawall.exposure.procyclicality import (
    _interval,
    _largest_call,
    _numbers,
    _Outcome,
    procyclicality,
    with_dynamic_margin,
)
from seawall.foundation.errors import InputError

FOLLOWS = {"rule": "volatility_scaled", "cap": 3.0}


def test_the_largest_call_within_a_window_worked_by_hand() -> None:
    # 1, 1.5, 1.2, 2.4: within one step the largest rise is 1.2 -> 2.4 (100%); within three steps
    # 1 -> 2.4 (140%). Falling margin calls nobody.
    factor = np.array([[1.0, 1.5, 1.2, 2.4], [3.0, 2.0, 1.5, 1.0]])
    assert _largest_call(factor, 1) == pytest.approx([1.0, 0.0])
    assert _largest_call(factor, 3) == pytest.approx([1.4, 0.0])
    assert _largest_call(factor, 99) == pytest.approx([1.4, 0.0])


def test_amplification_is_a_ratio_of_means_and_gives_the_branching_ratio() -> None:
    # Falls of 20% and 40% after exogenous ones of 10% and 20%: 2, that is 1 - 1/2.
    two = np.array([2.0, 4.0])
    outcome = _Outcome(two / 10, two / 20, two, two, two, two)
    found = _numbers(outcome, np.array([[0, 0], [1, 1], [0, 1]]))
    assert found["amplification"][0] == pytest.approx(2.0)
    assert found["branching_ratio"][0] == pytest.approx(0.5)
    assert found["bad_debt"][1].tolist() == [2.0, 4.0, 3.0]
    assert _interval(3.0, np.linspace(0.0, 1.0, 1001)) == pytest.approx(
        {"value": 3.0, "low": 0.025, "high": 0.975}
    )


def test_margin_that_follows_volatility_raises_the_branching_ratio_of_the_sample() -> None:
    """Brunnermeier and Pedersen's margin spiral: the interval of the difference is above 0. Here,
    not as a law."""
    case = with_dynamic_margin(sample_case(150), FOLLOWS)
    how = {"paths": 24, "horizon_seconds": 3_600.0}
    found = procyclicality(case, **how)
    assert found["static"]["peak_to_trough"]["value"] == 1.0
    assert found["static"]["largest_call"]["value"] == 0.0
    assert 1.0 < found["dynamic"]["peak_to_trough"]["value"] <= 3.0
    assert found["difference"]["branching_ratio"]["low"] > 0.0
    assert found["difference"]["forced_sales"]["low"] > 0.0
    for key, one in found["dynamic"].items():
        change = one["value"] - found["static"][key]["value"]
        assert found["difference"][key]["value"] == pytest.approx(change)
    assert procyclicality(case, **how) == found
    assert "branching ratio" in table(found)


def test_a_rule_that_never_moves_is_no_different() -> None:
    case = with_dynamic_margin(sample_case(60), {**FOLLOWS, "strength": 0.0})
    found = procyclicality(case, paths=6, horizon_seconds=1_800.0)
    for change in found["difference"].values():
        assert change == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_refusals() -> None:
    plain = sample_case(10)
    case = with_dynamic_margin(plain, FOLLOWS)
    with pytest.raises(InputError, match="dynamic_margin"):
        procyclicality(plain)
    with pytest.raises(InputError, match="shock"):
        procyclicality(case, shock=0.1)
    with pytest.raises(InputError, match="asset 'DOGE'"):
        procyclicality(case, asset="DOGE")
    total = replace(case.market.scenario, label="total")
    with pytest.raises(InputError, match="labelled total"):
        procyclicality(replace(case, market=replace(case.market, scenario=total)))


def test_the_command_refuses_a_rule_that_needs_more_than_it_can_say() -> None:
    with pytest.raises(InputError, match="volatility_scaled or depth_scaled"):
        command(rule="open_interest_scaled")
