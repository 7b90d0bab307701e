"""Quantiles of gaps, recoveries and times between rounds, with block-bootstrap intervals.

Chunks (days) are resampled in runs of up to a week, with repeats. The model's interval holds the
resampling, the draws of fitted numbers and the model's own chance; the recorded value's holds the
resampling alone. The recorded value lies *within* when it lies in the model's interval. Their
ratio, recorded over modelled, is taken on the same chunks, so the market's own luck drops out.

Wrong when: chunks a week apart still depend on one another, or there are only a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.oracle_model import Seen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK = 7
RESAMPLES = 600
CHOICE_RESAMPLES = 200
# No quantile is known better than this: blocks of 12 s alone move a pause by half of it.
LEAST_ERROR = 0.02
# Standard errors off of a form that never shows what the record shows.
NOTHING = 100.0
TAIL = 0.025


@dataclass(frozen=True)
class Measure:
    """``kind`` gap, recovery or pause; ``share`` of the quantile, None = the mean; ``chooses``:
    forms are chosen by it.
    """

    key: str
    kind: str
    share: float | None
    chooses: bool = True


MEASURES = (
    Measure("gap_p50", "gap", 0.5),
    Measure("gap_p99", "gap", 0.99),
    Measure("gap_p999", "gap", 0.999),
    Measure("recovery_p50", "recovery", 0.5),
    Measure("recovery_p99", "recovery", 0.99),
    Measure("pause_mean", "pause", None),
    Measure("pause_p50", "pause", 0.5, chooses=False),
    Measure("pause_p99", "pause", 0.99, chooses=False),
)


@dataclass(frozen=True)
class Sorted:
    """One feed's values (m,) in rising order, and the chunk (m,) each is from."""

    value: Floats
    chunk: Ints

    def at(self, share: float | None, weight: Ints) -> float:
        """Quantile or mean where chunk c counts ``weight[c]`` times; NaN without a value."""
        mass = weight[self.chunk]
        total = float(mass.sum())
        if total == 0.0:
            return float("nan")
        if share is None:
            return float(np.dot(self.value, mass)) / total
        place = np.searchsorted(np.cumsum(mass), share * total)
        return float(self.value[min(int(place), self.value.size - 1)])


def columns_of(seen: Seen, kind: str) -> list[Sorted]:
    """The values of each feed of ``seen``."""
    if kind == "gap":
        paths, bars, feeds = seen.gap.shape
        chunk = np.repeat(np.arange(paths), bars)
        return [_sorted(seen.gap[:, :, f].ravel(), chunk) for f in range(feeds)]
    parts = seen.recovery if kind == "recovery" else seen.pause
    empty = np.zeros(0, dtype=np.int64)
    chunk, feed, value = (np.concatenate([empty, *(part[n] for part in parts)]) for n in range(3))
    return [
        _sorted(np.asarray(value[feed == f], dtype=np.float64), chunk[feed == f].astype(np.int64))
        for f in range(seen.gap.shape[2])
    ]


def _sorted(value: Floats, chunk: Ints) -> Sorted:
    order = np.argsort(value, kind="stable")
    return Sorted(value[order], chunk[order])


def point(seen: Seen, measure: Measure) -> float:
    """The measure over all feeds and chunks together."""
    every = columns_of(seen, measure.kind)
    whole = _sorted(
        np.concatenate([one.value for one in every]), np.concatenate([one.chunk for one in every])
    )
    return whole.at(measure.share, np.ones(seen.gap.shape[0], dtype=np.int64))


def distances(models: Sequence[Seen], record: Seen, rng: np.random.Generator) -> list[float]:
    """What a form is chosen by, for each: mean over the measures of |ln(model / recorded)| in
    standard errors of the recorded value, which are those of the resampling but at least 2%.
    """
    weights = [_weights(record.gap.shape[0], rng) for _ in range(CHOICE_RESAMPLES)]
    asked = [measure for measure in MEASURES if measure.chooses]
    found = np.zeros((len(models), len(asked)))
    for m, measure in enumerate(asked):
        theirs = columns_of(record, measure.kind)[0]
        value = theirs.at(measure.share, np.ones_like(weights[0]))
        again = np.array([theirs.at(measure.share, weight) for weight in weights])
        again = again[np.isfinite(again) & (again > 0.0)]
        if not value > 0.0 or again.size < CHOICE_RESAMPLES // 2:
            continue
        error = max(float(np.std(np.log(again))), LEAST_ERROR)
        for n, model in enumerate(models):
            ours = point(model, measure)
            found[n, m] = abs(np.log(ours / value)) / error if ours > 0.0 else NOTHING
    return [float(row.mean()) for row in found]


def compare(record: Seen, model: Seen, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Every measure: recorded, model, ratio with intervals, and whether recorded lies within."""
    chunks, feeds = record.gap.shape[0], model.gap.shape[2]
    weights = [_weights(chunks, rng) for _ in range(RESAMPLES)]
    out: dict[str, dict[str, Any]] = {}
    for measure in MEASURES:
        theirs = columns_of(record, measure.kind)[0]
        ours = columns_of(model, measure.kind)
        recorded, modelled = np.empty(RESAMPLES), np.empty(RESAMPLES)
        for n, weight in enumerate(weights):
            recorded[n] = theirs.at(measure.share, weight)
            modelled[n] = ours[n % feeds].at(measure.share, weight)
        value = theirs.at(measure.share, np.ones(chunks, dtype=np.int64))
        said = _interval(point(model, measure), modelled)
        low, high = said["low"], said["high"]
        within = low is not None and high is not None and low <= value <= high
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = recorded / modelled
        at = value / said["value"] if said["value"] else float("nan")
        out[measure.key] = {
            "recorded": _interval(value, recorded),
            "model": said,
            "ratio": _interval(at, ratio),
            "within": bool(within),
            "values": int(theirs.value.size),
        }
    return out


def _weights(chunks: int, rng: np.random.Generator) -> Ints:
    """How often each chunk counts (c,): runs of neighbours, drawn with repeats, around the end."""
    block = max(min(BLOCK, chunks // 4), 1)
    begin = rng.integers(chunks, size=-(-chunks // block))
    picked = (begin[:, None] + np.arange(block)[None, :]).ravel()[:chunks] % chunks
    return np.bincount(picked, minlength=chunks)


def _interval(value: float, resampled: Floats) -> dict[str, float | None]:
    """JSON form of a value and its interval; null for what cannot be said."""
    known = resampled[np.isfinite(resampled)]
    low = high = None
    if known.size >= RESAMPLES // 2:
        low, high = (float(v) for v in np.quantile(known, [TAIL, 1.0 - TAIL]))
    return {"value": value if np.isfinite(value) else None, "low": low, "high": high}
