"""Stationary block bootstrap: paths made of pieces of real history, all assets cut alike.

Idea: start at a random bar of history and follow it; before each bar, with chance bar / mean block
length, start anew at a random bar. All assets take the same bars, so their correlation stays, tails
and clustering within a block too. A bar is the log-return between two prices that are one bar apart
and both known for every asset; a gap ends a run of bars, and a block that reaches the end of its
run goes on at the start of a run drawn at random. So every bar is equally likely at every step
(with one run, this is the circular scheme of the source). A step of several bars adds them.

    log-return_i,t = g_i r_i,b(t) - c_i,t      c chosen so that E[S_t] = S_0 exactly

g makes history's volatility the one that market.toml states (``volatility = "stated"``), or is 1
(``"history"``). What (1 - n) scales under the label "exogenous": every return. A scale on
volatility does the same.

Source: Politis and Romano (1994), "The stationary bootstrap". Wrong about what never happened in
the history, about memory longer than a block, and about the trend of the history: E[S_t] = S_0.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.quantity import POSITIVE_SECONDS
from seawall.foundation.record import number, word


@dataclass(frozen=True)
class Bootstrap:
    """Pieces of a history of prices.

    history         name of a table in the Case's folder ``history/`` (with its ending): a column
                    ``time`` (UTC) and one of prices, in quote, for each asset
    block_seconds   mean length of a block
    volatility      "stated": returns are scaled to the volatility of market.toml; "history": not
    """

    history: str
    block_seconds: float = number(POSITIVE_SECONDS)
    volatility: str = word(("stated", "history"), "stated")
