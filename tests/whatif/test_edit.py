"""Trades and shocks in words: what is read, and the sentence for what cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.valuation.portfolio_greeks import money
from seawall.whatif.edit import Shock, Trade, parse_shock, parse_trade, price_factors


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("-10 BTC-PERP", Trade("BTC-PERP", -10.0)),
        ("+1,250.5  SOL-PERP", Trade("SOL-PERP", 1250.5)),
        ("1e3 X", Trade("X", 1000.0)),
        (".5 X", Trade("X", 0.5)),
        ("-1,000,000 X", Trade("X", -1e6)),
    ],
)
def test_a_trade_is_a_signed_size_and_a_name(text: str, trade: Trade) -> None:
    assert parse_trade(text) == trade


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BTC-PERP",
        "ten BTC-PERP",
        "0 BTC-PERP",
        "nan X",
        "1 A B",
        "+ X",
        # Read as 15, 105, 1 and 10 these would be other trades than the one meant.
        "1,5 BTC-PERP",
        "10,5 BTC-PERP",
        "1.000,5 BTC-PERP",
        "1_0 BTC-PERP",
        "1,00,000 X",
        "1e25 X",
        "1e308 X",
    ],
)
def test_what_is_no_trade_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match='such as "-10 BTC-PERP"'):
        parse_trade(text)


def test_a_shock_is_moves_in_per_cent() -> None:
    assert parse_shock("BTC=-12%, vol=+20%") == Shock({"BTC": -0.12}, 0.2)
    assert parse_shock("all=-5.5%") == Shock({"all": -0.055}, 0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BTC", "not a move"),
        ("BTC=-12", "not a move"),
        ("BTC=0.88", "not a move"),
        ("=5%", "not a move"),
        ("BTC=-100%", "more than -100%"),
        ("vol=-100%", "more than -100%"),
        ("BTC=20000%", "at most"),
        ("BTC=-1%,BTC=-2%", "BTC is given twice"),
        ("vol=0%,vol=5%", "vol is given twice"),
        ("BTC=0%", "moves nothing"),
        ("vol=+0%", "moves nothing"),
    ],
)
def test_what_is_no_shock_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_shock(text)


def test_all_moves_what_is_not_stable_and_a_name_of_its_own_wins() -> None:
    case = sample_case(crowd=0)
    factors = price_factors(case, parse_shock("all=-10%,BTC=-20%"))
    assert factors["BTC"] == pytest.approx(0.8)
    assert factors["ETH"] == pytest.approx(0.9)
    assert factors["USDC"] == factors["USDT"] == 1.0


def test_what_is_stable_is_money_of_the_greeks() -> None:
    """A coin of 7% a year is no money of `seawall greeks`, so it moves here."""
    case = sample_case(crowd=0)
    market = case.market
    for volatility, factor in ((0.05, 1.0), (0.07, 0.9)):
        assets = {**market.assets, "USDT": replace(market.assets["USDT"], volatility=volatility)}
        moved = replace(case, market=replace(market, assets=assets))
        assert ("USDT" in money(case.book, moved.market, "USDC")) == (factor == 1.0)
        assert price_factors(moved, parse_shock("all=-10%"))["USDT"] == pytest.approx(factor)


def test_a_share_follows_what_it_holds_and_its_own_move_is_its_discount() -> None:
    case = sample_case(crowd=0)
    assert price_factors(case, parse_shock("vol=+20%")) == {}
    fallen = price_factors(case, parse_shock("ETH=-30%"))
    assert fallen["wstETH"] == pytest.approx(0.7, rel=1e-12)
    assert {n: f for n, f in fallen.items() if f != 1.0}.keys() == {"ETH", "wstETH"}
    depegged = price_factors(case, parse_shock("ETH=-30%,wstETH=-5%"))
    assert depegged["wstETH"] == pytest.approx(0.7 * 0.95, rel=1e-12)
    # Not twice: once by itself and once through ETH.
    every = price_factors(case, parse_shock("all=-10%"))
    assert every["wstETH"] == pytest.approx(0.9, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [("BTX=-1%", "no asset 'BTX'; expected 'BTC'"), ("USDC=-1%", "quote currency")],
)
def test_an_asset_that_cannot_move_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        price_factors(sample_case(crowd=0), parse_shock(text))
