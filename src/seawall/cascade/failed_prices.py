"""What failures do to exogenous paths before the loop, and those that come because prices fall.

A failure moves the price of the assets it names, and through it, once, that of every staked token
or receipt that is a claim on one of them and is not named itself.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.failures import FailureMemory, FailureRules, first_steps
from seawall.scenario.failure.arrival import Arrival, Shock, on_own_clock, own_clock
from seawall.scenario.failure.manipulation import OracleManipulation
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.pegs import Bridge, StablecoinDepeg, depeg_factor
from seawall.scenario.failure.venue import VenueInsolvency


def failed_prices(
    rules: FailureRules | None, memory: FailureMemory | None, exogenous: Floats
) -> Floats:
    """Exogenous paths (p, s + 1, k) with what failures do to prices; the same array without any."""
    if rules is None or memory is None:
        return exogenous
    _follow_prices(rules, memory, exogenous)
    out, steps = exogenous, np.arange(exogenous.shape[1])
    for i, one in enumerate(rules.placed):
        if not one.assets or isinstance(one.failure, OracleManipulation):
            continue
        hit = np.flatnonzero(memory.first[:, i] < exogenous.shape[1])
        if hit.size == 0:
            continue
        since = (steps[None, :] - memory.first[hit, i][:, None]) * rules.step_seconds
        factor = _price_factor(one.failure, since)
        out = exogenous.copy() if out is exogenous else out
        for k in one.assets:
            out[hit, :, k] *= factor
    return out


def _price_factor(failure: Arrival, since: Floats) -> Floats:
    """Factor on a price ``since`` seconds after a failure's first step; 1 before it."""
    if isinstance(failure, StablecoinDepeg):
        return depeg_factor(failure, since)
    if isinstance(failure, Bridge | VenueInsolvency):
        return np.where(since >= 0.0, failure.recovery, 1.0)
    assert isinstance(failure, UnbackedMint)
    # Half a thousandth of a second: multiples of the step are not exact.
    return np.where(since >= failure.known_after_seconds - 5e-4, failure.backed, 1.0)


def _follow_prices(rules: FailureRules, memory: FailureMemory, exogenous: Floats) -> None:
    """Move the times of wrong-way failures to when their own clocks say, on these paths."""
    if not rules.wrong_way:
        return
    clocks: dict[tuple[str, float], Floats] = {}

    def pace(rule: Arrival | Shock, waits: Floats) -> Floats:
        name = rule.wrong_way_asset or ""
        key = (name, rule.wrong_way)
        if key not in clocks:
            price = exogenous[:, :, rules.wrong_way[name]]
            clocks[key] = own_clock(price, rule.wrong_way, rules.step_seconds)
        return on_own_clock(clocks[key], waits, rules.step_seconds)

    memory.first[:] = first_steps(rules, memory.own, memory.common, memory.safe, pace)
