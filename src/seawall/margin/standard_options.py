"""Short options under Derive's standard margin: isolated formula, largest loss, the better of both.

All numbers are what an option adds to net margin, so requirements are below 0. Source: Derive
v2-core, StandardManager.sol.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.margin.standard_rules import OptionShares
from seawall.margin.working import Line


def isolated_margin(
    rule: OptionShares, spot: float, strike: Floats, call: Bools, amount: Floats, value: Floats
) -> tuple[Floats, Floats]:
    """Maintenance and initial of each option alone (o,), 0 or below; value (o,) = amount x price.

    A long option gives and needs nothing. For amount < 0, out of the money as a share of spot:
    call   maintenance value + maintenance_call S amount
           initial value + max(initial_base - out, initial_floor) S amount
    put    maintenance min(maintenance_put S amount, maintenance_put_value value) + value
           initial min(max(initial_base - out, initial_floor) S amount + value,
                       put_initial_of_maintenance x maintenance)
    """
    out = np.maximum(np.where(call, strike - spot, spot - strike), 0.0) / spot
    share = np.maximum(rule.initial_base - out, rule.initial_floor)
    notional = spot * amount
    put_side = np.minimum(rule.maintenance_put * notional, rule.maintenance_put_value * value)
    maintenance = value + np.where(call, rule.maintenance_call * notional, put_side)
    initial = value + share * notional
    put_initial = np.minimum(initial, rule.put_initial_of_maintenance * maintenance)
    initial = np.where(call, initial, put_initial)
    short = amount < 0.0
    return np.where(short, maintenance, 0.0), np.where(short, initial, 0.0)


def largest_loss(strike: Floats, call: Bools, amount: Floats) -> float:
    """Worst payoff of one expiry's options at settlement, 0 or below.

    Tested at a price of 0 and at every strike: between them payoff is a straight line, and beyond
    the last strike it falls only where calls are sold without calls bought (charged apart).
    """
    price = np.append(0.0, strike)[:, None]
    payoff = np.where(call, np.maximum(price - strike, 0.0), np.maximum(strike - price, 0.0))
    return min(0.0, float(np.min(payoff @ amount)))


def expiry_margin(
    rule: OptionShares,
    spot: float,
    forward: float,
    names: list[str],
    strike: Floats,
    call: Bools,
    amount: Floats,
    value: Floats,
) -> tuple[float, float, tuple[Line, Line]]:
    """Maintenance and initial of one expiry's options (o,), 0 or below, and how they came about.

    The higher (nearer to 0) of the isolated sum and the largest loss; to the loss comes forward x
    unpaired share x the net calls sold.
    """
    isolated = isolated_margin(rule, spot, strike, call, amount, value)
    loss = largest_loss(strike, call, amount)
    unpaired = min(0.0, float(np.sum(amount[call])))
    scales = {"maintenance": rule.unpaired_maintenance, "initial": rule.unpaired_initial}
    totals, lines = [], []
    for (margin, scale), each in zip(scales.items(), isolated, strict=True):
        alone = float(np.sum(each))
        beyond = unpaired * forward * scale
        total = max(alone, loss + beyond)
        parts = (
            Line(
                "isolated sum",
                alone,
                "",
                "each option alone",
                tuple(Line(n, v) for n, v in zip(names, each.tolist(), strict=True)),
            ),
            Line("largest loss", loss, "", "worst payoff at 0 and at every strike"),
            Line("unpaired calls", beyond, "", f"{unpaired:g} x forward {forward:g} x {scale:g}"),
        )
        rule_told = "the better of isolated sum and largest loss + unpaired calls"
        totals.append(total)
        lines.append(Line(margin, total, "", rule_told, parts))
    return totals[0], totals[1], (lines[0], lines[1])
