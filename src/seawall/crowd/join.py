"""Put a generated crowd beside the accounts that a Case names: one book."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seawall.book import AccountKind, Book
from seawall.crowd.columns import CrowdColumns


def join(book: Book, crowds: Sequence[tuple[str, CrowdColumns]]) -> Book:
    """The book with each venue's crowd appended; the crowd's owner is "crowd".

    ``crowds`` are pairs of venue and columns; instruments and assets must be known to the book.
    """
    names, venues = list(book.account_names), list(book.account_venue)
    owners, kinds = list(book.account_owner), list(book.account_kind)
    instruments = {instrument.name: n for n, instrument in enumerate(book.instruments)}
    assets = {name: n for n, name in enumerate(book.assets)}
    columns: dict[str, list[np.ndarray]] = {
        name: [getattr(book, name)]
        for name in (
            "position_account",
            "position_instrument",
            "size",
            "entry",
            "isolated",
            "isolated_margin",
            "balance_account",
            "balance_asset",
            "quantity",
        )
    }
    for venue, crowd in crowds:
        first = len(names)
        names.extend(crowd.account_names)
        count = len(crowd.account_names)
        venues.extend([venue] * count)
        owners.extend(["crowd"] * count)
        kinds.extend([AccountKind.CROWD] * count)
        instrument = np.array([instruments[name] for name in crowd.instruments], dtype=np.int64)
        asset = np.array([assets[name] for name in crowd.assets], dtype=np.int64)
        columns["position_account"].append(crowd.position_account + first)
        columns["position_instrument"].append(instrument[crowd.position_instrument])
        columns["balance_account"].append(crowd.balance_account + first)
        columns["balance_asset"].append(asset[crowd.balance_asset])
        for name in ("size", "entry", "isolated", "isolated_margin", "quantity"):
            columns[name].append(getattr(crowd, name))
    return Book(
        account_names=tuple(names),
        account_venue=tuple(venues),
        account_owner=tuple(owners),
        account_kind=tuple(kinds),
        instruments=book.instruments,
        assets=book.assets,
        **{name: np.concatenate(parts) for name, parts in columns.items()},
    )
