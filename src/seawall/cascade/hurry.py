"""Failures that come sooner on some paths, and the likelihood ratio that makes up for it.

Idea: importance sampling of rare failures. A failure or shock of constant hazard r comes at
T = -log(U) / r; on a hurried path U is replaced by U^(1/f), so it comes as at hazard f r. Over what
is known at the end of step n, at time t, the density of such a path over a plain one's is for each

    f exp(-(f - 1) r T)      where it has come, T <= t
    exp(-(f - 1) r t)        where it has not

and the product over all of them. Not hurried: failures at a stated time, those whose hazard follows
prices (wrong-way), and whether a failure follows its shock.

Source: the change of intensity of a Poisson process (Bremaud 1981, "Point Processes and Queues",
chapter VI). Wrong nowhere: the ratio is exact. Little is gained where a failure alone impairs
nobody.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.failures import FailureRules, failure_uniforms
from seawall.foundation.elementary import logarithm
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.failure.arrival import Arrival, Shock, drawn_seconds, first_step, is_constant

# Shocks that bring a failure with them less often than this leave it to chance.
SELDOM = 0.1
# A failure that is expected on fewer hurried paths than this may not be seen (of five none: 0.7%).
LEAST_SEEN = 5.0


def expected_arrivals(rules: FailureRules | None, seconds: float) -> float:
    """How many failures and shocks that can be hurried are expected within a time."""
    if rules is None:
        return 0.0
    rates = [rule.rate_per_year or 0.0 for rule in _listed(rules) if is_constant(rule)]
    return math.fsum(rates) * seconds / SECONDS_PER_YEAR


def left_to_chance(rules: FailureRules, hurried: int) -> bool:
    """True where something random that fails is not hurried, seldom follows what is, or comes on
    few of the ``hurried`` paths, on each of which one arrival of all is expected.
    """
    failures = [one.failure for one in rules.placed]
    if any(f.shock is not None and f.shock_probability < SELDOM for f in failures):
        return True
    drawn = [rule for rule in _listed(rules) if rule.rate_per_year is not None]
    if not all(map(is_constant, drawn)):
        return True
    shocks = {one.name: one.rate_per_year or 0.0 for one in rules.slot.shock}
    rates = [f.rate_per_year or 0.0 for f in failures]
    rates += [shocks[f.shock] * f.shock_probability for f in failures if f.shock is not None]
    whole = math.fsum(rule.rate_per_year or 0.0 for rule in drawn)
    return any(0.0 < hurried * rate < LEAST_SEEN * whole for rate in rates)


def _listed(rules: FailureRules) -> list[Arrival | Shock]:
    return [*(one.failure for one in rules.placed), *rules.slot.shock]


def failure_ratios(
    rules: FailureRules, draws: Draws, factors: list[float], steps: int
) -> list[Floats | None]:
    """Log-ratio (p, steps) after each step, for components hurried by ``factors``; None: always 0.

    draws: of all paths, each hurried as it was run.
    """
    own, common = failure_uniforms(rules, draws)
    clocks = [
        (rule.rate_per_year, own[:, 2 * i])
        for i, rule in enumerate(one.failure for one in rules.placed)
        if is_constant(rule)
    ]
    clocks += [
        (shock.rate_per_year, common[:, j])
        for j, shock in enumerate(rules.slot.shock)
        if is_constant(shock)
    ]
    out: list[Floats | None] = []
    for factor in factors:
        total = np.zeros((draws.paths.size, steps))
        for rate, uniform in clocks:
            assert rate is not None
            total += _log_ratio(rate, uniform, factor, steps, rules.step_seconds)
        out.append(None if factor == 1.0 else total)
    return out


def _log_ratio(
    rate: float, uniform: Floats, factor: float, steps: int, step_seconds: float
) -> Floats:
    first: Ints = first_step(drawn_seconds(rate, uniform), step_seconds)
    after = np.arange(1, steps + 1)
    waiting = -(factor - 1.0) * rate * step_seconds / SECONDS_PER_YEAR * after
    come = math.log(factor) + (factor - 1.0) * logarithm(uniform)
    return np.where(first[:, None] <= after, come[:, None], waiting)
