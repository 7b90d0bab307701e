"""The system's own numbers: bad debt, value at risk, liquidations at risk, ruin, amplification.

Value at risk of a protocol is the 95th percentile over paths of the insolvent amount, liquidations
at risk that of the liquidated amount: the definitions that risk teams use (docs/json.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.exposure.attacker_profit import attacker_profit
from seawall.exposure.keeper_rent import keeper_rent
from seawall.exposure.mean_interval import mean_interval
from seawall.exposure.shocked import SHOCKS, Shocked
from seawall.exposure.summary import Summary
from seawall.exposure.tail.sample import quantile_ends

LEVEL = 0.95


def system_numbers(setup: Setup, kept: Summary, step: int) -> dict[str, Any]:
    """The `system` block, amplification apart: the protocol and each of its venues.

    step: the last of the run, by which ``kept`` has its amounts
    """
    out = _numbers(kept, 0, "protocol", step)
    out["venues"] = {}
    for v, name in enumerate(setup.table.venues):
        numbers = _numbers(kept, 1 + v, f"venue:{name}", step)
        numbers["fund"] = setup.rulebooks[v].waterfall.fund
        out["venues"][name] = numbers
    if any("keepers" in mechanisms for mechanisms in setup.mechanisms):
        out["keepers"] = keeper_rent(kept.keepers)
    if setup.attack is not None:
        out["attacker"] = attacker_profit(kept.attacker)
    return out


def _numbers(kept: Summary, place: int, scope: str, step: int) -> dict[str, Any]:
    insolvent, liquidated = np.ascontiguousarray(kept.venues[:, place].T)
    low, high = mean_interval(insolvent, 0.0)
    closed_low, closed_high = mean_interval(liquidated, 0.0)
    ruined = kept.found[scope][1].step <= step
    return {
        "bad_debt_mean": float(insolvent.mean()),
        "bad_debt_mean_low": low,
        "bad_debt_mean_high": high,
        **_at_risk("value_at_risk", insolvent),
        **_at_risk("liquidations_at_risk", liquidated),
        "liquidated_mean": float(liquidated.mean()),
        "liquidated_mean_low": closed_low,
        "liquidated_mean_high": closed_high,
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
