"""A Case with the ladder's top-ups in place: money added, debts repaid, nothing else touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seawall.case import Case
from seawall.exposure.cash.due import Desk


def topped_up(case: Case, desk: Desk, units: Sequence[float]) -> Case:
    """The Case after ``units`` (d,) of the asset that pays have come to each margin account."""
    book, table = case.book, desk.table
    quantity, margin = book.quantity.copy(), book.isolated_margin.copy()
    new: list[tuple[int, int, float]] = []
    for n, amount in enumerate(units):
        if amount <= 0.0:
            continue
        account = int(table.units.account[n])
        asset = int(table.feed_asset[int(desk.pays[n])])
        if table.units.isolated[n]:
            row = int(table.units.rows[n])
            margin[_position(case, desk, n, row)] += amount
            continue
        mine = (book.balance_account == account) & (book.balance_asset == asset)
        found = np.flatnonzero(mine)
        if found.size:
            quantity[int(found[0])] += amount
        else:
            new.append((account, asset, amount))
    accounts, assets, amounts = (list(x) for x in zip(*new, strict=True)) if new else ([], [], [])
    return replace(
        case,
        book=replace(
            book,
            isolated_margin=margin,
            balance_account=np.append(book.balance_account, np.array(accounts, dtype=np.int64)),
            balance_asset=np.append(book.balance_asset, np.array(assets, dtype=np.int64)),
            quantity=np.append(quantity, np.array(amounts, dtype=float)),
        ),
    )


def _position(case: Case, desk: Desk, unit: int, row: int) -> int:
    """Row in the Case's book of the isolated position that a unit is."""
    book, table = case.book, desk.table
    account = int(table.units.account[unit])
    size = float(table.rows.size[row])
    contract = table.contracts[int(table.rows.contract[row])][1]
    for n in np.flatnonzero((book.position_account == account) & book.isolated).tolist():
        name = book.instruments[int(book.position_instrument[n])].name
        if name == contract and float(book.size[n]) == size:
            return int(n)
    raise AssertionError(f"no isolated position {contract} in the book")
