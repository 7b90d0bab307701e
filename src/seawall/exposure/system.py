"""The system's own numbers: bad debt, value at risk, liquidations at risk, ruin, amplification.

Value at risk of a protocol is the 95th percentile over paths of the insolvent amount, liquidations
at risk that of the liquidated amount: the definitions that risk teams use (docs/json.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.tape import FORCED, Tape
from seawall.exposure.attacker_profit import attacker_profit
from seawall.exposure.impairment import bad_debt, venue_impairment
from seawall.exposure.keeper_rent import keeper_rent
from seawall.exposure.shocked import SHOCKS, Shocked
from seawall.exposure.tail.sample import quantile_ends
from seawall.foundation.arrays import segment_sums

LEVEL = 0.95


def _per_path(tape: Tape, amount: Floats, keep: np.ndarray) -> Floats:
    return segment_sums(amount[keep], tape.path[keep], tape.paths)


def system_numbers(setup: Setup, tape: Tape, step: int) -> dict[str, Any]:
    """The `system` block, amplification apart: the protocol and each of its venues."""
    venue = setup.table.units.venue[tape.unit]
    out = _numbers(setup, tape, np.ones(venue.size, dtype=bool), None, step)
    out["venues"] = {}
    for v, name in enumerate(setup.table.venues):
        numbers = _numbers(setup, tape, venue == v, v, step)
        numbers["fund"] = setup.rulebooks[v].waterfall.fund
        out["venues"][name] = numbers
    if any("keepers" in mechanisms for mechanisms in setup.mechanisms):
        out["keepers"] = keeper_rent(setup, tape, step)
    if setup.attack is not None:
        out["attacker"] = attacker_profit(tape, step)
    return out


def _numbers(
    setup: Setup, tape: Tape, mine: np.ndarray, venue: int | None, step: int
) -> dict[str, Any]:
    within = mine & (tape.step <= step)
    open_debt = tape.open_deficit.sum(axis=1) if venue is None else tape.open_deficit[:, venue]
    insolvent = _per_path(tape, bad_debt(tape), within) + open_debt
    closed = within & np.isin(tape.kind, FORCED)
    liquidated = _per_path(tape, tape.notional, closed)
    ruined = venue_impairment(setup, tape, venue).step <= step
    return {
        "bad_debt_mean": float(insolvent.mean()),
        **_at_risk("value_at_risk", insolvent),
        **_at_risk("liquidations_at_risk", liquidated),
        "liquidated_mean": float(liquidated.mean()),
        "fund_ruin_probability": float(np.mean(ruined)),
    }


def _at_risk(key: str, amount: Floats) -> dict[str, float | None]:
    """The 95th percentile of an amount (p,), and its 95% interval; its upper end is not known
    where no path is high enough.
    """
    low, high = quantile_ends(np.sort(amount), LEVEL, amount.size)
    return {key: float(np.quantile(amount, LEVEL)), f"{key}_low": low, f"{key}_high": high}


def amplification(
    setup: Setup, assets: tuple[str, ...], shocked: Shocked | None
) -> dict[str, list[dict[str, float]]]:
    """Trough of the market price after a shock to one asset, over the shock, with nothing else.

    shocked: what `shocked.shocks_of_page` found; without it nothing. 1 means that the crowd adds
    nothing. Shocks run from -5 to -20%: near zero the ratio explodes.
    """
    if shocked is None:
        return {}
    columns = {name: setup.table.assets.index(name) for name in assets}
    return {
        name: [{"shock": shock, "ratio": shocked.at(k, shock).ratio} for shock in SHOCKS]
        for name, k in columns.items()
    }
