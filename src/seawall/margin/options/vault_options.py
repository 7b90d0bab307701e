"""The framework "opyn_gamma": an option vault that holds its largest loss, or a naked margin.

Fully collateralised: a put spread holds max(n_s K_s - K_l min(n_s, n_l), 0) of the strike asset, a
call spread max((K_l - K_s) / K_l n_s, n_s - n_l, 0) of the underlying. Naked: the upper bound ub of
an option's value at a spot shocked by ``spot_shock`` x: a put (ub min(K, x S) + max(K - x S, 0)) n
of the strike asset, a call (ub min(1, z) + max(1 - z, 0)) n of the underlying, z = x K / S.
Equity here is the vault's collateral alone, as the venue tests it: option values do not count.
Source: Opyn Gamma protocol at 841f81d9, margin calculator.
Wrong for vaults whose collateral is neither the strike asset nor the underlying.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.quantity import FRACTION, POSITIVE_FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number, read_record, word
from seawall.foundation.section import Section
from seawall.margin.account.equity import refuse_loans
from seawall.margin.account.margin_account import MarginAccount, Options
from seawall.margin.account.working import AccountMargin, Line, account_margin
from seawall.venues import Rulebook

N = TypeVar("N", float, Fraction)
FULL, NAKED = "full", "naked"


@dataclass(frozen=True)
class UpperBound:
    """Largest value of an option as a fraction, for options with at most ``seconds`` to expiry."""

    seconds: float = number(POSITIVE_SECONDS)
    bound: float = number(FRACTION)


@dataclass(frozen=True)
class VaultTable:
    """The [margin] table.

    vault        "full" (largest loss) or "naked"
    spot_shock   the shocked spot / spot of naked vaults, below 1
    upper_bounds in order of time to expiry, for naked vaults
    """

    vault: str = word((FULL, NAKED))
    spot_shock: float = number(POSITIVE_FRACTION, 1.0)
    upper_bounds: tuple[UpperBound, ...] = ()


@dataclass(frozen=True)
class VaultMargin:
    """What the framework reads."""

    venue: str
    table: VaultTable


def spread_requirement(*, call: bool, short: tuple[N, N], long: tuple[N, N]) -> N:
    """Largest loss of a short leg covered by a long one; legs (amount, strike), (0, 0) for none.

    In the strike asset for puts, in the underlying for calls.
    """
    (sold, low), (bought, high) = short, long
    zero = sold - sold
    if not call:
        return max(sold * low - high * min(sold, bought), zero)
    uncovered = sold - bought
    if bought == 0:
        return max(uncovered, zero)
    return max((high - low) / high * sold, uncovered, zero)


def naked_margin(*, call: bool, spot: N, strike: N, amount: N, spot_shock: N, upper_bound: N) -> N:
    """Margin of ``amount`` naked short options: strike asset for puts, underlying for calls."""
    zero = amount - amount
    if call:
        ratio = spot_shock * strike / spot
        one = ratio / ratio
        return (upper_bound * min(one, ratio) + max(one - ratio, zero)) * amount
    shocked = spot_shock * spot
    return (upper_bound * min(strike, shocked) + max(strike - shocked, zero)) * amount


def excess_collateral(*, collateral: N, requirement: N) -> tuple[N, bool]:
    """Collateral beyond the requirement, and whether the vault is allowed: an excess of 0 is."""
    excess = collateral - requirement
    return excess, bool(excess >= 0)


def read(rulebook: Rulebook, table: Section) -> VaultMargin:
    """Parameters from a rulebook.

    Raises InputError for an unknown key or bounds out of order, MissingRule for a naked vault
    without upper bounds.
    """
    given = read_record(table, VaultTable)
    seconds = [bound.seconds for bound in given.upper_bounds]
    if seconds != sorted(set(seconds)):
        raise table.refuse("upper_bounds", "are out of order", "seconds that rise")
    if given.vault == NAKED and not seconds:
        raise MissingRule(
            f"rulebook {rulebook.name!r} has vault = 'naked' and no [[margin.upper_bounds]]: write "
            "seconds to expiry and the bound of each."
        )
    return VaultMargin(rulebook.name, given)


def assess(rule: VaultMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one vault: at most one short and one long option.

    Raises InputError for perpetuals, debts, more options, or legs of different kind, underlying or
    expiry; MissingRule for an expiry beyond the last upper bound.
    """
    refuse_loans(rule.venue, account)
    short, long = _legs(rule, account)
    held = account.balances
    collateral = account.cash * account.settle_price + float((held.quantity * held.price).sum())
    own = Line("collateral", collateral, "quote", "cash + balances; option values do not count")
    if short is None:
        return account_margin(
            collateral, 0.0, 0.0, Line(account.name, collateral, "quote", "no short option", (own,))
        )
    options = account.options
    call, underlying = bool(options.call[short]), options.underlying[short]
    spot = account.spot[underlying].price
    sold = (abs(float(options.amount[short])), float(options.strike[short]))
    if rule.table.vault == NAKED:
        bound = _bound(rule, account, float(options.seconds[short]))
        amount = naked_margin(
            call=call,
            spot=spot,
            strike=sold[1],
            amount=sold[0],
            spot_shock=rule.table.spot_shock,
            upper_bound=bound,
        )
        how = f"naked, upper bound {bound:g}, spot x {rule.table.spot_shock:g}"
    else:
        bought = (0.0, 0.0)
        if long is not None:
            bought = (float(options.amount[long]), float(options.strike[long]))
        amount = spread_requirement(call=call, short=sold, long=bought)
        how = (
            f"largest loss of {sold[0]:g} at {sold[1]:g} covered by {bought[0]:g} at {bought[1]:g}"
        )
    due = amount * (spot if call else account.settle_price)
    unit = underlying if call else account.settle
    needed = Line("requirement", amount, unit, how)
    margin = Line("maintenance margin", due, "quote", "requirement in quote", (needed,))
    working = Line(account.name, collateral - due, "quote", "collateral - margin", (own, margin))
    return account_margin(collateral, due, due, working)


