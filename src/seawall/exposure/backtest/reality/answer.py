"""`seawall backtest --prices`: DRE of synthetic accounts against what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from seawall.exposure.backtest.reality.accounts import (
    LEVERAGES,
    MOST_FOR_A_WEEK,
    VENUE,
    WEEK,
    first_bracket,
)
from seawall.exposure.backtest.reality.bars import Series
from seawall.exposure.backtest.reality.panel import (
    Stretch,
    choose_kind,
    say_and_refit,
    tallies,
)
from seawall.exposure.backtest.reality.scores import curve, scores
from seawall.exposure.backtest.reality.tally import Tally, together

HORIZONS = (14_400, 86_400, 604_800)
# The fitted stretch holds so many horizons and so much time, or the horizon is not judged.
LEAST_HORIZONS, LEAST_SECONDS = 40, 60 * 86_400
LEAST_WEEKS = 8
# Blocks of weeks: a week, and four where one horizon is a week already.
BLOCK, BLOCK_OF_A_WEEK = 1, 4
LABEL = "total"
Progress = Callable[[float, str], None]


def against_reality(
    series: Sequence[Series],
    fitted: tuple[int, int],
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The key ``dre`` of docs/backtests.md; ``fitted`` from, and until before, seconds since 1970.

    What cannot be judged is listed with its reason under ``left_out``.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 33]))
    stretch = Stretch(*fitted)
    panels = {s: [one for one in series if one.seconds == s] for s in {o.seconds for o in series}}
    found: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    every: list[Tally] = []
    for n, (seconds, horizon) in enumerate((s, h) for s in sorted(panels) for h in HORIZONS):
        if progress is not None:
            share = n / (len(panels) * len(HORIZONS))
            progress(share, f"accounts over {horizon / 3600:g} h")
        block, reason = _judge(panels[seconds], horizon, stretch, rng)
        if block is None:
            left_out.append({"bar_seconds": seconds, "horizon_seconds": horizon, "why": reason})
        else:
            every.append(block.pop("tally"))
            found.append(block)
    return {
        "label": LABEL,
        "feedback": "off",
        "venue": VENUE,
        "leverages": list(LEVERAGES),
        "most_for_a_week": MOST_FOR_A_WEEK,
        "defaults": sorted({o.name for o in series if not first_bracket(o.name)[2]}),
        "closes_alone": sorted({one.label for one in series if not one.extremes}),
        "horizons": found,
        "all": _jointly(every, rng),
        "left_out": left_out,
    }


def _judge(
    panel: Sequence[Series], horizon: int, stretch: Stretch, rng: np.random.Generator
) -> tuple[dict[str, Any] | None, str]:
    """The block of one horizon, or why there is none."""
    seconds = panel[0].seconds
    if horizon % seconds:
        return None, f"no whole number of bars of {seconds:,} s"
    begin = max(stretch.first, min(int(one.end[0]) for one in panel))
    past = Stretch(begin, stretch.last)
    least = max(LEAST_HORIZONS * horizon, LEAST_SECONDS)
    if past.last - past.first < least:
        held = max(past.last - past.first, 0) / 86_400
        return None, f"{held:.0f} days to fit on, {least / 86_400:.0f} are needed"
    later = Stretch(stretch.last, max(int(one.end[-1]) for one in panel))
    ranked = choose_kind(panel, horizon, past)
    if not ranked:
        return None, "no whole horizon without a gap to fit on"
    said, fits = say_and_refit(panel, horizon, past, later, ranked[0][0])
    if not said:
        return None, "no whole horizon without a gap after the fitted part"
    of_series = tallies(said)
    joint = together(list(of_series.values()))
    weeks = int(np.sum(joint.count.sum(axis=1) > 0))
    if weeks < LEAST_WEEKS:
        return None, f"{weeks} weeks after the fitted part, {LEAST_WEEKS} are needed"
    block = BLOCK_OF_A_WEEK if horizon >= WEEK else BLOCK
    forecast = fits[0].forecast
    named = {s.one.label: s.one for s in said}
    return {
        "bar_seconds": seconds,
        "horizon_seconds": horizon,
        "fitted": {"from": _date(past.first), "until": _date(past.last)},
        "judged": {
            "first": _date(min(int(s.end[0]) for s in said)),
            "last": _date(max(int(s.end[-1]) for s in said)),
        },
        "candidates": [{"words": kind, "log_score": score} for kind, score in ranked],
        "fits": len(fits),
        "windows": int(fits[0].paths.shape[0]),
        "weights": {
            f"{half / 3600:g}h": float(w)
            for half, w in zip(forecast.half_lives, forecast.weights, strict=True)
        },
        "block_weeks": block,
        "joint": scores(joint, block, rng) | {"curve": curve(joint, block, rng)},
        "assets": [
            {"asset": one.name, "file": one.source} | scores(of_series[label], block, rng)
            for label, one in named.items()
        ],
        "tally": joint,
    }, ""


def _jointly(every: Sequence[Tally], rng: np.random.Generator) -> dict[str, Any] | None:
    """Scores over all horizons of all panels; null without any."""
    if not every:
        return None
    first = min(one.first for one in every)
    last = max(one.first + one.count.shape[0] for one in every)
    whole = together([_on_weeks(one, first, last) for one in every])
    return scores(whole, BLOCK_OF_A_WEEK, rng) | {
        "block_weeks": BLOCK_OF_A_WEEK,
        "curve": curve(whole, BLOCK_OF_A_WEEK, rng),
    }


def _on_weeks(one: Tally, first: int, last: int) -> Tally:
    before, after = one.first - first, last - one.first - one.count.shape[0]
    names = ("count", "said", "logit", "hits", "brier", "log")
    return Tally(first, **{n: np.pad(getattr(one, n), ((before, after), (0, 0))) for n in names})


def _date(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")
