"""A book with the positions and balances of chosen accounts only; account numbers stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from seawall.book.book import Book


def held_by(book: Book, accounts: Iterable[int]) -> Book:
    """What ``accounts`` (indices) hold: no answer about them should carry half a million others."""
    kept = np.array(sorted(set(accounts)), dtype=np.int64)
    rows = np.isin(book.position_account, kept)
    coins = np.isin(book.balance_account, kept)
    if rows.all() and coins.all():
        return book
    return replace(
        book,
        position_account=book.position_account[rows],
        position_instrument=book.position_instrument[rows],
        size=book.size[rows],
        entry=book.entry[rows],
        isolated=book.isolated[rows],
        isolated_margin=book.isolated_margin[rows],
        balance_account=book.balance_account[coins],
        balance_asset=book.balance_asset[coins],
        quantity=book.quantity[coins],
    )
