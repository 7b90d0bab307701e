"""L6 where accounts settle in something else than the quote currency: what a path does to them is
worth what their coin costs on that path.

Three paths run together, and each of them alone. On the first all that accounts settle in is dearer
and dearer, so whatever is valued at another path's price is valued wrongly on the other two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from liquidation_choices import DUTCH_ACCOUNT, KEEPERS
from test_l6_compiled import holdings
from test_l6_same_tape import assert_same
from tiny_cases import (
    OPTION_MARGIN,
    Floats,
    Held,
    Trader,
    coin,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind, select
from seawall.case import Case
from seawall.instruments import Perpetual
from seawall.market.state import InstrumentState
from seawall.venues import Liquidation, Rulebook

ALONE = "L6: a path's tape does not depend on the prices of paths beside it"
PRICES = {
    "BTC": [[100, 103, 108, 112, 119], [100, 91.6, 85, 85, 84], [100, 97, 91.2, 88, 80]],
    "USDX": [[1.0, 1.1, 1.2, 1.4, 1.5], [1.0, 0.98, 0.95, 0.9, 0.9], [1.0, 0.97, 0.97, 0.96, 0.9]],
    "ETH": [[10, 11, 13, 13, 14], [10, 9, 8, 8, 7], [10, 9.5, 9, 9, 8]],
}
# One bankrupt at about 90, one at about 95, two who win, and one who holds nothing but cash.
HELD = ((100.0, 100.0, 9.3), (30.0, 100.0, 1.5), (-90.0, 100.0, 40.0), (-40.0, 104.0, 20.0))
OWNERS = ("bust", "", "short", "other")
# Of one dollar, margined in BTC; and of one BTC, margined in a stablecoin that loses its peg.
CONTRACTS = {"BTC": perpetual("P", "BTC", inverse=True), "USDX": Perpetual("P", "BTC", "USDX")}
FUND = ("fund", "socialised")
VAULT = Liquidation("orderbook", backstop_ratio=0.9)
FEES = Liquidation("orderbook", fee=0.02, fee_to="fund", partial_fraction=0.3, cooldown_seconds=60)
DEAR = Liquidation("orderbook", fee=0.2, fee_to="keeper")
LIMIT = {"window_seconds": 60.0}
PAYS = {"grace_seconds": 60.0, "cure_probability": 1.0, "cure_to": 1.3}
QUICK = {**DUTCH_ACCOUNT, "slow_seconds": 120.0, "insolvent_seconds": 60.0}
POOL = {"rule": "pool_flag", "pool": 1e3, "max_factor": 0.5, "min_factor": 0.1}
ADL = ("hyperliquid", "profit_leverage_queue", "random_counterparty", "pro_rata_contracts")
SHARED = ("equity_pro_rata", "funding_index", "cash_haircut")
Venue = tuple[Rulebook, EventKind]


def venue(kind: EventKind, layers: tuple[str, ...] = FUND, **more: Any) -> Venue:
    """A venue of perpetuals, and what has to happen there for a comparison to say something."""
    return perpetuals_venue(layers, **more), kind


VENUES: Mapping[str, Venue] = {
    "a fund that covers": venue(EventKind.COVER, fund=1e4),
    "a fund that is too small": venue(EventKind.SOCIALISED, fund=30.0),
    "fees": venue(EventKind.LIQUIDATION, fund=1e3, liquidation=FEES, taker_fee=0.001),
    "fees beyond what is left": venue(EventKind.LIQUIDATION, liquidation=DEAR),
    "a full fund": venue(
        EventKind.FUND_FLOW, fund=1e3, liquidation=FEES, mechanisms={"fund": {"target": 1_000.5}}
    ),
    "a vault": venue(EventKind.BACKSTOP, ("backstop",), backstop=1e3, liquidation=VAULT),
    "a vault that is soon empty": venue(
        EventKind.COVER, ("backstop", "socialised"), backstop=5.0, liquidation=VAULT
    ),
    "a vault that sells": venue(
        EventKind.COVER,
        ("backstop", "socialised"),
        backstop=5.0,
        liquidation=VAULT,
        mechanisms={"backstop": {"seconds": 120.0}},
    ),
    "a vault below its cap": venue(
        EventKind.LIQUIDATION,
        ("backstop", "socialised"),
        backstop=1e3,
        liquidation=VAULT,
        mechanisms={"open_interest_cap": {"default": 12_500.0}},
    ),
    **{
        f"adl {rule}": venue(
            EventKind.ADL_WINNER, ("adl", "socialised"), mechanisms={"adl": {"rule": rule}}
        )
        for rule in (*ADL, "pro_rata_profit", "risk_aware")
    },
    "pool flag": venue(EventKind.POOL_CUT, ("adl", "socialised"), mechanisms={"adl": POOL}),
    **{
        f"socialise {rule}": venue(
            EventKind.SOCIALISED, ("socialised",), mechanisms={"socialise": {"rule": rule}}
        )
        for rule in SHARED
    },
    "a gate": venue(
        EventKind.GATE_CLOSED, fund=2e3, mechanisms={"withdrawal_gate": {"outflow": 100.0}}
    ),
    **{
        f"a rate limit of {notional:g}": venue(
            kind, fund=1e4, mechanisms={"liquidation_rate_limit": {**LIMIT, "notional": notional}}
        )
        for notional, kind in ((3e3, EventKind.RATE_HALT), (1.2e4, EventKind.LIQUIDATION))
    },
    "a margin call": venue(EventKind.TOP_UP, fund=1e4, mechanisms={"margin_call": PAYS}),
    "an auction": venue(EventKind.LIQUIDATION, fund=1e4, mechanisms={"auction": QUICK}),
    "an auction with a race": venue(
        EventKind.LIQUIDATION, fund=1e4, mechanisms={"auction": QUICK, "keepers": KEEPERS}
    ),
}
# The pairs below each have a place of their own where a price is looked up; all others are slow.
ENOUGH = {
    "BTC": ("a fund that covers", "fees beyond what is left", "a vault", "an auction",
            "adl hyperliquid", "adl pro_rata_profit", "socialise cash_haircut"),
    "USDX": ("a vault that is soon empty", "a vault below its cap", "a rate limit of 12000",
             "a margin call", "socialise funding_index"),
}  # fmt: skip
PAIRS = [
    (name, settle) if name in ENOUGH[settle] else pytest.param(name, settle, marks=pytest.mark.slow)
    for settle in ENOUGH
    for name in VENUES
]


def case_in(settle: str, rules: Rulebook, depth: float = 4e7) -> Case:
    """Five accounts that settle in BTC or in a stablecoin; the first also holds some ETH."""
    each = 100.0 if settle == "BTC" else 1.0
    traders = []
    for (size, entry, coins), owner in zip(HELD, OWNERS, strict=True):
        cash = {settle: coins * 100.0 / each}
        more = {"ETH": 2.0} if owner == "bust" else {}
        traders.append(Trader("v", [Held("P", size * each, entry)], {**cash, **more}, owner))
    traders.append(Trader("v", (), {settle: 500.0 / each}, "idle"))
    assets = {"BTC": coin(100.0, depth), "ETH": coin(10.0, depth), "USDX": coin(1.0)}
    return tiny_case(traders, [CONTRACTS[settle]], {"v": rules}, assets)


def alone_and_together(case: Case, kind: EventKind, exogenous: Floats | None = None) -> None:
    """Every path is the same alone; the event happens beside a path on which all is dearer."""
    setup = prepare(case)
    exogenous = paths_of(case, **PRICES) if exogenous is None else exogenous
    paths = exogenous.shape[0]
    whole, end = run(setup, exogenous, draws=Draws(0, np.arange(paths)))
    assert np.any((whole.kind == kind) & (whole.path > 0)), f"{kind.name} never happened"
    for n in range(paths):
        one, last = run(setup, exogenous[n : n + 1], draws=Draws(0, np.array([n])))
        assert_same(select(whole, n, n + 1), one, ALONE)
        for name, array in holdings(last).items():
            assert np.array_equal(holdings(end)[name][n], array[0]), f"{ALONE}: {name}"


@pytest.mark.parametrize(("name", "settle"), PAIRS)
def test_coins_are_worth_what_they_cost_on_their_own_path(name: str, settle: str) -> None:
    rules, kind = VENUES[name]
    alone_and_together(case_in(settle, rules), kind)


@pytest.mark.parametrize("settle", ["BTC", pytest.param("USDX", marks=pytest.mark.slow)])
def test_a_venue_that_fails_owes_coins_at_their_own_price(settle: str) -> None:
    case = case_in(settle, perpetuals_venue(FUND, fund=1e4))
    failure = {"venue": "v", "recovery": 0.3, "at_seconds": 120.0}
    market = replace(case.market, mechanisms={"failures": {"venue_insolvency": [failure]}})
    alone_and_together(replace(case, market=market), EventKind.CLAIMS_LOST)


@pytest.mark.parametrize("auction", [False, True])
def test_options_paid_in_coin(auction: bool) -> None:
    """Puts written and margined in coin, sold at once or to bidders who count their spread; on the
    first path a coin comes to cost fifty times as much.
    """
    mechanisms = {"auction": QUICK} if auction else {}
    rules = perpetuals_venue(fund=1e4, option_margin=OPTION_MARGIN, mechanisms=mechanisms)
    writer = Trader("v", [Held("BTC-PI", -60.0, 0.0)], {"BTC": 9.0}, "writer")
    put = option("BTC-PI", "BTC", 95.0, False, 60.0, inverse=True)
    case = tiny_case(
        [writer, Trader("v", (), {"BTC": 5.0}, "idle")],
        [put],
        {"v": rules},
        {"BTC": coin(100.0, 1e6, implied_half_spread=0.02)},
        states={"BTC-PI": InstrumentState(implied_volatility=0.6)},
    )
    prices = [[100.0, 1e3, 5e3, 5e3, 5e3], *PRICES["BTC"][1:]]
    alone_and_together(case, EventKind.LIQUIDATION, paths_of(case, BTC=prices))


def test_a_deficit_in_coin_is_worth_its_own_path() -> None:
    """By hand: 10,000 contracts from 100 with 10 coins lack 10,000 x (1/S - 1/100) - 10 coins. At
    80 that is 15 coins, 1,200 of quote, and at 75 it is 23.33 coins, 1,750.
    """
    traders = [
        Trader("v", [Held("P", 10_000.0, 100.0)], {"BTC": 10.0}),
        Trader("v", [Held("P", -10_000.0, 100.0)], {"BTC": 20.0}),
    ]
    rules = perpetuals_venue(FUND, fund=1e4)
    case = tiny_case(traders, [CONTRACTS["BTC"]], {"v": rules}, {"BTC": coin(100.0)})
    prices = [[100.0, 105.0], [100.0, 80.0], [100.0, 75.0]]
    tape, state = run(prepare(case), paths_of(case, BTC=prices))
    paid = np.bincount(tape.path, tape.fund, 3)
    assert paid == pytest.approx([0.0, 1_200.0, 1_750.0])
    quote = case.book.assets.index("USD")
    assert state.accounts.assets["fund"][:, 0, quote] == pytest.approx(1e4 - paid)
    assert state.holdings.cash[1:, 0] == pytest.approx([0.0, 0.0], abs=1e-9)
