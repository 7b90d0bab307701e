"""The system's own numbers: bad debt, value at risk, liquidations at risk, ruin, amplification.

Value at risk of a protocol is the 95th percentile over paths of the insolvent amount, liquidations
at risk that of the liquidated amount: the definitions that risk teams use (docs/json.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup
from seawall.cascade.state import safe_worlds
from seawall.cascade.tape import FORCED, Tape
from seawall.exposure.attacker_profit import attacker_profit
from seawall.exposure.impairment import bad_debt, venue_impairment
from seawall.exposure.keeper_rent import keeper_rent
from seawall.exposure.tail.sample import quantile_ends
from seawall.foundation.arrays import segment_sums

LEVEL = 0.95
SHOCKS = (-0.05, -0.10, -0.15, -0.20)
# Nothing else happens, failures included.
# A shock lands at the first step; prices then stand still for this long.
SETTLING_SECONDS = 3_600.0


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


def amplification(setup: Setup, assets: tuple[str, ...]) -> dict[str, list[dict[str, float]]]:
    """Trough of the market price after a shock to one asset, over the shock, with nothing else.

    The exogenous price falls by the shock within one step and stays there; the trough is the lowest
    market price within the next hour. 1 means that the crowd adds nothing. Shocks run from -5 to
    -20%: near zero the ratio explodes.
    """
    if not setup.impact.feedback or not assets:
        return {}
    columns = [setup.table.assets.index(name) for name in assets]
    count = len(columns) * len(SHOCKS)
    steps = max(1, round(SETTLING_SECONDS / setup.step_seconds))
    paths = np.tile(setup.spot, (count, steps + 2, 1))
    for n, k in enumerate(columns):
        for j, shock in enumerate(SHOCKS):
            paths[n * len(SHOCKS) + j, 1:, k] *= 1.0 + shock
    tape, _ = quickest(setup)(setup, paths, worlds=safe_worlds(count))
    out: dict[str, list[dict[str, float]]] = {}
    for n, (name, k) in enumerate(zip(assets, columns, strict=True)):
        rows = slice(n * len(SHOCKS), (n + 1) * len(SHOCKS))
        fall = tape.trough[rows, k] / setup.spot[k] - 1.0
        out[name] = [
            {"shock": shock, "ratio": float(f / shock)}
            for shock, f in zip(SHOCKS, fall, strict=True)
        ]
    return out
