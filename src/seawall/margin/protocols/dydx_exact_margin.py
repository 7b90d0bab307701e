"""The framework "dydx_v4" in whole quantums: the same account, counted as the venue counts it.

Sizes become base quantums of 10^resolution coins, cash and entries quote quantums of a millionth.
What is not whole is rounded (sizes and open interest to the nearest quantum, the quote balance
down) and the result says so. Prices are taken as they are written.
"""

from __future__ import annotations

from fractions import Fraction

from seawall.foundation.exact import as_written, in_units, nearest
from seawall.margin.account.exact import ExactMargin, Rounder
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals, refuse_owed_coins
from seawall.margin.account.working import Line
from seawall.margin.protocols.dydx_exact import (
    LiquidityTier,
    Market,
    Position,
    Subaccount,
    account_risk,
    net_notional,
    position_risk,
    price_in_quantums,
    scaled_initial_ppm,
)
from seawall.margin.protocols.dydx_margin import PPM_DECIMALS, DydxMargin, Tier

QUOTE_DECIMALS = 6
QUANTUMS = "quote quantums"


def exact_requirement(rule: DydxMargin, account: MarginAccount) -> ExactMargin:
    """Net collateral, initial and maintenance margin in quote quantums, with their derivation.

    Raises InputError when the account holds anything but linear perpetuals, or owes coins.
    """
    rounder = Rounder()
    subaccount = as_subaccount(rule, account, rounder)
    risk = account_risk(subaccount)
    positions = tuple(_line(name, held) for name, held in subaccount.positions.items())
    collateral = Line(
        "net collateral",
        risk.net_collateral,
        QUANTUMS,
        "quote balance + sum of net notionals",
        (
            Line("quote balance", subaccount.quote, QUANTUMS, "cash - sum of size x entry, down"),
            *(Line(p.name, p.find("net notional").value, QUANTUMS) for p in positions),
        ),
    )
    working = Line(
        account.name,
        risk.net_collateral - risk.maintenance,
        QUANTUMS,
        "net collateral - maintenance margin",
        (
            collateral,
            Line("initial margin", risk.initial, QUANTUMS, "sum over positions"),
            Line(
                "maintenance margin",
                risk.maintenance,
                QUANTUMS,
                "sum over the lines below",
                positions,
            ),
        ),
    )
    return ExactMargin(
        risk.net_collateral,
        risk.initial,
        risk.maintenance,
        account.settle,
        QUOTE_DECIMALS,
        working,
        rounder.sentences(),
    )


def as_subaccount(rule: DydxMargin, account: MarginAccount, rounder: Rounder) -> Subaccount:
    """The account in quantums; ``rounder`` keeps what had to be rounded.

    Two positions in one instrument are two entries, as in the account given.
    """
    refuse_other_than_perpetuals(account, "dydx_v4")
    refuse_owed_coins(account, "dydx_v4")
    perps = account.perps
    balance = in_units(account.cash, QUOTE_DECIMALS)
    positions: dict[str, Position] = {}
    for n, name in enumerate(perps.names):
        underlying = perps.underlying[n]
        market = rule.market(underlying)
        decimals = -market.resolution
        size = rounder.nearest(f"the size of {name}", perps.size[n], decimals)
        interest = 0
        if market.open_interest is not None:
            interest = rounder.nearest(
                f"the open interest of {name}", market.open_interest, decimals
            )
        mark = as_written(perps.mark[n])
        price = price_in_quantums(mark, 0, market.resolution, -QUOTE_DECIMALS)
        tier = quantum_tier(rule.tiers[market.tier])
        own = nearest(in_units(rule.own(underlying), PPM_DECIMALS))
        positions[_free(name, positions)] = Position(Market(price, tier, interest), size, own)
        paid = as_written(perps.entry[n]) * Fraction(size) * Fraction(10) ** market.resolution
        balance -= paid * 10**QUOTE_DECIMALS
        balance += in_units(perps.accrued[n], QUOTE_DECIMALS)
    return Subaccount(rounder.down("the quote balance", balance, QUOTE_DECIMALS), positions)


def quantum_tier(tier: Tier) -> LiquidityTier:
    """A tier's fractions in parts per million and its bounds in quote quantums."""
    return LiquidityTier(
        nearest(in_units(tier.initial, PPM_DECIMALS)),
        nearest(in_units(tier.maintenance_of_initial, PPM_DECIMALS)),
        nearest(in_units(tier.open_interest_lower, QUOTE_DECIMALS)),
        nearest(in_units(tier.open_interest_upper, QUOTE_DECIMALS)),
    )


def _line(name: str, held: Position) -> Line:
    market, risk = held.market, position_risk(held)
    scaled = scaled_initial_ppm(market.tier, net_notional(market, market.open_interest))
    used = max(scaled, held.own_initial_ppm)
    base = market.tier.initial_ppm
    parts = (
        Line("base quantums", held.size, "base quantums"),
        Line("net notional", risk.net_collateral, QUANTUMS, "size x price, towards zero"),
        Line("scaled initial fraction", scaled, "ppm", f"{base} before open interest, down"),
        Line("initial fraction", used, "ppm", "the trader's own if it is higher"),
        Line("initial", risk.initial, QUANTUMS, f"|net notional| x {used} ppm, up"),
        Line(
            "maintenance",
            risk.maintenance,
            QUANTUMS,
            f"(|net notional| x {base} ppm, up) x {market.tier.maintenance_ppm} ppm, up",
        ),
    )
    return Line(name, risk.maintenance, QUANTUMS, "", parts)


def _free(name: str, taken: dict[str, Position]) -> str:
    """``name``, or ``name`` (2), (3), ... when it is taken."""
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name} ({count})"
    return free
