"""Collateral pledged in several protocols: how much there seems to be, and how much there is.

A staked token or receipt leads to what it claims, by as many links as there are. Of one owner and
one asset at the bottom,

    gross         worth of all balances above zero that lead to it, wherever they are
    counted once  gross, less what is owed in it (a loop that borrows what it pledges has only its
                  own start), less deposits whose receipts the owner also holds: the smaller of
                  deposit and receipts is one and the same

Receipts of a venue are those that its `venue_insolvency` names. A Case that states a deposit and
its receipt states one thing twice, and the run counts both: the row says so.

Wrong when: a token is a receipt for deposits at a venue and no failure says so.
"""

from __future__ import annotations

from typing import Any

from seawall.book import AccountKind
from seawall.cascade.setup import Setup
from seawall.instruments import Staked
from seawall.scenario.failure.venue import VenueInsolvency


def bases(setup: Setup) -> dict[str, str]:
    """The asset at the bottom of each staked token's chain."""
    over = {i.name: i.underlying for i in setup.case.book.instruments if isinstance(i, Staked)}
    out = {}
    for name in over:
        base, seen = name, set[str]()
        while base in over and base not in seen:
            seen.add(base)
            base = over[base]
        out[name] = base
    return out


def pledged_rows(setup: Setup) -> list[dict[str, Any]]:
    """A row for each desk and asset of which more is pledged than there is, or through a token."""
    base_of = bases(setup)
    held = _balances(setup)
    out = []
    for owner, base in dict.fromkeys((o, base_of.get(a, a)) for o, _, a, _ in held):
        mine = [row for row in held if row[0] == owner and base_of.get(row[2], row[2]) == base]
        gross = sum(max(worth, 0.0) for *_, worth in mine)
        owed = sum(max(-worth, 0.0) for *_, worth in mine)
        twice = _deposited_twice(setup, mine, base_of)
        several = sum(worth > 0.0 for *_, worth in mine) > 1
        if gross <= 0.0 or not (several or owed or twice) or not _through_tokens(mine, base):
            continue
        out.append(
            {
                "owner": owner,
                "underlying": base,
                "gross": gross,
                "owed": owed,
                "stated_twice": twice,
                "counted_once": max(gross - owed - twice, 0.0),
                "chain": [
                    {"venue": venue, "asset": asset, "worth": worth}
                    for _, venue, asset, worth in mine
                ],
            }
        )
    return out


def _through_tokens(mine: list[tuple[str, str, str, float]], base: str) -> bool:
    return any(asset != base for *_, asset, worth in mine if worth > 0.0)


def _balances(setup: Setup) -> list[tuple[str, str, str, float]]:
    """(owner, venue, asset, worth at the start) of every desk balance that is not zero."""
    book, assets = setup.case.book, setup.case.market.assets
    out = []
    for account, asset, quantity in zip(
        book.balance_account, book.balance_asset, book.quantity, strict=True
    ):
        if book.account_kind[account] is AccountKind.DESK and quantity != 0.0:
            name = book.assets[asset]
            worth = float(quantity) * assets[name].spot
            out.append((book.account_owner[account], book.account_venue[account], name, worth))
    return out


def _deposited_twice(
    setup: Setup, mine: list[tuple[str, str, str, float]], base_of: dict[str, str]
) -> float:
    placed = setup.failures.placed if setup.failures is not None else ()
    twice = 0.0
    for one in placed:
        failure = one.failure
        if isinstance(failure, VenueInsolvency) and failure.receipts:
            names = set(failure.receipts)
            receipts = sum(max(w, 0.0) for _, _, a, w in mine if a in names)
            under = {base_of.get(name, name) for name in names}
            deposit = sum(max(w, 0.0) for _, v, a, w in mine if v == failure.venue and a in under)
            twice += min(receipts, deposit)
    return twice
