"""C9: health factor < 1 is exactly equity < maintenance, with maintenance = sum (1 - LT) x value.

Aave v3's documentation defines the health factor as sum(collateral x liquidation threshold) / debt.
Health < 1 says sum(LT c) < d; with sum((1 - LT) c) on both sides: sum(c) - d < sum((1 - LT) c).
One formula margins loans and perpetuals alike; here 100,000 random loans are judged by both.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import AS_OF, QUOTE, Trader, coin, lending_venue, tiny_case

from seawall.liquidation.trigger import breached
from seawall.margin.lending.collateral import health_factor, shortfall_margin
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.venues import Collateral

LOANS = 100_000
PRICE = {"BTC": 90_000.0, "ETH": 3_000.0, "SOL": 150.0}
TERMS = {
    "BTC": Collateral(0.73, 0.78, 0.05),
    "ETH": Collateral(0.80, 0.83, 0.06),
    "SOL": Collateral(0.60, 0.70, 0.10),
}


def random_loans(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Collateral values (n, 3) and debts (n,) in quote, health factors around 1."""
    rng = np.random.default_rng(9)
    held = np.exp(rng.normal(9.0, 2.0, (count, 3))) * (rng.random((count, 3)) < 0.6)
    held[:, 0] += np.where(held.sum(axis=1) == 0, 1_000.0, 0.0)
    threshold = np.array([terms.liquidation_threshold for terms in TERMS.values()])
    debt = held @ threshold * np.exp(rng.normal(0.0, 0.05, count))
    return held, debt


def test_collateral_functions_on_100_000_loans() -> None:
    held, debt = random_loans(LOANS)
    threshold = np.array([terms.liquidation_threshold for terms in TERMS.values()])
    maintenance = shortfall_margin(held, 1.0 - threshold).sum(axis=1)
    below = breached(held.sum(axis=1) - debt, maintenance)
    unhealthy = np.array(
        [health_factor(h, threshold, d) < 1.0 for h, d in zip(held, debt, strict=True)]
    )
    assert np.count_nonzero(below == unhealthy) == LOANS
    assert 0.4 < below.mean() < 0.6, "both kinds must occur"


def test_the_margin_table_on_100_000_loans() -> None:
    held, debt = random_loans(LOANS)
    traders = [
        Trader(
            "lender",
            [],
            {n: c / PRICE[n] for n, c in zip(PRICE, row, strict=True) if c > 0} | {QUOTE: -owed},
        )
        for row, owed in zip(held.tolist(), debt.tolist(), strict=True)
    ]
    assets = {name: coin(price) for name, price in PRICE.items()}
    case = tiny_case(traders, [], {"lender": lending_venue(TERMS)}, assets)
    table = compile_table(case.book, case.market, case.rulebooks, QUOTE, AS_OF)
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    need = requirement(table, spot[table.feed_asset])
    threshold = np.array([terms.liquidation_threshold for terms in TERMS.values()])
    unhealthy = held @ threshold / debt < 1.0
    assert np.array_equal(table.units.account, np.arange(LOANS))
    assert np.count_nonzero(breached(need.equity, need.maintenance) == unhealthy) == LOANS
    assert np.array_equal(need.liquidatable, unhealthy)
