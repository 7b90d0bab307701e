"""How good stated chances were: calibration line, reliability curve, Brier skill, log score.

    line         logit P(liquidated) = intercept + slope x logit(stated), by maximum likelihood:
                 slope 1 and intercept 0 where the chances are right; slope below 1 where they are
                 too far apart
    Brier skill  1 - mean (p - y)^2 / mean (p' - y)^2 against another method's chances p'
    resolution, reliability, uncertainty   Murphy's parts of the Brier score over the shown bins:
                 score = reliability - resolution + uncertainty, but for spread within bins
    sharpness    variance of the stated chances

Intervals: 95%, weeks of openings resampled in blocks on a circle, all assets of a week together,
since accounts of neighbouring hours and of all assets share their fate. Source: Cox (1958) for the
line; Brier (1950); Murphy (1973); Kunsch (1989). Wrong with a handful of weeks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.tally import BINS, EDGES, METHODS, SHOWN, Tally

Floats = NDArray[np.float64]

DRAWN = 500
TAILS = (0.025, 0.975)
PEERS = METHODS[1:]
_ROUNDS, _LARGEST_STEP, _SMALL_STEP, _RIDGE = 40, 1.0, 1e-9, 1e-9


def resampled(weeks: int, block: int, rng: np.random.Generator) -> Floats:
    """How often each week comes (DRAWN, w) where blocks of weeks are drawn on a circle."""
    blocks = -(-weeks // block)
    start = rng.integers(0, weeks, (DRAWN, blocks, 1))
    week = ((start + np.arange(block)) % weeks).reshape(DRAWN, -1)[:, :weeks]
    rows = np.repeat(np.arange(DRAWN), week.shape[1])
    out = np.bincount(rows * weeks + week.ravel(), minlength=DRAWN * weeks)
    return out.reshape(DRAWN, weeks).astype(np.float64)


def scores(one: Tally, block: int, rng: np.random.Generator) -> dict[str, Any]:
    """All scores of a tally with their intervals, as plain numbers; null where there are none."""
    alive = one.count.sum(axis=1) > 0
    count, said, logit, hits = (x[alive] for x in (one.count, one.said, one.logit, one.hits))
    brier, log = one.brier[alive], one.log[alive]
    number, total_hits = float(count.sum()), float(hits.sum())
    weight = resampled(int(alive.sum()), block, rng)
    every = np.concatenate([np.ones((1, weight.shape[1])), weight])
    lines = calibration(every @ count, every @ logit, every @ hits)
    squares = every @ brier
    spread = (one.said.sum(axis=0), one.count.sum(axis=0))
    mean = float(said.sum()) / number
    centre = spread[0] / np.maximum(spread[1], 1.0)
    return {
        "accounts": int(number),
        "weeks": int(alive.sum()),
        "seen": total_hits / number,
        "said": mean,
        "intercept": _interval(lines[:, 0]),
        "slope": _interval(lines[:, 1]),
        "brier": {m: float(squares[0, k]) / number for k, m in enumerate(METHODS)},
        "brier_skill": {
            m: _interval(1.0 - squares[:, 0] / squares[:, 1 + k]) for k, m in enumerate(PEERS)
        },
        "log_score": {m: float(log[:, k].sum()) / number for k, m in enumerate(METHODS)},
        "sharpness": float(np.sum(spread[1] * (centre - mean) ** 2)) / number,
        **_parts(said.sum(axis=0), count.sum(axis=0), hits.sum(axis=0)),
    }


def calibration(count: Floats, logit: Floats, hits: Floats) -> Floats:
    """Intercept and slope (m, 2) of the line for each row of sums by bin (m, b).

    Newton's steps, held short; NaN where nobody or everybody was liquidated.
    """
    used = np.any(count > 0.0, axis=0)
    n, y = count[:, used], hits[:, used]
    x = logit[:, used] / np.maximum(n, 1.0)
    found = np.tile([0.0, 1.0], (count.shape[0], 1))
    for _ in range(_ROUNDS):
        eta = np.clip(found[:, :1] + found[:, 1:] * x, -30.0, 30.0)
        p = 1.0 / (1.0 + np.exp(-eta))
        miss, w = y - n * p, n * p * (1.0 - p)
        down, tilt = miss.sum(axis=1), (miss * x).sum(axis=1)
        a, b, c = w.sum(axis=1) + _RIDGE, (w * x).sum(axis=1), (w * x * x).sum(axis=1) + _RIDGE
        step = np.stack([c * down - b * tilt, a * tilt - b * down], axis=1)
        step = np.clip(step / (a * c - b * b)[:, None], -_LARGEST_STEP, _LARGEST_STEP)
        found += step
        if float(np.max(np.abs(step))) < _SMALL_STEP:
            break
    total, all_of_them = hits.sum(axis=1), count.sum(axis=1)
    found[(total <= 0.0) | (total >= all_of_them)] = np.nan
    return found


def _interval(values: Floats) -> dict[str, float | None]:
    """The first value, and the range of the others."""
    if not np.isfinite(values[0]):
        return {"value": None, "low": None, "high": None}
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(drawn, TAILS) if drawn.size else (values[0], values[0])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}


def shown_bins() -> NDArray[np.int64]:
    """The shown bin of each fine bin, (b,)."""
    middle = np.concatenate([[0.0], 0.5 * (EDGES[:-1] + EDGES[1:]), [1.0 - 1e-12]])
    return np.asarray(np.searchsorted(np.array(SHOWN[1:-1]), middle, side="right"))


def _parts(said: Floats, count: Floats, hits: Floats) -> dict[str, float]:
    """Murphy's parts over the shown bins, from sums (b,) over fine ones."""
    into, number = shown_bins(), len(SHOWN) - 1
    n, s, h = (np.bincount(into, x, minlength=number) for x in (count, said, hits))
    some, mean = np.maximum(n, 1.0), hits.sum() / count.sum()
    return {
        "reliability": float(np.sum(n * (s / some - h / some) ** 2) / count.sum()),
        "resolution": float(np.sum(n * (h / some - mean) ** 2) / count.sum()),
        "uncertainty": float(mean * (1.0 - mean)),
    }


def curve(one: Tally, block: int, rng: np.random.Generator) -> list[dict[str, float | int]]:
    """The reliability curve: by shown bin what was said and seen, with the interval of the seen."""
    alive = one.count.sum(axis=1) > 0
    into = np.zeros((BINS, len(SHOWN) - 1))
    into[np.arange(BINS), shown_bins()] = 1.0
    count, said, hits = (x[alive] @ into for x in (one.count, one.said, one.hits))
    weight = resampled(int(alive.sum()), block, rng)
    rows: list[dict[str, float | int]] = []
    for b in range(len(SHOWN) - 1):
        number = float(count[:, b].sum())
        if number == 0.0:
            continue
        drawn = (weight @ hits[:, b]) / np.maximum(weight @ count[:, b], 1.0)
        low, high = np.quantile(drawn, TAILS)
        rows.append(
            {
                "from": SHOWN[b],
                "until": SHOWN[b + 1],
                "accounts": int(number),
                "said": float(said[:, b].sum()) / number,
                "seen": float(hits[:, b].sum()) / number,
                "low": float(low),
                "high": float(high),
            }
        )
    return rows
