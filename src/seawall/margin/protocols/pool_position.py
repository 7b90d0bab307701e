"""The framework "gmx_v2": one position against a pool, its collateral its own.

Remaining collateral = collateral x its lower price + profit + price impact of closing - fees. The
impact counts only as a cost, at most size x the market's largest impact factor. The position is
liquidatable when what remains is at or below 0, below the least collateral in USD, or below size x
the least collateral factor. Size in USD is fixed at entry: |size| x entry. Where the impact of
closing is not known, its largest is taken.
Auto-deleveraging of a side is allowed while the side's profit / pool value is above a limit.
Source: GMX v2 (synthetics) at a5c0c883. Wrong where borrowing and funding fees have accrued beyond
``accrued``, and for a position whose closing would earn impact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.quantity import AMOUNT, FRACTION, choices
from seawall.foundation.record import number, read_record
from seawall.foundation.section import Section
from seawall.margin.account.equity import equity_of, refuse_loans
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals
from seawall.margin.account.working import AccountMargin, Line, account_margin
from seawall.venues import Rulebook

N = TypeVar("N", float, Fraction)


@dataclass(frozen=True)
class PoolMarket:
    """One market's numbers, fractions of the position's size in USD.

    min_collateral_factor   least remaining collateral
    max_impact_factor       largest cost of price impact that a liquidation counts
    position_fee            fee of closing, with the liquidation fee where there is one
    """

    min_collateral_factor: float = number(FRACTION)
    max_impact_factor: float = number(FRACTION)
    position_fee: float = number(FRACTION)


@dataclass(frozen=True)
class PoolTable:
    """The [margin] table: markets by underlying, one for all others, least collateral in USD."""

    markets: Mapping[str, PoolMarket]
    min_collateral_usd: float = number(AMOUNT)
    default_market: PoolMarket | None = None


@dataclass(frozen=True)
class PoolMargin:
    """What the framework reads."""

    venue: str
    table: PoolTable


def position_profit(*, long: bool, size_usd: N, size_tokens: N, index: N) -> N:
    """Profit in USD: what the tokens are worth now less the size at entry; a short the opposite."""
    gained = size_tokens * index - size_usd
    return gained if long else -gained


def counted_impact(*, impact: N, size_usd: N, max_factor: N) -> N:
    """Price impact (USD, a cost < 0) as a liquidation counts it: never a gain, never beyond size
    x max_factor.
    """
    return max(min(impact, impact - impact), -size_usd * max_factor)


def remaining_collateral(
    *,
    long: bool,
    size_usd: N,
    size_tokens: N,
    index: N,
    collateral_tokens: N,
    collateral_price: N,
    impact: N,
    fees: N,
) -> N:
    """Collateral left after closing at ``index``, USD; impact as :func:`counted_impact` gives it.

    collateral_price is the lower of the oracle's two prices.
    """
    profit = position_profit(long=long, size_usd=size_usd, size_tokens=size_tokens, index=index)
    return collateral_tokens * collateral_price + profit + impact - fees


def is_liquidatable(*, remaining: N, size_usd: N, min_factor: N, min_usd: N) -> bool:
    """True when the remaining collateral is too small, by any of the three tests."""
    return bool(remaining < min_usd or remaining <= 0 or remaining < size_usd * min_factor)


def returned_tokens(*, remaining: N, collateral_price: N) -> N:
    """Collateral tokens that the owner gets back; none when nothing remains."""
    zero = remaining - remaining
    return max(remaining, zero) / collateral_price


def side_profit_factor(
    *, open_interest_usd: N, entry: N, index: N, pool_tokens: N, token_price: N, long: bool
) -> N:
    """Profit of one side of a market / value of its pool; entry is the side's average.

    The pool that pays longs holds ``pool_tokens`` at ``token_price``, shorts a pool of stable coin.
    0 where the pool is empty, so that nothing is deleveraged against it.
    """
    tokens = open_interest_usd / entry
    profit = position_profit(long=long, size_usd=open_interest_usd, size_tokens=tokens, index=index)
    pool = pool_tokens * token_price
    return profit / pool if pool != 0 else profit - profit


def adl_enabled(*, profit_factor: N, max_factor: N) -> bool:
    """True when a side may be auto-deleveraged: its profit factor is above the limit.

    Orders then close winners until the factor is below the market's ``min factor after ADL``.
    """
    return bool(profit_factor > max_factor)


def read(rulebook: Rulebook, table: Section) -> PoolMargin:
    """Parameters from a rulebook; InputError for an unknown or missing key of [margin]."""
    return PoolMargin(rulebook.name, read_record(table, PoolTable))


def assess(rule: PoolMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one isolated position.

    Equity = remaining collateral; initial and maintenance = max(size x factor, least USD). Raises
    InputError for an account with more than one position, options or debts, MissingRule for a
    market without numbers.
    """
    refuse_loans(rule.venue, account)
    perps = account.perps
    refuse_other_than_perpetuals(account, rule.venue)
    if len(perps.names) > 1:
        raise InputError(
            f"account {account.name!r} holds {', '.join(perps.names)} together",
            expected=f"one linear position at a time: {rule.venue!r} margins each alone, so mark "
            "positions as isolated",
        )
    equity = equity_of(account)
    if not perps.names:
        return account_margin(equity.total, 0.0, 0.0, Line(account.name, equity.total, "quote"))
    market = _market(rule, perps.names[0], perps.underlying[0])
    size_usd = abs(float(perps.size[0])) * float(perps.entry[0]) * account.settle_price
    impact = -size_usd * market.max_impact_factor
    fees = size_usd * market.position_fee
    least = rule.table.min_collateral_usd
    factor = market.min_collateral_factor
    due = max(size_usd * factor, least)
    remaining = equity.total + impact - fees
    working = Line(
        account.name,
        remaining - due,
        "quote",
        "remaining collateral - least collateral",
        (
            Line("size at entry", size_usd, "quote", "|size| x entry"),
            equity.line,
            Line("price impact", impact, "quote", f"at its largest, {market.max_impact_factor:g}"),
            Line("fees", fees, "quote", f"{market.position_fee:g} x size"),
            Line("remaining collateral", remaining, "quote", "equity + price impact - fees"),
            Line("maintenance margin", due, "quote", f"max(size x {factor:g}, {least:g} USD)"),
        ),
    )
    return account_margin(remaining, due, due, working)


def _market(rule: PoolMargin, name: str, underlying: str) -> PoolMarket:
    markets = rule.table.markets
    market = markets.get(underlying, rule.table.default_market)
    if market is None:
        raise MissingRule(
            f"rulebook {rule.venue!r} has no [margin.markets.{underlying}], which {name!r} needs; "
            f"expected {choices(underlying, markets)}, or [margin.default_market]."
        )
    return market
