"""P&L explain over many intervals: totals, the worst, and why an interval is not explained to 1%.

Ticks: what is published is rounded, volatility to ``volatility_tick`` and marks to ``mark_tick``. A
leg's unexplained P&L up to half a tick of each, at either end, is called rounding; what is beyond
came from a mark and a forward that were not read at one moment, and is shown as the move of the
forward that would explain it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seawall
from seawall.exposure.pnl.explain import REVALUED, TAYLOR, Explained, explain, hedge_sizes
from seawall.exposure.pnl.option_legs import OptionLegs, Seen, value
from seawall.foundation.errors import InputError
from seawall.valuation.black import greeks

Floats = NDArray[np.float64]

SCHEMA = "seawall/backtest/chains/1"
TOLERANCE = 0.01
WORST = 5


@dataclass(frozen=True)
class Interval:
    """A book held from one moment to the next: its legs and what was seen of them."""

    begin: datetime
    end: datetime
    legs: OptionLegs
    before: Seen
    after: Seen


@dataclass(frozen=True)
class Ticks:
    """Rounding of what is published: volatility as a fraction, marks in coin."""

    volatility: float
    mark: float


def explain_intervals(
    intervals: Iterable[Interval],
    ticks: Ticks,
    count: int,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """The dict of docs/backtests.md; ``count`` intervals are expected (for the bar alone).

    The book's delta is hedged with the underlying at the start of each interval. Raises InputError
    when there is no interval.
    """
    rows: list[dict[str, Any]] = []
    for interval in intervals:
        rows.append(_row(interval, ticks))
        if progress is not None:
            progress(min(len(rows) / max(count, 1), 1.0), f"{len(rows)} of {count} intervals")
    if not rows:
        raise InputError(
            "no two snapshots are neighbours", expected="two snapshots within twelve hours"
        )
    within = [row for row in rows if row["ratio"] < TOLERANCE]
    worst = sorted(rows, key=lambda row: -float(row["ratio"]))
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "tolerance": TOLERANCE,
        "intervals": len(rows),
        "within_tolerance": len(within),
        "total": _total(rows),
        "median_ratio": float(np.median([row["ratio"] for row in rows])),
        "largest_move": max(rows, key=lambda row: abs(float(row["index_move"]))),
        "exceptions": [row for row in worst if row["ratio"] >= TOLERANCE],
        "rows": rows,
    }


def _row(interval: Interval, ticks: Ticks) -> dict[str, Any]:
    legs, before, after = interval.legs, interval.before, interval.after
    found = explain(legs, before, after, hedge_sizes(legs, before))
    rounding = _rounding(legs, before, after, ticks)
    options = np.abs(found.unexplained[: legs.size.size])
    beyond = options - np.minimum(options, rounding)
    row: dict[str, Any] = {
        "begin": interval.begin.isoformat(timespec="seconds"),
        "end": interval.end.isoformat(timespec="seconds"),
        "legs": int(legs.size.size),
        "index_move": float(np.median(after.index / before.index - 1.0)),
        "net": float(found.pnl.sum()),
        "gross": float(np.abs(found.pnl).sum()),
        # Hedges are explained by definition, so the ratio of options alone stands beside.
        "options_gross": float(np.abs(found.pnl[: legs.size.size]).sum()),
        "unexplained_gross": float(np.abs(found.unexplained).sum()),
        "unexplained_net": float(found.unexplained.sum()),
        "ratio": found.ratio,
        "half_spread": float(found.half_spread.sum()),
        "rounding": float(np.minimum(options, rounding).sum()),
        "forward_bp": _forward_bp(legs, after, beyond),
    }
    row["cause"] = _cause(row)
    row["revalued"] = {name: float(found.revalued[name].sum()) for name in REVALUED}
    row["taylor"] = {name: float(found.taylor[name].sum()) for name in TAYLOR}
    row["worst_legs"] = _worst(legs, found)
    return row


def _rounding(legs: OptionLegs, before: Seen, after: Seen, ticks: Ticks) -> Floats:
    """Largest P&L (n,) that rounding alone could leave unexplained."""
    total = np.zeros(legs.size.size)
    for seen in (before, after):
        high, low = (
            value(legs, seen.index, seen.forward, seen.years, seen.volatility + side)
            for side in (0.5 * ticks.volatility, -0.5 * ticks.volatility)
        )
        total += 0.5 * np.abs(high - low) + 0.5 * ticks.mark * seen.index
    return np.asarray(np.abs(legs.size) * total)


def _forward_bp(legs: OptionLegs, seen: Seen, beyond: Floats) -> float:
    """How far the forward would have to move to explain what rounding does not, basis points."""
    first = greeks(seen.forward, legs.strike, seen.years, seen.volatility, legs.call)
    per_move = np.abs(legs.size * first.delta) * seen.index
    return 1e4 * float(beyond.sum()) / max(float(per_move.sum()), 1e-300)


def _cause(row: dict[str, Any]) -> str:
    """Why the ratio is what it is, in words."""
    if row["rounding"] >= 0.5 * row["unexplained_gross"]:
        return "volatilities and marks are published rounded"
    words = f"mark and forward differ by {row['forward_bp']:.1f} bp: not read at one moment"
    moved = abs(row["index_move"])
    return f"{words}; the index moved {moved:.2%} only" if moved < 0.01 else words


def _worst(legs: OptionLegs, found: Explained) -> list[dict[str, Any]]:
    order = np.argsort(-np.abs(found.unexplained[: legs.size.size]), kind="stable")[:WORST]
    return [
        {
            "leg": legs.name[n],
            "pnl": float(found.pnl[n]),
            "unexplained": float(found.unexplained[n]),
        }
        for n in order
    ]


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("net", "gross", "options_gross", "unexplained_gross", "unexplained_net")
    total: dict[str, Any] = {
        key: sum(row[key] for row in rows) for key in (*keys, "half_spread", "rounding")
    }
    for ratio, gross in (("ratio", "gross"), ("options_ratio", "options_gross")):
        whole = total[gross]
        total[ratio] = total["unexplained_gross"] / whole if whole > 0 else 0.0
    for way, names in (("revalued", REVALUED), ("taylor", TAYLOR)):
        total[way] = {name: sum(row[way][name] for row in rows) for name in names}
    return total
