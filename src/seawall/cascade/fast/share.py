"""The plain loop's state as records of arrays: the same memory, no copies."""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.handover import as_told
from seawall.cascade.state import State


def books_of(state: State) -> layout.Books:
    """Holdings and system accounts."""
    assets = state.accounts.assets
    books = layout.Books(
        size=state.holdings.size,
        option_size=state.holdings.option_size,
        cash=state.holdings.cash,
        ready=state.ready,
        tried=state.tried,
        book=assets["book"],
        outside=assets["outside"],
        keeper=assets["keeper"],
        fund=assets["fund"],
        backstop=assets["backstop"],
        contracts=state.accounts.book_contracts,
        vault_contracts=state.accounts.vault_contracts,
        start=np.ascontiguousarray(state.start, dtype=np.int64),
    )
    return as_told(books)


def prices_of(state: State) -> layout.Prices:
    """Market prices, feeds, and what they remember."""
    quotes, none = state.quotes, np.zeros((0, 0))
    prices = layout.Prices(
        exogenous=np.ascontiguousarray(state.exogenous),
        market=state.market,
        temporary=state.temporary,
        permanent=state.permanent,
        restlessness=state.restlessness,
        depth=np.ascontiguousarray(state.depth, dtype=np.float64),
        fresh=np.ascontiguousarray(state.fresh, dtype=bool),
        trace=np.ascontiguousarray(state.switches.trace, dtype=bool),
        slippage=np.ascontiguousarray(state.switches.slippage, dtype=bool),
        feed=quotes.price,
        integral=quotes.integral,
        scale=none if quotes.scale is None else quotes.scale,
        width=none if quotes.width is None else quotes.width,
        sent=state.feeds.sent,
        age=state.feeds.age,
        ring=state.feeds.ring,
    )
    return as_told(prices)
