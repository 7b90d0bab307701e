"""Before and after: a desk as it is, after a trade, after a shock, and after both.

In each of the four: margin of every margin account, Greeks, liquidation prices, and which account
and leg is nearest to its end. The trade is done at the mark (`seawall.whatif.trade`), the shock
moves prices and implied volatilities at once (`seawall.whatif.edit`), and "both" is the trade
first, at the mark before the shock. Nothing is simulated: no impact, no other account acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seawall.book import AccountKind
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.margin.account.shifts import moved
from seawall.margin.rules import Rules
from seawall.whatif.edit import Shock, Trade, parse_shock, parse_trade, price_factors
from seawall.whatif.greeks import AccountGreeks, Exposure, account_greeks, exposures
from seawall.whatif.standing import (
    OwnedAccount,
    Standing,
    Threat,
    desk_accounts,
    desk_only,
    first_to_die,
    held_accounts,
    read_rules,
    standing,
)
from seawall.whatif.trade import account_for, trade_price, traded

BEFORE, TRADE, SHOCK, BOTH = "before", "trade", "shock", "both"


@dataclass(frozen=True)
class State:
    """The desk in one of the four states."""

    name: str
    standings: tuple[Standing, ...]
    exposures: tuple[Exposure, ...]

    @property
    def first(self) -> tuple[Standing, Threat] | None:
        """The margin account and threat that is nearest, in daily sigmas."""
        return first_to_die(self.standings)


@dataclass(frozen=True)
class WhatIf:
    """What was asked and every state it leads to, ``before`` first; states that equal it left out.

    account  the one that trades; None without a trade      marks  price of each trade, quote (of
    an option: its premium)
    """

    account: str | None
    trades: tuple[Trade, ...]
    marks: tuple[float, ...]
    shock: Shock
    states: tuple[State, ...]


def what_if(
    case: Case,
    adds: Sequence[str | Trade] = (),
    shock: str | Shock | None = None,
    account: str | None = None,
    desk: str | None = None,
) -> WhatIf:
    """Margin, Greeks, liquidation prices and first leg to die, before and after.

    adds     trades, "-10 BTC-PERP" or Trade      shock   "BTC=-12%,vol=+20%" or Shock
    account  the account that trades; without it the only one that could be meant
    desk     whose accounts are shown; without it the desk of the account that trades, or all desks

    Raises InputError for a trade or shock that cannot be read, an unknown instrument, account,
    asset or desk; MissingRule where a rulebook lacks a number.
    """
    trades = tuple(parse_trade(a) if isinstance(a, str) else a for a in adds)
    moves = parse_shock(shock) if isinstance(shock, str) else (shock or Shock())
    trader = account_for(case, trades, account) if trades else None
    shown = _shown(case, trader, account, desk)
    asked = desk_only(case, shown)
    factors = price_factors(asked, moves)
    rules = read_rules(asked, shown)
    before = held_accounts(asked, shown, rules)
    states = {BEFORE: before}
    if trader is not None:
        after = traded(asked, trades, trader)
        new = iter(held_accounts(after, (trader,), rules))
        name = case.book.account_names[trader]
        kept = [h for h in before if h.account != name]
        at = next(n for n, index in enumerate(shown) if index == trader)
        earlier = {case.book.account_names[n] for n in shown[:at]}
        first = [h for h in kept if h.account in earlier]
        states[TRADE] = (*first, *new, *(h for h in kept if h.account not in earlier))
    if not moves.empty:
        # One object for what a trade left alone: it is shocked, and then assessed, once.
        shocked: dict[int, OwnedAccount] = {}
        for name, start in ((SHOCK, BEFORE), (BOTH, TRADE)):
            if start in states:
                for one in states[start]:
                    if id(one) not in shocked:
                        shocked[id(one)] = _shocked(one, factors, moves)
                states[name] = tuple(shocked[id(one)] for one in states[start])
    return WhatIf(
        None if trader is None else case.book.account_names[trader],
        trades,
        tuple(trade_price(asked, trade) for trade in trades),
        moves,
        _states(states, rules, asked),
    )


def _states(
    held: Mapping[str, tuple[OwnedAccount, ...]], rules: Mapping[str, Rules], case: Case
) -> tuple[State, ...]:
    """Each state's standings and Greeks; what a trade left alone is not computed again."""
    known: dict[int, tuple[Standing, AccountGreeks]] = {}
    out = []
    for name, accounts in held.items():
        for one in accounts:
            if id(one) not in known:
                stands = standing(rules[one.venue], one, case.market, case.quote)
                known[id(one)] = stands, account_greeks(one.margin, case.quote)
        found = [known[id(one)] for one in accounts]
        greeks = exposures((own for _, own in found), case.quote)
        out.append(State(name, tuple(stands for stands, _ in found), greeks))
    return tuple(out)


def _shocked(held: OwnedAccount, factors: Mapping[str, float], shock: Shock) -> OwnedAccount:
    """The account after the shock: the same holdings in the moved market."""
    margin = held.margin
    volatility = dict.fromkeys(margin.options.underlying, 1.0 + shock.volatility)
    return replace(held, margin=moved(margin, factors, volatility))


def _shown(
    case: Case, trader: int | None, account: str | None, desk: str | None
) -> tuple[int, ...]:
    """Accounts shown: the desk's that trades or is named; without either, those asked for."""
    if trader is None:
        return desk_accounts(case, account, desk)
    book = case.book
    owner = book.account_owner[trader]
    if desk is not None and desk != owner:
        raise InputError(
            f"account {book.account_names[trader]!r} trades, and it belongs to {owner!r}",
            file="--desk",
            expected=f"{owner!r}, or only --account",
        )
    kinds = (AccountKind.DESK, book.account_kind[trader])
    mine = zip(book.account_owner, book.account_kind, strict=True)
    return tuple(n for n, (name, kind) in enumerate(mine) if name == owner and kind in kinds)
