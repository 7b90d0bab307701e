"""Accounts' behaviour compiled: one number per margin account for each key of a rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.agents.delever import Delever, DeleverOf
from seawall.agents.stops import Stops
from seawall.agents.top_up import TopUp, TopUpOf
from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.failures import THIEF
from seawall.cascade.table import Chosen, chosen
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.margin.table.margin_table import MarginTable, RowKind


@dataclass(frozen=True)
class OwnerRule:
    """What owners of margin accounts do at a trigger, (u,) each.

    acts     whose owner follows the rule          trigger, goal  ratio at which it acts, and after
    budget   most that it pays in over equity at the start (owners who add margin)
    delay    steps from the decision on            probability, concert  of the decision
    """

    acts: Bools
    trigger: Floats
    goal: Floats
    budget: Floats
    delay: Ints
    probability: Floats
    concert: Floats


@dataclass(frozen=True)
class StopRows:
    """Positions of one venue whose owners may have stops: rows (n,) of the crowd; ``own`` rows
    (m,) with stops at ``distance`` (m,), of accounts that the rule names.
    """

    rule: Stops
    row: Ints
    own: Ints
    distance: Floats


@dataclass(frozen=True)
class AccountRules:
    """Behaviour of all venues; None and empty where no venue has it.

    unit_number (u,), row_number (r,) of each among those that no failure or attacker brings along:
    by them go the owners' random numbers
    """

    top_up: OwnerRule | None
    delever: OwnerRule | None
    stops: dict[int, StopRows]
    unit_number: Ints
    row_number: Ints


def compile_accounts(
    mechanisms: Sequence[Chosen], table: MarginTable, book: Book, step_seconds: float
) -> AccountRules:
    """Compile the slots top_up, delever and stops.

    Raises InputError for an account of its own that the Case does not have at that venue.
    """
    pays, sells = {}, {}
    stops = {}
    for v, slots in enumerate(mechanisms):
        if (top_up := chosen(slots, "top_up", TopUp)) is not None:
            pays[v] = top_up
        if (delever := chosen(slots, "delever", Delever)) is not None:
            sells[v] = delever
        if (stop := chosen(slots, "stops", Stops)) is not None:
            stops[v] = _stop_rows(table, book, v, stop)
    own = np.array([not _came_along(book, a) for a in table.units.account], dtype=bool)
    return AccountRules(
        _owners(table, book, pays, "top_up", step_seconds),
        _owners(table, book, sells, "delever", step_seconds),
        stops,
        _numbered(own),
        _numbered(own[table.rows.unit]),
    )


def _owners(
    table: MarginTable,
    book: Book,
    rules: dict[int, TopUp] | dict[int, Delever],
    slot: str,
    step_seconds: float,
) -> OwnerRule | None:
    if not rules:
        return None
    count = table.units.account.size
    numbers = {name: np.zeros(count) for name in ("goal", "budget", "probability", "concert")}
    # Who does not act has a trigger that divides nothing by zero.
    numbers["trigger"] = np.ones(count)
    delay = np.zeros(count, dtype=np.int64)
    acts = np.zeros(count, dtype=bool)
    crowd = _crowd(table, book)
    sold = slot == "delever"
    for v, rule in rules.items():
        here = table.units.venue == v
        everyone = here & crowd
        named = [(one, _units_of(table, book, v, one.account, slot)) for one in rule.own]
        # Options have no place in what is sold to a target of leverage.
        plain = np.diff(table.units.options) == 0 if sold else here
        for one, who in ((rule, np.flatnonzero(everyone)), *named):
            mine = who[plain[who]]
            acts[mine] = True
            for key, value in _numbers(rule, one).items():
                numbers[key][mine] = value
            seconds = rule.delay_seconds if one.delay_seconds is None else one.delay_seconds
            delay[mine] = math.ceil(seconds / step_seconds - 1e-9)
    return OwnerRule(acts=acts, delay=delay, **numbers)


def _numbers(rule: TopUp | Delever, one: TopUp | Delever | TopUpOf | DeleverOf) -> dict[str, float]:
    """The numbers of a rule, with what one account says otherwise."""

    def of(own: float | None, all_others: float) -> float:
        return all_others if own is None else own

    out = {
        "trigger": of(one.trigger, rule.trigger),
        "probability": of(one.probability, rule.probability),
        "concert": rule.concert,
    }
    if isinstance(rule, TopUp) and isinstance(one, TopUp | TopUpOf):
        return out | {
            "goal": of(one.restore, rule.restore),
            "budget": of(one.budget, rule.budget),
        }
    if isinstance(rule, Delever) and isinstance(one, Delever | DeleverOf):
        return out | {"goal": of(one.target, rule.target)}
    return out


def _stop_rows(table: MarginTable, book: Book, v: int, rule: Stops) -> StopRows:
    rows, units = table.rows, table.units
    traded = (rows.kind != RowKind.BALANCE) & (units.venue[rows.unit] == v)
    named = np.zeros(units.account.size, dtype=bool)
    distance = np.zeros(units.account.size)
    stopped = np.zeros(units.account.size, dtype=bool)
    for one in rule.own:
        mine = _units_of(table, book, v, one.account, "stops")
        named[mine] = True
        if one.distance is not None:
            stopped[mine], distance[mine] = True, one.distance
    others = _crowd(table, book) & ~named
    own = np.flatnonzero(traded & stopped[rows.unit])
    return StopRows(rule, np.flatnonzero(traded & others[rows.unit]), own, distance[rows.unit[own]])


def _crowd(table: MarginTable, book: Book) -> Bools:
    """Units (u,) of the crowd; who came to take something follows its own plan."""
    crowd = [
        book.account_kind[a] is AccountKind.CROWD and not _came_along(book, a)
        for a in table.units.account
    ]
    return np.array(crowd, dtype=bool)


def _numbered(own: Bools) -> Ints:
    """How many of the Case's own come before each (n,); 0 for those that are not ``own``."""
    return np.where(own, np.cumsum(own) - 1, 0)


def _came_along(book: Book, account: int) -> bool:
    """Whether an account is one that a failure or an attacker brings along."""
    named = book.account_names[account].startswith(f"{THIEF}/")
    return named and book.account_owner[account] == THIEF


def _units_of(table: MarginTable, book: Book, v: int, name: str, slot: str) -> Ints:
    """Units of the account of this name at venue ``v``."""
    known = {
        book.account_names[a]: a
        for a in np.unique(table.units.account[table.units.venue == v]).tolist()
    }
    if name not in known:
        raise InputError(
            f"[[mechanisms.{slot}.own]] names account {name!r}",
            file=f"rulebook {table.venues[v]}",
            expected=choices(name, known),
        )
    return np.flatnonzero((table.units.account == known[name]) & (table.units.venue == v))
