"""The what-if's Greeks equal those of `seawall greeks`, asset by asset."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tiny_cases import (
    AS_OF,
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.casefile import sample_case
from seawall.instruments import Option, Perpetual
from seawall.market.state import InstrumentState
from seawall.valuation.exposures import exposures as slopes_of
from seawall.valuation.portfolio_greeks import ledger, scope_greeks
from seawall.valuation.revalue import revalue
from seawall.whatif.greeks import account_greeks, exposures
from seawall.whatif.standing import desk_accounts, held_accounts, read_rules

GREEKS = ("delta", "gamma", "vega", "theta")


def both(case):
    """{asset: Greeks} of the desk here and by the command, the quote currency left out."""
    accounts = desk_accounts(case, None, None)
    held = held_accounts(case, accounts, read_rules(case, accounts))
    mine = {
        e.asset: e
        for e in exposures((account_greeks(h.margin, case.quote) for h in held), case.quote)
    }
    book = case.book
    values = revalue(book, case.market, case.as_of.timestamp())
    books = ledger(book, case.market, slopes_of(book, case.market, values), case.quote)
    every = np.ones(book.size.size + book.quantity.size, dtype=bool)
    want = {a.asset: a for a in scope_greeks(books, every).assets if a.asset != case.quote}
    return mine, want


def equal(mine, want, names) -> None:
    for name in names:
        for greek in GREEKS:
            assert getattr(mine[name], greek) == pytest.approx(
                getattr(want[name], greek), rel=1e-9, abs=1e-6
            ), (name, greek)


def test_greeks_equal_those_of_the_greeks_command() -> None:
    mine, want = both(sample_case(crowd=0))
    assert set(mine) >= {"BTC", "ETH", "SOL", "XRP", "HYPE"}
    assert set(mine) - {"wstETH"} == set(want)
    equal(mine, want, set(want) - {"ETH"})
    # The staked coin is its own line here, under its underlying there.
    staked = mine["ETH"].delta + mine["wstETH"].delta
    assert staked == pytest.approx(want["ETH"].delta, rel=1e-9)


def test_a_desk_paid_in_another_coin_is_exposed_to_it() -> None:
    """USDT below its peg pays one half, BTC the other."""
    expiry = AS_OF + timedelta(days=40)
    instruments = (
        Perpetual("BTC-USDT", "BTC", "USDT"),
        Option("BTC-USDT-C", "BTC", "USDT", expiry, 110_000.0, True),
        perpetual("BTC-COIN", "BTC", inverse=True),
        option("BTC-COIN-P", "BTC", 95_000.0, False, 20.0, inverse=True),
    )
    states = {
        "BTC-USDT": InstrumentState(mark=101_000.0),
        "BTC-USDT-C": InstrumentState(mark=101_300.0, implied_volatility=0.5, rate=0.07),
        "BTC-COIN": InstrumentState(mark=99_500.0),
        "BTC-COIN-P": InstrumentState(mark=100_300.0, implied_volatility=0.4, rate=0.07),
    }
    positions = (
        Held("BTC-USDT", 3.0, 90_000.0),
        Held("BTC-USDT-C", -5.0, 4_000.0),
        Held("BTC-COIN", -70_000.0, 97_000.0),
        Held("BTC-COIN-P", 2.0, 3_000.0),
    )
    trader = Trader("x", positions, {"USDT": 250_000.0, "BTC": 1.5}, owner="desk")
    venue = perpetuals_venue(option_margin=OPTION_MARGIN, framework="standard")
    assets = {"BTC": coin(100_000.0), "USDT": coin(0.97, volatility=0.01)}
    mine, want = both(tiny_case([trader], instruments, {"x": venue}, assets, states=states))
    assert set(mine) == set(want) == {"BTC", "USDT"}
    equal(mine, want, want)
    options = 5.0 * 101_300.0 * 0.97
    assert 0.97 * 250_000.0 - options < mine["USDT"].delta < 0.97 * 283_000.0
