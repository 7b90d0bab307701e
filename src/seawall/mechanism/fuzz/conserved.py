"""L1 measured: by how much money and sizes changed over all accounts, relative to what there is."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.state import Accounts, State, begin
from seawall.margin.table.assess import Holdings
from seawall.margin.table.margin_table import RowKind


def quantities(setup: Setup, holdings: Holdings, accounts: Accounts) -> tuple[Floats, Floats]:
    """Units (p, k) of each asset over all accounts, and the gross size they are a sum of."""
    table = setup.table
    paths = holdings.cash.shape[0]
    net, gross = np.zeros((2, paths, len(table.assets)))

    def add(k: int, part: Floats) -> None:
        net[:, k] += part.sum(axis=1)
        gross[:, k] += np.abs(part).sum(axis=1)

    settle = table.feed_asset[table.units.settle]
    for k in range(len(table.assets)):
        add(k, holdings.cash[:, settle == k])
        for held in accounts.assets.values():
            add(k, held[:, :, k])
        add(k, holdings.size[:, (table.rows.kind == RowKind.BALANCE) & (table.rows.asset == k)])
    for c, (_, name) in enumerate(table.contracts):
        if name in table.assets:  # custody of deposits, claims on borrowers
            k = table.assets.index(name)
            add(k, accounts.book_contracts[:, [c]])
            add(k, accounts.vault_contracts[:, [c]])
    return net, gross


def open_sizes(setup: Setup, state: State) -> tuple[Floats, Floats]:
    """Sum (p, c) of each contract over traders, book and vault, and its gross size."""
    table, holdings, accounts = setup.table, state.holdings, state.accounts
    paths = holdings.cash.shape[0]
    net, gross = np.zeros((2, paths, len(table.contracts)))
    for c in range(len(table.contracts)):
        parts = np.hstack([
            holdings.size[:, table.rows.contract == c],
            holdings.option_size[:, table.options.contract == c],
            accounts.book_contracts[:, [c]],
            accounts.vault_contracts[:, [c]],
        ])  # fmt: skip
        net[:, c], gross[:, c] = parts.sum(axis=1), np.abs(parts).sum(axis=1)
    return net, gross


def lost(setup: Setup, exogenous: Floats, state: State) -> tuple[float, float]:
    """Largest relative change of an asset's quantity, and largest relative sum of sizes."""
    first = begin(setup, exogenous[:, 0])
    before, scale = quantities(setup, first.holdings, first.accounts)
    after, later = quantities(setup, state.holdings, state.accounts)
    money = np.abs(after - before) / np.maximum(np.maximum(scale, later), 1e-12)
    _, scale = open_sizes(setup, first)
    net, gross = open_sizes(setup, state)
    sizes = np.abs(net) / np.maximum(np.maximum(scale, gross), 1e-300)
    return float(money.max(initial=0.0)), float(sizes.max(initial=0.0))
