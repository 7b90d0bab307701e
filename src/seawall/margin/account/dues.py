"""What single positions and balances need, beside the lines that tell it, and their sums.

Margins are computed from these amounts; the lines only tell them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seawall.margin.account.equity import Equity
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import AccountMargin, Line, account_margin


class Due(NamedTuple):
    """Initial and maintenance margin of one position or balance, quote, and their derivation."""

    initial: float
    maintenance: float
    line: Line


def sum_of(dues: Iterable[Due]) -> tuple[float, float]:
    """Initial and maintenance margin of all, summed left to right: the same on every machine."""
    initial = maintenance = 0.0
    for due in dues:
        initial += due.initial
        maintenance += due.maintenance
    return initial, maintenance


def lines_of(dues: Iterable[Due]) -> tuple[Line, ...]:
    """The line of each."""
    return tuple(due.line for due in dues)


def account_working(
    account: MarginAccount,
    equity: Equity,
    dues: Iterable[Due],
    initial_rule: str,
    between: tuple[Line, ...] = (),
    added: float = 0.0,
    maintenance_rule: str = "sum over the lines below",
) -> AccountMargin:
    """Requirement of an account whose margins are sums over positions and balances, quote.

    between  lines told after equity;  added  what both margins bear beside the sums
    """
    dues = tuple(dues)
    initial, maintenance = (total + added for total in sum_of(dues))
    working = Line(
        account.name,
        equity.total - maintenance,
        "quote",
        "equity - maintenance margin",
        (
            equity.line,
            *between,
            Line("initial margin", initial, "quote", initial_rule),
            Line("maintenance margin", maintenance, "quote", maintenance_rule, lines_of(dues)),
        ),
    )
    return account_margin(equity.total, initial, maintenance, working)
