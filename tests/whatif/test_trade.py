"""A trade at the mark: equity stays, entries average, profit is realised, options are paid for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    cash_asset,
    coin,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.margin.rules import rules_of
from seawall.margin.view import margin_accounts
from seawall.market.state import InstrumentState
from seawall.whatif.edit import Trade
from seawall.whatif.trade import account_for, trade_price, traded

ASSETS = {"USD": cash_asset(), "BTC": coin(100_000.0), "ETH": coin(3_000.0)}
INSTRUMENTS = (
    perpetual("BTC-PERP", "BTC"),
    perpetual("ETH-PERP", "ETH"),
    perpetual("BTC-COIN", "BTC", inverse=True),
    option("BTC-COIN-C", "BTC", 80_000.0, True, 10.0, inverse=True),
    option("BTC-COIN-P", "BTC", 90_000.0, False, 60.0, inverse=True),
    option("BTC-USD-C", "BTC", 110_000.0, True, 180.0),
)
STATES = {
    "BTC-PERP": InstrumentState(mark=101_000.0),
    "BTC-COIN": InstrumentState(mark=99_500.0),
    "BTC-COIN-C": InstrumentState(mark=100_100.0, implied_volatility=0.4),
    "BTC-COIN-P": InstrumentState(mark=100_300.0, implied_volatility=0.45, rate=0.08),
    "BTC-USD-C": InstrumentState(mark=100_200.0, implied_volatility=0.5, rate=-0.03),
}
RULEBOOKS = {
    "perps": perpetuals_venue(),
    "options": perpetuals_venue(option_margin=OPTION_MARGIN, framework="standard"),
}
NAMES = [i.name for i in INSTRUMENTS]


def desk_case():
    perps = Trader(
        "perps",
        (
            Held("BTC-PERP", 4.0, 99_000.0),
            Held("BTC-COIN", -50_000.0, 98_000.0),
            Held("ETH-PERP", -30.0, 3_100.0, 20_000.0),
        ),
        {"USD": 90_000.0, "BTC": 2.0},
        owner="desk",
    )
    options = Trader("options", (Held("BTC-COIN-C", -2.0, 21_000.0),), {"BTC": 3.0}, owner="desk")
    return tiny_case([perps, options], INSTRUMENTS, RULEBOOKS, ASSETS, states=STATES)


def equity(case, account: int) -> float:
    rulebook = case.rulebooks[case.book.account_venue[account]]
    rules = rules_of(rulebook)
    found = margin_accounts(case.book, case.market, rulebook, account, case.as_of, case.quote)
    return sum(float(rules.assess(one).requirement.equity) for one in found)


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(
    trades=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from([-7.0, -4.0, -1.0, 0.5, 2.0, 30.0, 50_000.0]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_sequence_of_trades_changes_equity_or_loses_size(trades) -> None:
    case = desk_case()
    for name, size in trades:
        account = 1 if name.endswith(("-C", "-P")) else 0
        after = traded(case, [Trade(name, size)], account)
        assert equity(after, account) == pytest.approx(equity(case, account), rel=1e-9)
        i = NAMES.index(name)
        before = case.book.size[case.book.position_instrument == i].sum()
        assert after.book.size[after.book.position_instrument == i].sum() == before + size
        rows = list(zip(after.book.position_account, after.book.position_instrument, strict=True))
        assert len(rows) == len(set(rows)), "positions are netted"
        case = after


def test_reducing_realises_profit_and_crossing_zero_enters_at_the_mark() -> None:
    case = desk_case()
    half = traded(case, [Trade("BTC-PERP", -2.0)], 0).book
    assert (half.size[0], half.entry[0]) == (2.0, 99_000.0)
    assert half.quantity[0] == pytest.approx(90_000.0 + 2.0 * 2_000.0)
    flipped = traded(case, [Trade("BTC-PERP", -6.0)], 0).book
    assert (flipped.size[0], flipped.entry[0]) == (-2.0, 101_000.0)
    assert flipped.quantity[0] == pytest.approx(90_000.0 + 4.0 * 2_000.0)
    more = traded(case, [Trade("BTC-PERP", 4.0)], 0).book
    assert (more.size[0], more.entry[0]) == (8.0, pytest.approx(100_000.0))
    assert more.quantity[0] == 90_000.0


def test_inverse_entries_average_in_coin() -> None:
    book = traded(desk_case(), [Trade("BTC-COIN", -50_000.0)], 0).book
    coins = 50_000.0 / 98_000.0 + 50_000.0 / 99_500.0
    assert book.entry[1] == pytest.approx(100_000.0 / coins, rel=1e-12)


def test_an_option_bought_is_paid_for_in_coin() -> None:
    case = desk_case()
    premium = trade_price(case, Trade("BTC-COIN-P", 1.0))
    book = traded(case, [Trade("BTC-COIN-P", 3.0)], 1).book
    paid = 3.0 - book.quantity[np.flatnonzero(book.balance_account == 1)[0]]
    assert paid == pytest.approx(3.0 * premium / 100_000.0, rel=1e-12)
    assert book.entry[-1] == pytest.approx(premium)


def test_the_trade_of_an_isolated_position_stays_in_its_margin() -> None:
    book = traded(desk_case(), [Trade("ETH-PERP", 10.0)], 0).book
    assert (book.size[2], book.isolated_margin[2]) == (-20.0, 20_000.0 + 10.0 * 100.0)
    assert book.quantity[0] == 90_000.0


def test_the_account_is_the_only_one_that_could_be_meant() -> None:
    case = sample_case(crowd=0)
    assert account_for(case, [Trade("BTC-PERP", 1.0)], None) == 0
    assert account_for(case, [Trade("BTC-27FEB26-70000-P", 1.0)], None) == 1
    assert account_for(case, [Trade("BTC-PERP", 1.0)], "harbour/loan") == 2
    both = [Trade("BTC-PERP", 1.0), Trade("BTC-27FEB26-70000-P", 1.0)]
    with pytest.raises(InputError, match="several accounts; expected one of harbour/perp-main"):
        account_for(case, both, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BTC-PRP", "no instrument 'BTC-PRP' in this Case; expected 'BTC-PERP'"),
        ("USDC", "no instrument 'USDC'"),
    ],
)
def test_an_unknown_instrument_is_refused_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        traded(sample_case(crowd=0), [Trade(name, 1.0)], 0)


def test_an_expired_option_and_one_without_volatility_cannot_be_traded() -> None:
    case = desk_case()
    later = replace(case, as_of=case.as_of + timedelta(days=11))
    with pytest.raises(InputError, match="'BTC-COIN-C' expired at"):
        traded(later, [Trade("BTC-COIN-C", 1.0)], 1)
    flat = {**STATES, "BTC-COIN-C": replace(STATES["BTC-COIN-C"], implied_volatility=0.0)}
    still = replace(case, market=replace(case.market, instruments=flat))
    with pytest.raises(InputError, match="no implied volatility above 0"):
        traded(still, [Trade("BTC-COIN-C", 1.0)], 1)
