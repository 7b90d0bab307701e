"""The same accounts under many venues' rules, side by side.

Each row takes the positions, coins and prices of the Case as they are and asks one preset what it
would require. Nothing is converted: an instrument that a venue does not margin, or a number that
its preset lacks, makes a row with the sentence why. Liquidation engines, fees and funds do not
enter, so a preset that lacks only those still answers. Wrong where a venue does not list the
contract at all: its rule is applied as if it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from seawall.case import Case
from seawall.foundation.errors import InputError, SeawallError
from seawall.foundation.quantity import choices
from seawall.margin.account.equity import refuse_loans
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.rules import Rules, rules_of
from seawall.margin.view import margin_accounts
from seawall.venues import Rulebook
from seawall.venues.preset import list_presets, rulebook_from

ALL = "all"


@dataclass(frozen=True)
class VenueRow:
    """One account under one venue's rules, sums over its margin accounts, quote.

    together     what is margined together: "account", "settlement" or "underlying"
    notional     sum of |size| x price; leverage = notional / equity (None without equity)
    margin_accounts  how many there are at this venue
    liquidated   names of those that could be liquidated now
    defaults     underlyings that the preset has no numbers of its own for, margined by its default
    reason       why there is no answer; None when there is, and then the numbers are not None
    """

    venue: str
    account: str
    together: str | None
    equity: float | None
    initial: float | None
    maintenance: float | None
    notional: float | None
    leverage: float | None
    margin_accounts: int
    liquidated: tuple[str, ...]
    defaults: tuple[str, ...]
    source: str
    as_of: str
    reason: str | None


def chosen_presets(text: str) -> tuple[str, ...]:
    """Preset names from ``all`` or ``a,b,c``; InputError with the nearest for an unknown one."""
    known = list_presets()
    if text.strip() == ALL:
        return known
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise InputError(f"{text!r} names no venue", file="--venues", expected="all, or names")
    for name in names:
        if name not in known:
            raise InputError(
                f"there is no preset {name!r}", file="--venues", expected=choices(name, known)
            )
    return names


# Presets are part of the program: reading all of them costs a third of a table.
@lru_cache(maxsize=64)
def preset_rulebook(name: str) -> Rulebook:
    """A preset as a rulebook; what it lacks stays in its ``needs``."""
    return rulebook_from({"preset": name}, file=f"{name}.toml")


def own_rows(case: Case, accounts: Iterable[int], rules: Mapping[str, Rules]) -> list[VenueRow]:
    """The row of each account under the Case's own rulebook, which may differ from the preset."""
    rows = []
    for account in accounts:
        venue = case.book.account_venue[account]
        row = _row(case, account, f"{venue} (Case)", rules[venue].rulebook, rules[venue])
        rows.append(row)
    return rows


def venues_table(case: Case, accounts: Iterable[int], presets: Sequence[str]) -> list[VenueRow]:
    """A row for each account and preset, accounts outermost, in the order given."""
    rulebooks = {name: preset_rulebook(name) for name in presets}
    read = {name: _read(rulebook) for name, rulebook in rulebooks.items()}
    return [
        _row(case, account, name, rulebooks[name], read[name])
        for account in accounts
        for name in presets
    ]


def _read(rulebook: Rulebook) -> Rules | SeawallError:
    """The rules of a preset, or why they cannot be read without more numbers."""
    try:
        return rules_of(rulebook)
    except SeawallError as error:
        return error


def _row(
    case: Case, account: int, name: str, rulebook: Rulebook, rules: Rules | SeawallError
) -> VenueRow:
    try:
        if isinstance(rules, SeawallError):
            raise rules
        held = margin_accounts(case.book, case.market, rulebook, account, case.as_of, case.quote)
        return _answer(case, account, name, rules, held)
    except SeawallError as error:
        return VenueRow(
            name,
            case.book.account_names[account],
            None,
            None,
            None,
            None,
            None,
            None,
            0,
            (),
            (),
            rulebook.source,
            rulebook.as_of.isoformat(),
            str(error),
        )


def _answer(
    case: Case, account: int, name: str, rules: Rules, held: Sequence[MarginAccount]
) -> VenueRow:
    if not rules.framework.lends:
        for one in held:
            refuse_loans(name, one)
    margins = [rules.assess(one).requirement for one in held]
    equity = float(sum(float(r.equity) for r in margins))
    notional = float(sum(gross_notional(one) for one in held))
    return VenueRow(
        venue=name,
        account=case.book.account_names[account],
        together=rules.framework.together,
        equity=equity,
        initial=float(sum(float(r.initial) for r in margins)),
        maintenance=float(sum(float(r.maintenance) for r in margins)),
        notional=notional,
        leverage=notional / equity if equity > 0.0 else None,
        margin_accounts=len(held),
        liquidated=tuple(
            one.name for one, r in zip(held, margins, strict=True) if bool(r.liquidatable)
        ),
        defaults=defaults_used(rules, held),
        source=rules.rulebook.source,
        as_of=rules.rulebook.as_of.isoformat(),
        reason=None,
    )


def gross_notional(account: MarginAccount) -> float:
    """Sum of |size| x price over derivatives (options at spot) and |value| of debts, quote.

    Cash below 0 is a debt where there are no positions, else a loss of theirs.
    """
    perps, options, coins = account.perps, account.options, account.balances
    linear = np.abs(perps.size) * perps.mark * account.settle_price
    spot = np.array([account.spot[u].price for u in options.underlying])
    debts = np.minimum(coins.quantity * coins.price, 0.0)
    lent = 0.0 if perps.names or options.names else min(account.cash, 0.0) * account.settle_price
    return float(
        np.sum(np.where(perps.inverse, np.abs(perps.size), linear))
        + np.sum(np.abs(options.amount) * spot)
        - np.sum(debts)
        - lent
    )


def defaults_used(rules: Rules, held: Iterable[MarginAccount]) -> tuple[str, ...]:
    """Underlyings of perpetuals and futures that a default of the rulebook serves."""
    if rules.framework.listed is None:
        return ()
    listed = rules.framework.listed(rules.parameters)
    names = dict.fromkeys(u for one in held for u in one.perps.underlying)
    return tuple(name for name in names if name not in listed)
