"""`seawall backtest --prices`: value at risk and expected shortfall, chosen and then judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import seawall
from seawall.exposure.backtest.joint import holm
from seawall.exposure.backtest.periods import Periods, periods_of
from seawall.exposure.backtest.price_tails import (
    SIDES,
    Candidate,
    Judged,
    Span,
    TooShortError,
    choose,
    joint_tests,
    judged,
    power,
    tests_of,
)
from seawall.foundation.errors import InputError
from seawall.scenario.fit.prices import read_prices

SCHEMA = "seawall/backtest/prices/1"
LEVEL = 0.99
# Share of the time that is fitted to where nothing else is said: the first half.
FITTED_SHARE = 0.5
CHOICE_SHARE = 0.7
Progress = Callable[[float, str], None]


def backtest_prices(
    files: Sequence[Path],
    *,
    fitted: tuple[datetime, datetime] | None = None,
    level: float = LEVEL,
    period_seconds: int = 86_400,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The dict of docs/backtests.md for bars in ``files``; ``fitted`` from, and until before.

    Raises InputError for what cannot be read, for a level off the grid of tail slices, and where
    either part has no period with a full window before it.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    assets = [
        one for file in files for one in periods_of(read_prices([file]), period_seconds, file.name)
    ]
    span = _span(assets, fitted)

    def tick(share: float) -> None:
        if progress is not None:
            progress(CHOICE_SHARE * share, "choosing the method")

    ranked = choose(assets, span, level, tick)
    best = ranked[0][0]
    normal = next(candidate for candidate, _ in ranked if candidate.method == "normal")
    ours, theirs = judged(assets, best, span), judged(assets, normal, span)
    if not ours:
        raise TooShortError(
            "no period outside the fitted part has a full window before it",
            expected="a shorter fitted part, or more history",
        )
    rows = []
    for n, one in enumerate(ours):
        rows.append(_row(one, level, rng))
        if progress is not None:
            progress(CHOICE_SHARE + (1.0 - CHOICE_SHARE) * n / len(ours), "judging it")
    _adjust(rows)
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "seed": seed,
        "level": level,
        "period_seconds": period_seconds,
        "files": [file.name for file in files],
        "fitted": {"from": _date(span.first), "until": _date(span.last)},
        "judged": _extent(ours, span),
        "candidates": [{"words": c.words, "score": s} for c, s in ranked],
        "chosen": _verdict(best, ours, level, rng),
        "normal": _verdict(normal, theirs, level, rng)
        | {"power": _median_power(ours, theirs, level, rng)},
        "positions": rows,
    }


def _span(assets: Sequence[Periods], fitted: tuple[datetime, datetime] | None) -> Span:
    if fitted is not None:
        first, last = (int(moment.timestamp()) for moment in fitted)
        if first >= last:
            raise InputError(
                f"the fitted part ends ({fitted[1]:%Y-%m-%d}) before it begins",
                expected="an end after the beginning",
            )
        return Span(first, last)
    if not assets:
        raise TooShortError(
            "the files hold no whole period", expected="bars over some hundred days"
        )
    begins = np.concatenate([one.begin for one in assets])
    first, last = int(begins.min()), int(begins.max())
    return Span(first, first + round(FITTED_SHARE * (last - first)))


def _row(one: Judged, level: float, rng: np.random.Generator) -> dict[str, Any]:
    found: dict[str, Any] = {"asset": one.name, "file": one.source, "side": one.side}
    found |= tests_of(one, level, rng)
    found["mean_value_at_risk"] = float(one.law.value_at_risk(level).mean())
    found["mean_expected_shortfall"] = float(one.law.expected_shortfall(level).mean())
    return found


def _adjust(rows: list[dict[str, Any]]) -> None:
    """Holm over all positions, of the count of hits and of Z2, as the keys ``..._holm``."""
    for key in ("unconditional", "z2_p"):
        adjusted = holm({str(n): row[key] for n, row in enumerate(rows)})
        for n, row in enumerate(rows):
            row[f"{key}_holm"] = adjusted[str(n)]


def _verdict(
    candidate: Candidate, positions: Sequence[Judged], level: float, rng: np.random.Generator
) -> dict[str, Any]:
    joint = joint_tests(positions, level, rng)
    hits = sum(float(np.sum(p.losses > p.law.value_at_risk(level))) for p in positions)
    periods = sum(p.losses.size for p in positions)
    return {
        "words": candidate.words,
        "periods": periods,
        "hit_rate": hits / periods,
        "stated": 1.0 - level,
        "joint": joint,
        "joint_holm": holm(joint),
    }


def _median_power(
    ours: Sequence[Judged], theirs: Sequence[Judged], level: float, rng: np.random.Generator
) -> dict[str, float]:
    """Median over assets, by side, of the power of each test against the normal method."""
    other = {(one.name, one.source, one.side): one for one in theirs}
    out: dict[str, float] = {}
    for side in SIDES:
        found = []
        for one in ours:
            said = other.get((one.name, one.source, one.side))
            if one.side == side and said is not None and said.losses.size == one.losses.size:
                found.append(power(one, said, level, rng))
        for test in ("unconditional", "z2"):
            out[f"{test}_{side}"] = float(np.median([f[test] for f in found])) if found else 0.0
    return out


def _extent(positions: Sequence[Judged], span: Span) -> dict[str, Any]:
    begins = np.unique(np.concatenate([one.begin for one in positions]))
    return {
        "first": _date(int(begins[0])),
        "last": _date(int(begins[-1])),
        "periods_before_fit": int(np.sum(begins < span.first)),
        "periods_after_fit": int(np.sum(begins >= span.last)),
    }


def _date(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")
