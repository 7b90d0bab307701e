"""How each margin account of a desk stands: margin, and the nearest price that ends it.

One function for `seawall margin`, for every state of `seawall whatif` and for every venue that is
compared, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from seawall.book import AccountKind
from seawall.book.held_by import held_by
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.units import daily_sigma
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.shifts import UNMOVED, Evaluate, moved
from seawall.margin.account.split import Legs, leg_values, legs_on, on_asset
from seawall.margin.liquidation_price.search import (
    LiquidationPrices,
    assets_at_risk,
    liquidation_prices,
)
from seawall.margin.rules import Rules, net_margin, rules_of, turning_points
from seawall.margin.view import margin_accounts
from seawall.market import Market
from seawall.whatif.edit import nearest
from seawall.whatif.trade import known_account


@dataclass(frozen=True)
class Threat:
    """The move of one asset that would get a margin account liquidated.

    prices    nearest liquidation prices of the asset, both ways
    sigmas    nearest distance in daily standard deviations; None where there is none, or no
              volatility to measure it in
    leg       the position or coin that breaks the account, its side, and its worth now, quote
    """

    prices: LiquidationPrices
    sigmas: float | None
    leg: str
    side: str
    worth: float


@dataclass(frozen=True)
class Standing:
    """One margin account: its venue, equity, initial and maintenance margin in quote, and threats.

    Threats are sorted by daily sigmas, the nearest first.
    """

    account: str
    venue: str
    held: MarginAccount
    equity: float
    initial: float
    maintenance: float
    threats: tuple[Threat, ...]

    @property
    def liquidatable(self) -> bool:
        """True when equity is below a maintenance margin that is positive."""
        return self.maintenance > 0.0 and self.equity < self.maintenance

    @property
    def nearest(self) -> Threat | None:
        """The threat that is fewest daily sigmas away."""
        known = [t for t in self.threats if t.sigmas is not None]
        return known[0] if known else None


def desk_accounts(case: Case, account: str | None, desk: str | None) -> tuple[int, ...]:
    """The accounts asked for: one by name, all of a desk, or all accounts of all desks.

    Raises InputError for an unknown account or desk, and for a Case without desk accounts.
    """
    book = case.book
    if account is not None:
        index = known_account(book, account)
        if desk is not None and book.account_owner[index] != desk:
            raise InputError(
                f"account {account!r} belongs to {book.account_owner[index]!r}",
                file="--desk",
                expected="the account's own desk, or only one of --account and --desk",
            )
        return (index,)
    desks = [n for n, kind in enumerate(book.account_kind) if kind is AccountKind.DESK]
    if desk is not None:
        mine = tuple(n for n in desks if book.account_owner[n] == desk)
        if not mine:
            owners = list(dict.fromkeys(book.account_owner[n] for n in desks))
            raise InputError(
                f"there is no desk {desk!r}", file="--desk", expected=nearest(desk, owners)
            )
        return mine
    if not desks:
        raise InputError(
            "the Case has no account of kind 'desk'",
            file="accounts.csv",
            expected="one account of your own, or --account with another one's name",
        )
    return tuple(desks)


def read_rules(case: Case, accounts: Iterable[int]) -> dict[str, Rules]:
    """Rules of the venues of ``accounts``, each read once, {venue: Rules}."""
    venues = dict.fromkeys(case.book.account_venue[n] for n in accounts)
    return {venue: rules_of(case.rulebooks[venue]) for venue in venues}


@dataclass(frozen=True)
class OwnedAccount:
    """One margin account as its venue sees it, and whose it is."""

    account: str
    venue: str
    margin: MarginAccount


def held_accounts(
    case: Case, accounts: Iterable[int], rules: Mapping[str, Rules]
) -> tuple[OwnedAccount, ...]:
    """Every margin account of ``accounts`` (indices in the book), in their order."""
    book = case.book
    out = []
    for index in accounts:
        venue = book.account_venue[index]
        rulebook = rules[venue].rulebook
        found = margin_accounts(book, case.market, rulebook, index, case.as_of, case.quote)
        out += [OwnedAccount(book.account_names[index], venue, margin) for margin in found]
    return tuple(out)


def standings(
    case: Case, accounts: Iterable[int], rules: Mapping[str, Rules]
) -> tuple[Standing, ...]:
    """How every margin account of ``accounts`` (indices in the book) stands, in their order."""
    found = held_accounts(case, accounts, rules)
    return tuple(standing(rules[held.venue], held, case.market, case.quote) for held in found)


def standing(rules: Rules, held: OwnedAccount, market: Market, quote: str) -> Standing:
    """One margin account under ``rules``; distances in the daily sigmas of ``market``.

    The quote currency threatens nothing: its price is 1 by definition. An account that is below its
    maintenance margin already names the asset whose leg has lost most, not the nearest price.
    """
    evaluate = net_margin(rules, held.margin)
    now = evaluate(UNMOVED)
    maintenance = float(now.maintenance[0])
    threats = []
    if maintenance > 0.0:
        legs = leg_values(held.margin)
        threats = [
            _threat(evaluate, rules, held.margin, asset, market.assets[asset].volatility, legs)
            for asset in assets_at_risk(held.margin)
            if asset != quote
        ]
    far = float("inf")
    threats.sort(key=lambda t: (far if t.sigmas is None else t.sigmas, t.worth))
    equity, initial = float(now.equity[0]), float(now.initial[0])
    return Standing(
        held.account, held.venue, held.margin, equity, initial, maintenance, tuple(threats)
    )


def _threat(
    evaluate: Evaluate,
    rules: Rules,
    held: MarginAccount,
    asset: str,
    volatility: float,
    legs: Legs,
) -> Threat:
    """Nearest liquidation prices of one asset and the leg, of all ``legs``, that loses most."""
    prices = liquidation_prices(evaluate, held, asset, turning_points(rules, held, asset))
    distance, sigma = prices.distance, daily_sigma(volatility)
    sigmas = None if distance is None or sigma <= 0.0 else abs(distance) / sigma
    leg, side, worth = _losing_leg(held, asset, prices, legs)
    return Threat(prices, sigmas, leg, side, worth)


def first_to_die(found: Iterable[Standing]) -> tuple[Standing, Threat] | None:
    """The margin account and threat fewest daily sigmas away; None when nothing threatens any."""
    near = [(s, s.nearest) for s in found]
    known = [(s, t) for s, t in near if t is not None]
    return min(known, key=lambda pair: pair[1].sigmas or 0.0) if known else None


def _losing_leg(
    held: MarginAccount, asset: str, prices: LiquidationPrices, legs: Legs
) -> tuple[str, str, float]:
    """The leg on ``asset`` that breaks the account, its side and worth; ("", "", 0) for none.

    The one that loses most from now to the nearest price; where that is the present price, the one
    that has lost most already (a derivative below 0, else what would lose most in a fall of 1%).
    """
    target = prices.nearest
    dead = target is not None and target == prices.present
    factor = 0.99 if target is None or dead else target / prices.present
    before = legs_on(legs, asset)
    if not before.names:
        return "", "", 0.0
    after = leg_values(moved(on_asset(held, asset), {asset: factor}))
    worst = int(np.argmin(after.worth - before.worth))
    if dead:
        lowest = int(np.argmin(before.worth))
        worst = lowest if before.worth[lowest] < 0.0 else worst
    side = "long" if before.size[worst] > 0 else "short"
    return before.names[worst], side, float(before.worth[worst])


def desk_only(case: Case, accounts: Iterable[int]) -> Case:
    """The Case with the positions and balances of ``accounts`` only; account numbers stay.

    What others hold does not enter a margin, and a crowd of half a million would be carried along.
    """
    book = held_by(case.book, accounts)
    return case if book is case.book else replace(case, book=book)
