"""Standard option margin (Deribit's form): short options against fractions of the underlying.

In units of the underlying S, per base unit: short call initial max(a - OTM/S, b) + mark,
maintenance c + mark; short put initial max(max(a - OTM/S, b) + mark, maintenance), maintenance
max(c, c x mark) + mark. Source: Deribit, standard margin. The venue compares these
with a balance that leaves option values out; here equity counts every option at its value, so the
requirement is netted: for a short, margin - value; for a long, its whole value (no credit).
Both tests are then the same test. Wrong for portfolio margin.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.venues import OptionMargin, PerpMargin


def short_margin(
    rule: OptionMargin, value: Floats, spot: Floats, strike: Floats, call: Bools
) -> tuple[Floats, Floats]:
    """Initial and maintenance margin of one short unit, quote, as the venue states them.

    value (...), spot (...), strike (...) quote per base unit, broadcast together; call bool.
    """
    mark = value / spot
    out_of_the_money = np.maximum(np.where(call, strike - spot, spot - strike), 0.0) / spot
    base = np.maximum(rule.initial_base - out_of_the_money, rule.initial_floor) + mark
    maintenance = mark + np.where(
        call, rule.maintenance_base, np.maximum(rule.maintenance_base, rule.maintenance_base * mark)
    )
    initial = np.where(call, base, np.maximum(base, maintenance))
    return initial * spot, maintenance * spot


def netted_margin(size: Floats, value: Floats, short_requirement: Floats) -> Floats:
    """Requirement against an equity that counts option values: size (...) signed, quote."""
    return np.where(size > 0, size * value, -size * (short_requirement - value))


def perp_margin(rule: PerpMargin, coins: Floats, notional: Floats) -> tuple[Floats, Floats]:
    """Initial and maintenance margin of perpetuals (n,): notional x (rate + slope x coins).

    coins (n,) = |size| in coins; notional (n,) in the settlement asset, and so is the margin.
    """
    steep = rule.slope * coins * notional
    return notional * rule.initial + steep, notional * rule.maintenance + steep
