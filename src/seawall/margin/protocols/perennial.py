"""The framework "perennial_v2": a share of the notional, at least a fixed amount, per market.

maintenance = max(|size| x price x maintenance rate, least maintenance), margin (initial) the same
with the margin rate, or with the rate that the caller asks for if that is higher. A position of
size 0 needs nothing. Maintained: max(collateral, 0) >= requirement, so equality passes. Each market
has its own collateral, so an account is margined one underlying at a time.
Source: Perennial v2 at 99780561, position rules. Wrong in the last digit: the venue truncates to
six decimals at each product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import AMOUNT, FRACTION, choices
from seawall.foundation.record import number, read_record
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, account_working
from seawall.margin.account.equity import equity_of, refuse_loans
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals
from seawall.margin.account.working import AccountMargin, Line
from seawall.venues import Rulebook

N = TypeVar("N", float, Fraction)


@dataclass(frozen=True)
class PerennialMarket:
    """One market's numbers: rates of the notional and least amounts in the settlement asset."""

    margin: float = number(FRACTION)
    min_margin: float = number(AMOUNT)
    maintenance: float = number(FRACTION)
    min_maintenance: float = number(AMOUNT)


@dataclass(frozen=True)
class PerennialTable:
    """The [margin] table: markets by underlying; ``min_collateralization`` asked by the caller."""

    markets: Mapping[str, PerennialMarket]
    min_collateralization: float = number(FRACTION, 0.0)


@dataclass(frozen=True)
class PerennialMargin:
    """What the framework reads."""

    venue: str
    table: PerennialTable


def required(*, size: N, price: N, rate: N, least: N) -> N:
    """Requirement of one position: max(|size| |price| rate, least); 0 without a position."""
    if size == 0:
        return size
    return max(abs(size) * abs(price) * rate, least)


def margin_required(*, size: N, price: N, rate: N, least: N, asked: N) -> N:
    """Initial requirement: the market's rate or the caller's, whichever is higher."""
    return required(size=size, price=price, rate=max(rate, asked), least=least)


def is_covered(*, collateral: N, requirement: N) -> bool:
    """True when the collateral, at least 0, reaches the requirement."""
    return bool(max(collateral, collateral - collateral) >= requirement)


def read(rulebook: Rulebook, table: Section) -> PerennialMargin:
    """Parameters from a rulebook; InputError for an unknown or missing key of [margin]."""
    return PerennialMargin(rulebook.name, read_record(table, PerennialTable))


def assess(rule: PerennialMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one account.

    Raises InputError for options, inverse contracts and debts, MissingRule for a market without
    numbers.
    """
    refuse_loans(rule.venue, account)
    refuse_other_than_perpetuals(account, rule.venue)
    perps, settle = account.perps, account.settle_price
    equity, dues = equity_of(account), []
    for n, name in enumerate(perps.names):
        market = _market(rule, name, perps.underlying[n])
        size, price = float(perps.size[n]), float(perps.mark[n])
        maintenance = settle * required(
            size=size, price=price, rate=market.maintenance, least=market.min_maintenance
        )
        initial = settle * margin_required(
            size=size,
            price=price,
            rate=market.margin,
            least=market.min_margin,
            asked=rule.table.min_collateralization,
        )
        parts = (
            Line("notional", abs(size) * price, account.settle, f"|{size:,.10g}| x {price:,.10g}"),
            Line("maintenance rate", market.maintenance, "fraction"),
            Line("least maintenance", market.min_maintenance, account.settle),
            Line("maintenance", maintenance, "quote", "max(notional x rate, least)"),
            Line("initial", initial, "quote", f"the same at {market.margin:g}"),
        )
        line = Line(name, maintenance, "quote", "max(notional x rate, least)", parts)
        dues.append(Due(initial, maintenance, line))
    return account_working(
        account, equity, dues, "sum of positions", maintenance_rule="sum of positions"
    )


def _market(rule: PerennialMargin, name: str, underlying: str) -> PerennialMarket:
    markets = rule.table.markets
    if underlying not in markets:
        known = f"; there are numbers for {choices(underlying, markets)}" if markets else ""
        raise MissingRule(
            f"rulebook {rule.venue!r} has no [margin.markets.{underlying}], which {name!r} needs: "
            f"write margin, min_margin, maintenance and min_maintenance{known}."
        )
    return markets[underlying]
