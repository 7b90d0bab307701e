"""The framework "dydx_v4": perpetuals by liquidity tier, initial margin growing with open interest.

Net collateral = cash - sum of size x entry + sum of size x oracle price: the venue's quote balance
and each position's net notional. Per position

    maintenance = |NN| x initial fraction x maintenance share
    initial     = |NN| x max(fraction once open interest counts, the trader's own)

and the account is their sum: nothing is netted. Source: dydxprotocol/v4-chain (`dydx_exact` holds
the rule in whole numbers; `exact` of this framework gives it for the same account, and a test holds
the two within the rounding of a few quantums per position). Wrong for collateral other than the
settlement asset, which counts for nothing here, and for isolated markets, whose subaccounts are to
be given one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from seawall.foundation.exact import in_units
from seawall.foundation.quantity import (
    AMOUNT,
    FRACTION,
    POSITIVE_FRACTION,
    Quantity,
    choices,
)
from seawall.foundation.record import number, read_record, whole
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, lines_of, sum_of
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals, refuse_owed_coins
from seawall.margin.account.working import AccountMargin, Line, account_margin
from seawall.venues import Rulebook

COINS = Quantity("an amount of 0 or more in coins", 0.0, 1e30)
PPM_DECIMALS = 6


@dataclass(frozen=True)
class Tier:
    """One liquidity tier: fractions, and the open interest (quote) over which initial grows to 1.

    An upper bound of 0 = open interest does not count.
    """

    initial: float = number(POSITIVE_FRACTION)
    maintenance_of_initial: float = number(POSITIVE_FRACTION)
    open_interest_lower: float = number(AMOUNT, 0.0)
    open_interest_upper: float = number(AMOUNT, 0.0)


@dataclass(frozen=True)
class MarketRule:
    """One perpetual: its tier, its base quantum (10^resolution coins), open interest now (coins).

    Without open interest it is taken to be at or below the tier's lower bound.
    """

    tier: str
    resolution: int = whole(-18, 18)
    open_interest: float | None = number(COINS, None)


@dataclass(frozen=True)
class DydxMargin:
    """What the framework reads from [margin].

    default_tier, default_resolution  for underlyings that ``markets`` does not list
    own_initial  {underlying: the trader's own initial fraction}; counts where it is higher
    """

    tiers: Mapping[str, Tier]
    default_tier: str
    default_resolution: int = whole(-18, 18)
    markets: Mapping[str, MarketRule] = field(default_factory=dict)
    own_initial: Mapping[str, float] | None = number(FRACTION, None)

    def own(self, underlying: str) -> float:
        """The trader's own initial fraction on an underlying; 0 when there is none."""
        return (self.own_initial or {}).get(underlying, 0.0)

    def market(self, underlying: str) -> MarketRule:
        """The market of an underlying, or the default one."""
        default = MarketRule(self.default_tier, self.default_resolution)
        return self.markets.get(underlying, default)


def read(rulebook: Rulebook, table: Section) -> DydxMargin:
    """Parameters from a rulebook; InputError for unknown keys, tiers or fractions of a ppm."""
    rule = read_record(table, DydxMargin)
    if rule.default_tier not in rule.tiers:
        raise table.refuse(
            "default_tier", f"is {rule.default_tier!r}", choices(rule.default_tier, rule.tiers)
        )
    markets = table.section("markets")
    for name, market in rule.markets.items():
        if market.tier not in rule.tiers:
            raise markets.section(name).refuse(
                "tier", f"is {market.tier!r}", choices(market.tier, rule.tiers)
            )
    tiers = table.section("tiers")
    for name, tier in rule.tiers.items():
        _check_tier(tiers.section(name), tier)
    return rule


def assess(rule: DydxMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one subaccount, quote.

    Raises InputError when it holds anything but linear perpetuals, or owes coins.
    """
    refuse_other_than_perpetuals(account, "dydx_v4")
    refuse_owed_coins(account, "dydx_v4")
    perps, settle = account.perps, account.settle_price
    signed = (perps.size * perps.mark).tolist()
    balance = account.cash
    # Left to right, so that the sum is the same on every machine.
    for paid, owed in zip((perps.size * perps.entry).tolist(), perps.accrued.tolist(), strict=True):
        balance = balance - paid + owed
    net = balance
    for notional in signed:
        net += notional
    dues = [_position(rule, account, n) for n in range(len(perps.names))]
    initial, maintenance = sum_of(dues)
    unit = account.settle
    collateral = Line(
        "net collateral",
        net * settle,
        "quote",
        "quote balance + sum of net notionals" + at_price(settle),
        (
            Line("quote balance", balance, unit, "cash - sum of size x entry + accrued"),
            *(
                Line(name, value, unit, f"{size:,.10g} x {mark:,.10g}")
                for name, value, size, mark in zip(
                    perps.names, signed, perps.size.tolist(), perps.mark.tolist(), strict=True
                )
            ),
            *uncounted(account),
        ),
    )
    working = Line(
        account.name,
        net * settle - maintenance,
        "quote",
        "net collateral - maintenance margin",
        (
            collateral,
            Line("initial margin", initial, "quote", "sum over positions"),
            Line(
                "maintenance margin",
                maintenance,
                "quote",
                "sum over the lines below",
                lines_of(dues),
            ),
        ),
    )
    return account_margin(net * settle, initial, maintenance, working)


def at_price(settle: float) -> str:
    """The words for the price of the settlement asset, empty at 1."""
    return "" if settle == 1.0 else f", x {settle:,.10g} quote"


def uncounted(account: MarginAccount) -> tuple[Line, ...]:
    """A line for each coin held that the venue does not count."""
    held = account.balances
    return tuple(
        Line(asset, 0.0, account.settle, f"{quantity:,.10g} held: not collateral at this venue")
        for asset, quantity in zip(held.assets, held.quantity.tolist(), strict=True)
    )


def scaled_initial(tier: Tier, open_notional: float) -> float:
    """Initial fraction once open interest (settlement units) counts, 1 at most."""
    lower, upper = tier.open_interest_lower, tier.open_interest_upper
    if upper == 0.0 or open_notional <= lower:
        return tier.initial
    if open_notional >= upper:
        return 1.0
    return tier.initial + (1.0 - tier.initial) * (open_notional - lower) / (upper - lower)


def _position(rule: DydxMargin, account: MarginAccount, n: int) -> Due:
    """Notional, fractions and both margins of one position."""
    perps, settle = account.perps, account.settle_price
    underlying, mark = perps.underlying[n], float(perps.mark[n])
    market = rule.market(underlying)
    tier = rule.tiers[market.tier]
    notional = abs(float(perps.size[n])) * mark
    interest = market.open_interest
    scaled = scaled_initial(tier, 0.0 if interest is None else interest * mark)
    own = rule.own(underlying)
    used = max(scaled, own)
    initial = notional * used * settle
    maintenance = notional * tier.initial * tier.maintenance_of_initial * settle
    known = "" if underlying in rule.markets else ", the default tier"
    parts = (
        Line(
            "notional",
            notional,
            account.settle,
            f"{abs(float(perps.size[n])):,.10g} x {mark:,.10g}",
        ),
        Line("tier", market.tier, "", f"{tier.initial:.6g} initial{known}"),
        Line("scaled initial fraction", scaled, "fraction", interest_words(market, tier)),
        Line(
            "initial fraction", used, "fraction", "the trader's own" if own > scaled else "scaled"
        ),
        Line("initial", initial, "quote", "notional x initial fraction"),
        Line(
            "maintenance",
            maintenance,
            "quote",
            f"notional x {tier.initial:.6g} x {tier.maintenance_of_initial:.6g}",
        ),
    )
    line = Line(perps.names[n], maintenance, "quote", f"tier {market.tier}", parts)
    return Due(initial, maintenance, line)


def interest_words(market: MarketRule, tier: Tier) -> str:
    """How open interest came into the initial fraction."""
    if tier.open_interest_upper == 0.0:
        return "open interest does not count in this tier"
    bounds = f"{tier.open_interest_lower:,.10g} to {tier.open_interest_upper:,.10g}"
    if market.open_interest is None:
        return f"no open interest given: taken as below {bounds}"
    return f"open interest {market.open_interest:,.10g} coins against {bounds}"


def _check_tier(section: Section, tier: Tier) -> None:
    """The venue counts in parts per million, and its bounds rise."""
    for key in ("initial", "maintenance_of_initial"):
        ppm: Fraction = in_units(getattr(tier, key), PPM_DECIMALS)
        if ppm.denominator != 1:
            raise section.refuse(key, f"is {getattr(tier, key)}", "whole parts per million")
    if tier.open_interest_lower > tier.open_interest_upper:
        raise section.refuse(
            "open_interest_lower",
            f"is {tier.open_interest_lower:g}",
            f"at most open_interest_upper {tier.open_interest_upper:g}",
        )
