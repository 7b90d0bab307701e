"""Could it get out: own size against open interest and depth, days to exit, cost of the exit."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from seawall.book import AccountKind
from seawall.cascade.setup import Setup
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact import law
from seawall.instruments import Future, Option, Perpetual
from seawall.valuation.black import greeks

# An exit takes at most this share of an asset's daily volume.
PARTICIPATION = 0.1


def concentration(setup: Setup) -> list[dict[str, Any]]:
    """One row per desk position, slowest exit first; options by their delta in the underlying.

    ``owner_open_interest_share`` and ``owner_days_to_exit`` count all of the owner's accounts: of
    an instrument the larger of all longs and all shorts, of an underlying the net of all positions
    (balances apart). Limits read those, so that splitting a position over accounts changes nothing.
    """
    book, market = setup.book, setup.case.market
    out: list[dict[str, Any]] = []
    side: dict[tuple[str, str, bool], float] = defaultdict(float)
    net: dict[tuple[str, str], float] = defaultdict(float)
    for n in np.flatnonzero(book.size != 0):
        account = int(book.position_account[n])
        if book.account_kind[account] is not AccountKind.DESK:
            continue
        instrument = book.instruments[book.position_instrument[n]]
        asset = market.assets[instrument.underlying]
        state = market.instruments.get(instrument.name)
        size = float(book.size[n])
        notional = _notional(setup, instrument, size)
        interest = state.open_interest if state is not None else None
        sign = 1.0 if notional > 0 else -1.0
        owner = book.account_owner[account]
        side[owner, instrument.name, size > 0] += abs(size)
        net[owner, instrument.underlying] += notional
        out.append(
            {
                "account": book.account_names[account],
                "owner": owner,
                "instrument": instrument.name,
                "side": "long" if size > 0 else "short",
                "notional": abs(notional),
                "open_interest_share": abs(size) / interest if interest else None,
                "depth_multiple": abs(notional) / (0.01 * asset.depth),
                "days_to_exit": abs(notional) / (PARTICIPATION * asset.daily_volume),
                "exit_cost": exit_cost(setup, instrument.underlying, -sign * abs(notional)),
            }
        )
    by_name = {instrument.name: instrument.underlying for instrument in book.instruments}
    for row in out:
        owner, name = row["owner"], row["instrument"]
        state, asset = market.instruments.get(name), market.assets[by_name[name]]
        interest = state.open_interest if state is not None else None
        larger = max(side[owner, name, True], side[owner, name, False])
        row["owner_open_interest_share"] = larger / interest if interest else None
        daily = PARTICIPATION * asset.daily_volume
        row["owner_days_to_exit"] = abs(net[owner, by_name[name]]) / daily
    return sorted(out, key=lambda row: -float(row["days_to_exit"]))


def _notional(setup: Setup, instrument: Any, size: float) -> float:
    """Signed quote notional; of an option, its delta times the underlying's price."""
    state = setup.case.market.instruments.get(instrument.name)
    spot = setup.case.market.assets[instrument.underlying].spot
    mark = state.mark if state is not None and state.mark is not None else spot
    if isinstance(instrument, Option):
        years = (instrument.expiry - setup.case.as_of).total_seconds() / SECONDS_PER_YEAR
        volatility = state.implied_volatility if state is not None else None
        delta = greeks(mark, instrument.strike, years, volatility or 0.0, instrument.call).delta
        return size * float(delta) * spot
    inverse = isinstance(instrument, Perpetual | Future) and instrument.inverse
    return size if inverse else size * mark


def exit_cost(setup: Setup, underlying: str, flow: float, depth: float = 1.0) -> float:
    """Quote cost of trading ``flow`` (signed quote) at once: notional x mean impact.

    ``depth``: factor on the asset's depth, > 0.
    """
    k = setup.table.assets.index(underlying)
    outstanding = np.array(flow / (depth * setup.impact.depth[k]))
    strength = setup.impact.strength[k]
    mean = float(law.average(setup.market_rules.law, strength, np.zeros(()), outstanding))
    return abs(flow) * abs(mean - 1.0)
