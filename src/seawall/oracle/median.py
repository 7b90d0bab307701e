"""Median of several sources that may fail together.

Source i shows the price of ``lag`` ago times 1 + noise x (uniform, mean 0, variance 1), one number
for all its prices. It fails on its own (``failures_per_day``), or with others in a common event
(``common_per_day``), which takes each source with the chance ``share``. For ``failure_seconds`` a
failed source is stale (stands still) or wrong (off by ``error``). The feed sees the median; where
``reject`` is given, sources further than that from it are left out and the median is taken again.
With an even number the two in the middle are averaged.

Below half of the sources failures do no harm beyond the noise; from half on the median fails with
them, and rejection then keeps the wrong ones: with few sources a common cause matters more than
their number. The chance that n of k independent ones fail, binomial, says nothing about it.

Source: aggregation by median as in Chainlink's and MakerDAO's medianisers; the common factor is
Seawall's own. Wrong when: sources copy each other without failing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_FRACTION, SECONDS, Quantity
from seawall.foundation.record import number, word
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.oracle.columns import (
    Bools,
    Each,
    Floats,
    Ints,
    back,
    feeds_of,
    group_of,
    or_infinite,
    whole_steps,
)

STALE, WRONG = "stale", "wrong"
NOISE = Quantity("a fraction from 0 to 0.5 (0.001 means 10 basis points)", 0.0, 0.5)
ERROR = Quantity("a fraction above -1 (-0.2 shows 20% less)", -1.0, 100.0, True)
MOST_SOURCES = 64
# A uniform number on (-1, 1) times this has variance 1.
UNIT = math.sqrt(3.0)


@dataclass(frozen=True)
class Source:
    """One source: standard deviation of its noise, a fraction; its lag in seconds."""

    noise: float = number(NOISE, 0.0)
    lag_seconds: float = number(SECONDS, 0.0)


@dataclass(frozen=True)
class Median:
    """Sources and how they fail; see the file's docstring.

    ``assets`` served (none named: all but the quote).
    """

    sources: tuple[Source, ...]
    failures_per_day: float = number(AMOUNT, 0.0)
    common_per_day: float = number(AMOUNT, 0.0)
    share: float = number(FRACTION, 0.0)
    failure_seconds: float = number(SECONDS, 0.0)
    failure: str = word((STALE, WRONG), STALE)
    error: float = number(ERROR, 0.0)
    reject: float | None = number(POSITIVE_FRACTION, None)
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.sources) <= MOST_SOURCES:
            raise InputError(
                f"a median of {len(self.sources)} sources", expected=f"1 to {MOST_SOURCES} sources"
            )


class MedianRule(NamedTuple):
    """Feeds and groups (n,); the rest by group (g,) or by group and source (g, k).

    sources: how many; first: where the group's numbers begin; lag (g, k) steps, noise (g, k) times
    the root of 3; own, common chances per step; share; length of a failure in steps; wrong: True
    where a failed source is off by error, else it stands still; reject fraction, infinite = none.
    """

    feed: Ints
    group: Ints
    sources: Ints
    first: Ints
    lag: Ints
    noise: Floats
    own: Floats
    common: Floats
    share: Floats
    length: Ints
    wrong: Bools
    error: Floats
    reject: Floats


class MedianMemory(NamedTuple):
    """ring (p, l, n) prices; until (p, g, k) end of each source's failure; stood (p, n, k).

    numbers (p, s + 1, sum of 1 + 3 sources) uniform: common event, share, own failures, noise.
    seen (p, k) is scratch.
    """

    ring: Floats
    until: Ints
    stood: Floats
    seen: Floats
    numbers: Floats


def median_rule(each: Each[Median], step_seconds: float) -> MedianRule:
    """The rule for steps of this length."""
    most = max((len(rule.sources) for rule, _ in each), default=1)
    lag, noise = np.zeros((len(each), most), dtype=np.int64), np.zeros((len(each), most))
    for g, (rule, _) in enumerate(each):
        for i, source in enumerate(rule.sources):
            lag[g, i] = whole_steps(source.lag_seconds, step_seconds)
            noise[g, i] = UNIT * source.noise
    count = np.array([len(rule.sources) for rule, _ in each], dtype=np.int64)

    def column(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    def chance(per_day: float) -> float:
        return 1.0 - math.exp(-per_day * step_seconds / SECONDS_PER_DAY)

    steps = [whole_steps(rule.failure_seconds, step_seconds) for rule, _ in each]
    return MedianRule(
        feed=feeds_of(each),
        group=group_of(each),
        sources=count,
        first=np.cumsum(1 + 3 * count) - (1 + 3 * count),
        lag=lag,
        noise=noise,
        own=column([chance(rule.failures_per_day) for rule, _ in each]),
        common=column([chance(rule.common_per_day) for rule, _ in each]),
        share=column([rule.share for rule, _ in each]),
        length=np.array(steps, dtype=np.int64),
        wrong=np.array([rule.failure == WRONG for rule, _ in each], dtype=bool),
        error=column([rule.error for rule, _ in each]),
        reject=column([or_infinite(rule.reject) for rule, _ in each]),
    )


def numbers_needed(rule: MedianRule) -> int:
    """Uniform numbers per path and step."""
    return int((1 + 3 * rule.sources).sum())


def median_memory(rule: MedianRule, price: Floats, numbers: Floats) -> MedianMemory:
    """Every source has stood at ``price`` (p, f), and none has failed."""
    paths, most = price.shape[0], rule.lag.shape[1]
    return MedianMemory(
        ring=back(price, rule.feed, int(rule.lag.max(initial=0)) + 1),
        until=np.zeros((paths, rule.sources.size, most), dtype=np.int64),
        stood=np.repeat(price[:, rule.feed, None], most, axis=2),
        seen=np.zeros((paths, most)),
        numbers=numbers,
    )


def median_step(rule: MedianRule, memory: MedianMemory, step: int, price: Floats) -> None:
    """Replace the prices (p, f) of these feeds by the medians of their sources."""
    rows = memory.ring.shape[1]
    memory.ring[:, step % rows] = price[:, rule.feed]
    for g in range(rule.sources.size):
        k, first = int(rule.sources[g]), int(rule.first[g])
        mine = np.flatnonzero(rule.group == g)
        u = memory.numbers[:, step, first : first + 1 + 3 * k]
        together = (u[:, :1] < rule.common[g]) & (u[:, 1 : 1 + k] < rule.share[g])
        fails = together | (u[:, 1 + k : 1 + 2 * k] < rule.own[g])
        until = memory.until[:, g, :k]
        begins = fails & (until <= step)
        np.copyto(until, step + rule.length[g], where=begins)
        noise = 1.0 + rule.noise[g, :k] * (2.0 * u[:, 1 + 2 * k :] - 1.0)
        past = memory.ring[:, (step - rule.lag[g, :k]) % rows][:, :, mine]
        seen = past.transpose(0, 2, 1) * noise[:, None, :]
        stood = memory.stood[:, mine, :k]
        np.copyto(stood, seen, where=begins[:, None, :])
        memory.stood[:, mine, :k] = stood
        failed = (step < until)[:, None, :]
        other = seen * (1.0 + rule.error[g]) if rule.wrong[g] else stood
        seen = np.sort(np.where(failed, other, seen), axis=2)
        price[:, rule.feed[mine]] = _robust(seen, float(rule.reject[g]))


def _robust(seen: Floats, reject: float) -> Floats:
    """Median (p, n) of sorted sources (p, n, k), taken again without those too far from it."""
    k = seen.shape[2]
    middle: Floats = (seen[:, :, (k - 1) // 2] + seen[:, :, k // 2]) * 0.5
    if not np.isfinite(reject):
        return middle
    near = np.abs(seen - middle[:, :, None]) <= reject * middle[:, :, None]
    kept = near.sum(axis=2)
    # Those near are a run of the sorted sources.
    start = near.argmax(axis=2)
    low, high = start + (kept - 1) // 2, start + kept // 2
    ends = np.clip(np.stack([low, high], axis=2), 0, k - 1)
    pair = np.take_along_axis(seen, ends, axis=2)
    return np.where(kept > 0, (pair[:, :, 0] + pair[:, :, 1]) * 0.5, middle)
