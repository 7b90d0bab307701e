"""L7: scaling notionals, depth, volumes, funds, tier brackets, caps and gas together by c leaves
every ratio unchanged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cases import Recipe, build, laws, recipes
from tiny_cases import Floats, run_case

from seawall.cascade.tape import INTS, MONEY, PER_PATH, Tape
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.mechanism.fuzz.scaled import scaled

SCALE = "L7: scaling all money together leaves every ratio unchanged"


def without_crumbs(tape: Tape) -> Tape:
    """The tape without events whose amounts are rounding: an account emptied to zero by a layer
    may end a last bit below or above it, and which one depends on the last bits of the inputs."""
    size = sum(np.abs(getattr(tape, name)) for name in MONEY)
    keep = size > 1e-12 * _largest(tape.notional)
    return replace(tape, **{name: getattr(tape, name)[keep] for name in (*INTS, *MONEY)})


def assert_scaled(one: Tape, other: Tape, c: float, *, exact: bool) -> None:
    for name in (*INTS, "first_negative"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), f"{SCALE}: {name}"
    ratios = [(getattr(one, n), getattr(other, n)) for n in ("trough", "peak", "final")]
    named = [n for n in PER_PATH if n not in ("trough", "peak", "final", "first_negative")]
    money = [(c * getattr(one, n), getattr(other, n)) for n in (*MONEY, *named)]
    for left, right in ratios + money:
        if exact:
            assert np.array_equal(left, right), SCALE
        else:
            assert np.allclose(left, right, rtol=1e-9, atol=1e-9 * _largest(left)), SCALE


def _largest(values: Floats) -> float:
    return float(np.max(np.abs(values), initial=1.0))


@laws
@given(recipes(), st.sampled_from([2.0, 0.25, 1024.0]))
def test_powers_of_two_to_the_last_bit(recipe: Recipe, c: float) -> None:
    case, exogenous = build(recipe)
    _, one, _ = run_case(case, exogenous)
    _, other, _ = run_case(scaled(case, c), exogenous)
    assert_scaled(one, other, c, exact=True)


@laws
@given(recipes())
def test_any_factor(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    _, one, _ = run_case(case, exogenous)
    _, other, _ = run_case(scaled(case, 3.7), exogenous)
    assert_scaled(without_crumbs(one), without_crumbs(other), 3.7, exact=False)


def stormy(case: Case) -> Case:
    """The Case with five times its volatility, so that things happen, and without its limits."""
    assets = {
        name: replace(state, volatility=5.0 * state.volatility)
        for name, state in case.market.assets.items()
    }
    return replace(case, market=replace(case.market, assets=assets), limits=())


@pytest.mark.parametrize("c", [2.0, 3.7])
def test_the_sample_with_its_crowd(c: float) -> None:
    """The whole check, crowd generated anew: the same probabilities, c times the money."""
    case = stormy(sample_case(120))
    how = {"horizon_seconds": 14_400.0, "paths": 60, "seed": 5}
    one, other = check(case, **how), check(scaled(case, c), **how)
    for scope, curve in one["dre"]["scopes"].items():
        found = other["dre"]["scopes"][scope]
        for key in ("probability", "low", "high", "impaired_paths", "kinds"):
            assert curve[key] == found[key], f"{SCALE}: {scope} {key}"
        for key in ("expected_loss", "expected_shortfall"):
            for left, right in zip(curve[key], found[key], strict=True):
                assert (left is None) == (right is None), SCALE
                if left is not None:
                    assert right == pytest.approx(c * left, rel=1e-9, abs=1e-6), SCALE
    assert max(one["dre"]["scopes"][one["headline"]]["probability"]) > 0, "the storm sinks somebody"
    for key in ("bad_debt_mean", "liquidated_mean", "value_at_risk"):
        assert other["system"][key] == pytest.approx(c * one["system"][key]), SCALE
