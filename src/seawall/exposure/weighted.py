"""DRE by horizon from plain and tilted paths together: each path counts with its weight.

A probability is the mean of the weights that impaired paths have at the step of their impairment;
severity, which needs the path up to the horizon, takes weights of the horizon. Variances are those
within components, whose numbers of paths are fixed.

Where pushes lead to whatever impairs, an interval allows for half an impaired path more, of the
largest weight among those seen (mid-p gamma). Where they do not (something random is not pushed, or
an impaired path was made rarer by the pushes: a weight above 1) it allows for a whole one of the
largest weight that there can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.case.impairment_kinds import KINDS
from seawall.exposure.curve import LEAST_LOSS, SENTENCES, SEVERITY, last_step
from seawall.exposure.impairment import Impairment
from seawall.exposure.mean_interval import Ends, weighted_mean_interval
from seawall.exposure.proportion import (
    gamma_interval,
    mid_p_gamma_interval,
    stratified_variance,
)
from seawall.exposure.severity import (
    weighted_expected_loss,
    weighted_expected_shortfall,
    weighted_shortfall_interval,
)

# Weights this much above 1 are 1: shares sum to 1 but for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class PathWeights:
    """Weights of p paths: at (p, s + 1) by the step of the event; component (p,), 0 plain.

    pushed_all  everything random that impairs is pushed, so that no impairment is left to plain
                paths alone
    """

    at: Floats
    component: Ints
    pushed_all: bool = True

    @property
    def largest(self) -> float:
        """The most that one path can count: 1 / share of the plain ones (without any: infinite)."""
        plain = np.count_nonzero(self.component == 0)
        return float(self.component.size / plain) if plain else float("inf")


@dataclass(frozen=True)
class Share:
    """A probability from weighted paths.

    mean, variance; largest: what one more path could have added; led_there: pushes lead to whatever
    impairs
    effective  impaired paths of equal weight that would say as much, (sum w)^2 / sum w^2
    """

    mean: float
    variance: float
    largest: float
    effective: float
    led_there: bool

    @property
    def interval(self) -> tuple[float, float]:
        """95%, see `mid_p_gamma_interval`, and `gamma_interval` where paths may be unseen."""
        form = mid_p_gamma_interval if self.led_there else gamma_interval
        return form(self.mean, self.variance, self.largest)

    def plain_paths(self, paths: int) -> int:
        """How many plain paths would know the probability as well; at least ``paths``."""
        if self.variance <= 0.0:
            return paths
        return max(paths, round(self.mean * (1.0 - self.mean) / self.variance))


def share_by(step_of: Ints, step: int, weights: PathWeights) -> Share:
    """Probability that the event, at ``step_of`` (p,) on each path, comes by a step."""
    values = _values(step_of, step, weights)
    seen = float(values.max(initial=0.0))
    led_there = weights.pushed_all and 0.0 < seen <= 1.0 + ROUNDING
    square = float((values * values).sum())
    return Share(
        mean=min(float(values.mean()), 1.0),
        variance=stratified_variance(values, weights.component),
        largest=(seen if led_there else max(seen, weights.largest)) / values.size,
        effective=float(values.sum()) ** 2 / square if square > 0.0 else 0.0,
        led_there=led_there,
    )


def mean_by(step_of: Ints, step: int, weights: PathWeights) -> float:
    """The mean of `share_by` alone."""
    return min(float(_values(step_of, step, weights).mean()), 1.0)


def _values(step_of: Ints, step: int, weights: PathWeights) -> Floats:
    """What each path (p,) counts: its weight where the event has come, else 0."""
    hit = np.flatnonzero(step_of <= step)
    values = np.zeros(step_of.size)
    values[hit] = weights.at[hit, step_of[hit]]
    return values


def joined(plain: Impairment, tilted: Impairment) -> Impairment:
    """The impairments of one scope on plain paths, then on tilted ones."""
    return Impairment(
        np.concatenate([plain.step, tilted.step]),
        np.concatenate([plain.kind, tilted.kind]),
        np.concatenate([plain.unit, tilted.unit]),
        np.concatenate([plain.leg, tilted.leg]),
        {k: np.concatenate([plain.by_kind[k], tilted.by_kind[k]]) for k in KINDS},
        np.concatenate([plain.loss, tilted.loss]),
        plain.at,
    )


def weighted_curve(
    impairment: Impairment,
    sentence: str,
    seconds: list[float],
    step_seconds: float,
    weights: PathWeights,
) -> dict[str, Any]:
    """As `curve.scope_curve`; ``impaired_paths`` are counted, not weighted."""
    names = ("probability", "low", "high", *SEVERITY)
    out: dict[str, Any] = {name: [] for name in names}
    out["impaired_paths"] = []
    out["kinds"] = {str(kind): [] for kind in KINDS}
    paths = np.bincount(weights.component)
    for horizon in seconds:
        step = last_step(horizon, step_seconds)
        share = share_by(impairment.step, step, weights)
        low, high = share.interval
        impaired = np.flatnonzero(impairment.step <= step)
        losses, weight = impairment.loss_by(step)[impaired], weights.at[impaired, step]
        shortfall, level = weighted_expected_shortfall(losses, weight)
        out["probability"].append(share.mean)
        out["low"].append(min(low, share.mean))
        out["high"].append(max(high, share.mean))
        least, mine = LEAST_LOSS.get(sentence), weights.component[impaired]
        ends: Ends = (None, None)
        if impaired.size:
            ends = weighted_mean_interval(losses, weight, mine, paths, least)
        worst = weighted_shortfall_interval(losses, weight, level, mine, paths, least)
        out["expected_loss"].append(weighted_expected_loss(losses, weight))
        out["expected_loss_low"].append(ends[0])
        out["expected_loss_high"].append(ends[1])
        out["expected_shortfall"].append(shortfall)
        out["expected_shortfall_low"].append(worst[0])
        out["expected_shortfall_high"].append(worst[1])
        out["expected_shortfall_level"].append(level)
        out["impaired_paths"].append(int(impaired.size))
        for kind in KINDS:
            out["kinds"][str(kind)].append(mean_by(impairment.by_kind[kind], step, weights))
    out["sentence"] = SENTENCES[sentence]
    return out
