"""What named shocks and past events would make the desk's accounts need; nobody trades.

A shock moves prices (and every implied volatility) at once. An event replays the relative moves
that its market was seen to make, from knot to knot, straight in log-price: moves that hold their
crowd's feedback already, so nothing is added to them. A coin that an event does not name moves with
its basket of other coins where it has one (ALT), else not at all; shares follow what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.case import Case
from seawall.exposure.cash.due import Desk, Seen, surplus
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.margin_table import RowKind
from seawall.scenario.events import Event, list_events, load_event
from seawall.valuation.moved import price_ratios
from seawall.valuation.portfolio_greeks import STABLE_VOLATILITY

BASKET = "ALT"


@dataclass(frozen=True)
class Move:
    """A named move: {asset: factor on its price}, shares included, and of implied volatility."""

    name: str
    factors: Mapping[str, float]
    volatility: float


def shocked(desk: Desk, moves: Sequence[Move]) -> list[dict[str, Any]]:
    """What each shock makes each account need at once, largest total first."""
    rows = []
    for move in moves:
        options = desk.table.options
        volatility = options.volatility * (1.0 + move.volatility)
        held = replace(
            desk, table=replace(desk.table, options=replace(options, volatility=volatility))
        )
        price = _factors(desk, [move.factors]) * desk.spot[None, :]
        spare = surplus(held, Seen(price, np.zeros_like(price), np.zeros(1)))[0]
        rows.append({"name": move.name, **_split(desk, np.maximum(-spare, 0.0))})
    return sorted(rows, key=lambda row: -float(row["total"]))


def replayed(case: Case, desk: Desk, steps: int, step_seconds: float) -> list[dict[str, Any]]:
    """What each past event that moves the desk's coins would make it need, largest first.

    ``steps``: how far a replay goes at most, in steps of ``step_seconds``.
    """
    rows = []
    for name in list_events():
        event = load_event(name)
        share = _moved_share(case, desk, event)
        if share <= 0.0:
            continue
        last = int(min(steps, max(event.duration_seconds // step_seconds, 1)))
        needed = _through(case, desk, event, last, step_seconds)
        total = needed.sum(axis=1)
        at = int(np.argmax(total >= total[-1]))
        rows.append(
            {
                "name": name,
                "title": event.title,
                "moved": share,
                "seconds": float(last * step_seconds),
                "by_seconds": float(at * step_seconds) if total[-1] > 0.0 else None,
                **_split(desk, needed[-1]),
            }
        )
    return sorted(rows, key=lambda row: (-float(row["total"]), str(row["name"])))


def _split(desk: Desk, need: Floats) -> dict[str, Any]:
    """A need of each account (d,), in total and by venue and account."""
    venues: dict[str, float] = {}
    for venue, amount in zip(desk.venue, need.tolist(), strict=True):
        venues[venue] = venues.get(venue, 0.0) + amount
    return {
        "total": float(need.sum()),
        "by_venue": venues,
        "by_account": dict(zip(desk.name, need.tolist(), strict=True)),
    }


def _through(case: Case, desk: Desk, event: Event, last: int, step_seconds: float) -> Floats:
    """Needed by each step of the one path of an event's knots (s + 1, d), quote."""
    steps: Floats = np.arange(last + 1, dtype=np.float64) * step_seconds
    level = {
        asset: np.exp(
            np.interp(steps, knots.seconds, np.log(np.array(knots.prices) / knots.prices[0]))
        )
        for asset, knots in event.knots.items()
        if asset != case.quote
    }
    moving = _moving(case)
    given = {a: a if a in level else BASKET for a in moving if a in level or BASKET in level}
    given |= {a: a for a in level if a in case.market.assets and a not in given}
    by_step = [{a: float(level[of][t]) for a, of in given.items()} for t in range(steps.size)]
    whole = [price_ratios(case.market, case.book.instruments, move) for move in by_step]
    price = _factors(desk, whole) * desk.spot[None, :]
    integral = np.cumsum(price, axis=0) * step_seconds - price[:1] * step_seconds
    spare = surplus(desk, Seen(price, integral, steps / SECONDS_PER_YEAR))
    needed: Floats = np.maximum.accumulate(np.maximum(-spare, 0.0), axis=0)
    return needed


def _factors(desk: Desk, moves: Sequence[Mapping[str, float]]) -> Floats:
    """Factors on the desk's feeds (n, w) in each of n moves."""
    assets = [desk.table.assets[k] for k in desk.table.feed_asset.tolist()]
    return np.array([[move.get(asset, 1.0) for asset in assets] for move in moves])


def _moving(case: Case) -> list[str]:
    """Coins with a price of their own that moves."""
    return [
        name
        for name, state in case.market.assets.items()
        if state.volatility > STABLE_VOLATILITY
        and name not in case.market.shares
        and name != case.quote
    ]


def _moved_share(case: Case, desk: Desk, event: Event) -> float:
    """Share of the desk's gross notional in moving assets that the event names itself."""
    rows, o = desk.table.rows, desk.table.options
    price = desk.spot[rows.feed] * rows.multiplier
    size = np.abs(rows.size)
    worth = np.where(rows.kind == RowKind.INVERSE, size, size * price)
    names = [desk.table.assets[k] for k in [*rows.asset.tolist(), *o.asset.tolist()]]
    gross = np.concatenate([worth, np.abs(o.size) * desk.spot[o.feed]])
    moving = set(_moving(case)) | set(case.market.shares)
    depegged = {a for a in event.knots if a in case.market.assets and a != case.quote}
    counted = np.array([n in moving or n in depegged for n in names], dtype=bool)
    of = {share: _contents(case, share) for share in case.market.shares}
    named = np.array([bool({n, *of.get(n, ())} & set(event.knots)) for n in names], dtype=bool)
    whole = float(gross[counted].sum())
    return float(gross[counted & named].sum()) / whole if whole > 0.0 else 0.0


def _contents(case: Case, share: str) -> tuple[str, ...]:
    """Coins that a share's price follows."""
    moved = []
    for name in _moving(case):
        ratio = price_ratios(case.market, case.book.instruments, {name: 1.1})
        if ratio.get(share, 1.0) != 1.0:
            moved.append(name)
    return tuple(moved)
