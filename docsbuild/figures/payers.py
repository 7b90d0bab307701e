"""Figures of who pays: the same bankrupt account and the same six winners under each rule."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from docsbuild.figures.crash import Floats
from docsbuild.svg import Figure, Series
from seawall.waterfall import (
    adl_queue,
    cash_haircut,
    deleverage,
    depositor_haircut,
    funding_index,
    insurance,
    pool_flag,
    pro_rata_contracts,
    pro_rata_profit,
    random_counterparty,
    risk_aware,
    socialise,
)
from seawall.waterfall.winners import Need, Winners

NAMES = ("A", "B", "C", "D", "E", "F")
PLACE = np.arange(6.0)


def winners() -> Winners:
    """Six shorts at a mark of 80: from old, small and safe to new, large and highly leveraged."""
    size = -np.array([50.0, 50.0, 100.0, 100.0, 200.0, 200.0])
    entry = np.array([130.0, 100.0, 120.0, 90.0, 100.0, 85.0])
    equity = np.array([8000.0, 1500.0, 2500.0, 6000.0, 2000.0, 9000.0])
    mark, notional = 80.0, np.abs(size) * 80.0
    return Winners(
        size=size,
        available=np.abs(size),
        mark=np.full(6, mark),
        entry=entry,
        value=notional,
        cost=np.abs(size) * entry,
        profit=(entry - mark) * np.abs(size),
        equity=equity,
        maintenance=notional * 0.05,
        own_maintenance=notional * 0.05,
        exposure=notional,
    )


def _bars(title: str, y: str, rows: tuple[Series, ...], alt: str) -> Figure:
    return Figure(title, alt, "account", y, rows, names=NAMES, y_from=0.0)


def _adl(module: ModuleType, rule: Any, title: str) -> Callable[[], Figure]:
    def figure() -> Figure:
        holders = winners()
        taken = module.take(rule, holders, Need(250.0, 1500.0, 0.4))
        share = 100.0 * taken.size / np.abs(holders.size)
        paid = 100.0 * taken.haircut / holders.equity
        said = ", ".join(f"{n} {s:.0f}%" for n, s in zip(NAMES, share, strict=True))
        return _bars(
            title,
            "% of the position closed; % of equity given up",
            (
                Series("closed", PLACE, share, "bars"),
                Series("given up", PLACE, paid, "bars"),
            ),
            f"Share of each winner's position that is closed: {said}.",
        )

    return figure


def flagged() -> Figure:
    """Who is cut when a side's profit is too large for its pool."""
    holders = winners()
    rows = []
    for pool in (36_000.0, 28_000.0):
        rule = pool_flag.PoolFlag(pool=pool, max_factor=0.35, min_factor=0.25)
        rows.append(100.0 * pool_flag.cut(rule, holders, pool) / np.abs(holders.size))
    return _bars(
        "A side whose profit is more than 35% of the pool is cut to 25%, largest profit first.",
        "% of the position closed",
        (
            Series("pool of 36,000", PLACE, rows[0], "bars"),
            Series("28,000", PLACE, rows[1], "bars"),
        ),
        "With a pool of 36,000 one account is cut, with 28,000 two are.",
    )


def _shared(title: str, y: str, paid: Floats, base: Floats, word: str) -> Figure:
    return _bars(
        title,
        y,
        (Series("pays", PLACE, paid, "bars"), Series(word, PLACE, base / 5.0, "bars")),
        f"What each of six accounts pays beside a fifth of its {word}.",
    )


def by_equity() -> Figure:
    """A loss shared by equity."""
    equity = winners().equity
    return _shared(
        "A loss of 3,000 in proportion to equity.",
        "quote",
        socialise.haircut(3000.0, equity),
        equity,
        "equity / 5",
    )


def by_size() -> Figure:
    """A loss shared by position size in one market."""
    size = np.abs(winners().size)
    paid = funding_index.charge(np.array([3000.0]), size, np.zeros(6, dtype=np.int64))
    return _shared(
        "A loss of 3,000 in proportion to open size, longs and shorts alike.",
        "quote; size x 10",
        paid,
        size * 50.0,
        "size x 10",
    )


def by_cash() -> Figure:
    """A loss shared by cash."""
    cash = np.array([7000.0, 500.0, 0.0, 5000.0, 1000.0, 8000.0])
    return _shared(
        "A loss of 3,000 in proportion to cash: profit that is not realised is spared.",
        "quote",
        cash_haircut.charge(3000.0, cash),
        cash,
        "cash / 5",
    )


def by_deposits() -> Figure:
    """A lender's loss, shared by those who lent."""
    deposits = np.array([7000.0, 500.0, 0.0, 5000.0, 1000.0, 8000.0])
    return _shared(
        "A lender's loss of 3,000: deposits known to the book bear their share of all claims.",
        "quote",
        depositor_haircut.charge(3000.0, deposits, 30_000.0),
        deposits,
        "deposit / 5",
    )


def fund() -> Figure:
    """Deficits met by a fund, one after another, with and without a cap on each."""
    deficits = np.full(40, 4e5)
    rows = []
    for cap in (None, 2e5):
        balance = np.array([1e7])
        rule = insurance.InsuranceFund(cap=cap)
        left = []
        for d in deficits:
            left.append(float(balance[0]) / 1e6)
            asked = insurance.capped(rule, np.array([d]))
            balance = balance - insurance.absorb(asked, np.array([0]), balance.copy())
        rows.append(np.array(left))
    return Figure(
        "A fund of 10m meets deficits of 0.4m until it is empty; a cap on each makes it last and "
        "passes the rest on.",
        "The fund falls to zero after 25 deficits; with a cap of 0.2m it is at 2m after 40.",
        "deficits so far",
        "fund, millions",
        (
            Series("no cap", np.arange(40), rows[0], "step"),
            Series("cap 0.2m", np.arange(40), rows[1], "step", dash=True),
        ),
        y_from=0.0,
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "waterfall.deleverage": (
        _adl(
            deleverage,
            deleverage.HyperliquidRanking(),
            "250 contracts are needed: whoever has gained and is leveraged most is closed first.",
        ),
    ),
    "waterfall.adl_queue": (
        _adl(
            adl_queue,
            adl_queue.ProfitLeverageQueue(),
            "250 contracts are needed: profit times effective leverage makes the queue.",
        ),
    ),
    "waterfall.random_counterparty": (
        _adl(
            random_counterparty,
            random_counterparty.RandomCounterparty(),
            "250 contracts are needed: from a random account on, nobody ranked.",
        ),
    ),
    "waterfall.pro_rata_contracts": (
        _adl(
            pro_rata_contracts,
            pro_rata_contracts.ProRataContracts(),
            "250 of 700 contracts are needed: everybody gives up 36% of its position.",
        ),
    ),
    "waterfall.pro_rata_profit": (
        _adl(
            pro_rata_profit,
            pro_rata_profit.ProRataProfit(),
            "Everybody is closed by the same share; the deficit is a share of each one's profit.",
        ),
    ),
    "waterfall.risk_aware": (
        _adl(
            risk_aware,
            risk_aware.RiskAware(),
            "250 contracts are needed: the most leveraged are cut down to one common leverage.",
        ),
    ),
    "waterfall.pool_flag": (flagged,),
    "waterfall.socialise": (by_equity,),
    "waterfall.funding_index": (by_size,),
    "waterfall.cash_haircut": (by_cash,),
    "waterfall.depositor_haircut": (by_deposits,),
    "waterfall.insurance": (fund,),
}