def _legs(rule: VaultMargin, account: MarginAccount) -> tuple[int | None, int | None]:
    """The short and the long option of a vault."""
    options = account.options
    shorts = np.flatnonzero(options.amount < 0).tolist()
    longs = np.flatnonzero(options.amount > 0).tolist()
    if account.perps.names or len(shorts) > 1 or len(longs) > 1 or _unlike(options):
        held = ", ".join((*account.perps.names, *options.names))
        raise InputError(
            f"account {account.name!r} holds {held} in one vault",
            expected=f"at {rule.venue!r} at most one short and one long option of the same kind, "
            "underlying and expiry in each account",
        )
    if rule.table.vault == NAKED and longs and shorts:
        raise InputError(
            f"account {account.name!r} holds a long option in a naked vault",
            expected="one short option, or a rulebook with vault = 'full'",
        )
    return shorts[0] if shorts else None, longs[0] if longs else None


def _unlike(options: Options) -> bool:
    """True when the options differ in kind, underlying or expiry."""
    kinds = set(zip(options.underlying, options.expiry, options.call.tolist(), strict=True))
    return len(kinds) > 1


def _bound(rule: VaultMargin, account: MarginAccount, seconds: float) -> float:
    """Upper bound of the first time at or beyond ``seconds``."""
    for entry in rule.table.upper_bounds:
        if seconds <= entry.seconds:
            return entry.bound
    last = rule.table.upper_bounds[-1].seconds
    raise MissingRule(
        f"rulebook {rule.venue!r} has upper bounds up to {last:,.0f} seconds, but account "
        f"{account.name!r} holds an option with {seconds:,.0f} seconds left: add a later bound."
    )
