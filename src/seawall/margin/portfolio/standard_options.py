"""Short options under Derive's standard margin: isolated formula, largest loss, the better of both.

All numbers are what an option adds to net margin, so requirements are below 0. Source: Derive
v2-core, StandardManager.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.arrays import segment_sums
from seawall.margin.account.margin_account import Options
from seawall.margin.account.netted import Expiries
from seawall.margin.account.working import Line
from seawall.margin.portfolio.standard_rules import OptionShares


def isolated_margin(
    rule: OptionShares, spot: Floats, strike: Floats, call: Bools, amount: Floats, value: Floats
) -> tuple[Floats, Floats]:
    """Maintenance and initial of each option alone (m, o), 0 or below; value = amount x price.

    spot  (m, 1), or one number

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
    # No matrix product: the library it goes to may add in another order.
    return min(0.0, float(np.min(np.sum(payoff * amount, axis=-1))))


@dataclass(frozen=True)
class Settled:
    """What an expiry's options (e,) can lose at settlement: the same in every market.

    loss      worst payoff, 0 or below      unpaired  net calls sold, 0 or below, base units
    """

    loss: Floats
    unpaired: Floats


def settled(options: Options, group: Expiries) -> Settled:
    """Largest losses and unpaired calls of each expiry."""
    loss, unpaired = np.zeros(group.count), np.zeros(group.count)
    for n in range(group.count):
        rows = group.of == n
        strike, call, amount = options.strike[rows], options.call[rows], options.amount[rows]
        loss[n] = largest_loss(strike, call, amount)
        unpaired[n] = min(0.0, float(np.sum(amount[call])))
    return Settled(loss, unpaired)


@dataclass(frozen=True)
class ExpiryMargin:
    """One margin of every expiry (m, e), 0 or below, and what it was made of.

    each (m, o) every option alone, alone (m, e) their sums, beyond (m, e) charge on unpaired calls
    """

    name: str
    scale: float
    each: Floats
    alone: Floats
    beyond: Floats
    total: Floats


def expiry_margins(
    rule: OptionShares,
    spot: Floats,
    forward: Floats,
    options: Options,
    group: Expiries,
    worst: Settled,
    value: Floats,
) -> tuple[ExpiryMargin, ExpiryMargin]:
    """Maintenance and initial of each expiry of one underlying's options in m markets.

    The higher (nearer to 0) of the isolated sum and the largest loss; to the loss comes forward x
    unpaired share x the net calls sold. spot (m,), forward (m, e), value (m, o) = amount x price.
    """
    isolated = isolated_margin(
        rule, spot[:, None], options.strike, options.call, options.amount, value
    )
    scales = {"maintenance": rule.unpaired_maintenance, "initial": rule.unpaired_initial}
    found = []
    for (name, scale), each in zip(scales.items(), isolated, strict=True):
        alone = segment_sums(each, group.of, group.count)
        beyond = worst.unpaired * forward * scale
        total = np.maximum(alone, worst.loss + beyond)
        found.append(ExpiryMargin(name, scale, each, alone, beyond, total))
    return found[0], found[1]


def expiry_line(
    made: ExpiryMargin, options: Options, rows: Ints, n: int, worst: Settled, forward: float
) -> Line:
    """How the margin of expiry ``n``, with options ``rows``, came about in the first market."""
    names = _option_names(options, rows.tolist())
    alone = zip(names, made.each[0, rows].tolist(), strict=True)
    calls = f"{worst.unpaired[n]:g} x forward {forward:g} x {made.scale:g}"
    parts = (
        Line(
            "isolated sum",
            float(made.alone[0, n]),
            "",
            "each option alone",
            tuple(Line(name, value) for name, value in alone),
        ),
        Line("largest loss", float(worst.loss[n]), "", "worst payoff at 0 and at every strike"),
        Line("unpaired calls", float(made.beyond[0, n]), "", calls),
    )
    rule_told = "the better of isolated sum and largest loss + unpaired calls"
    return Line(made.name, float(made.total[0, n]), "", rule_told, parts)


def _option_names(options: Options, rows: Sequence[int]) -> list[str]:
    """A name for each option, unique in its expiry."""
    kinds = ("put", "call")
    return [f"{options.strike[n]:.12g} {kinds[int(options.call[n])]}" for n in rows]
