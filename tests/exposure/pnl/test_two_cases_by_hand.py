"""Two Cases worked by hand: each part alone, contracts of every kind, closes, expiry, refusals."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from pnl_pairs import DAY, EXPIRY, ITEMS, SHARES, STATES, case_of, desk, parts_of
from tiny_cases import AS_OF, QUOTE, Held

from seawall.exposure.pnl.fills import Fill
from seawall.exposure.pnl.two_cases import explain_cases
from seawall.foundation.errors import InputError
from seawall.market import InstrumentState, StakedState
from seawall.valuation.black import black, greeks

SECOND = timedelta(seconds=1)
LONG = (Held("BTC-PERP", 10.0, 100.0),)


def _later(positions=(), as_of=AS_OF + SECOND, prices=None, states=None, shares=SHARES, **cash):
    return case_of(
        [desk(positions, **cash)], as_of=as_of, prices=prices, states=states, shares=shares
    )


def test_spot_alone():
    """10 BTC by a perpetual whose mark follows (100 -> 110), and 2 BTC held: 10 x 10 + 2 x 10."""
    before = case_of([desk(LONG, USD=1000.0, BTC=2.0)])
    moved = {"BTC-PERP": InstrumentState(mark=110.0)}
    after = _later(LONG, prices={"BTC": 110.0}, states=moved, USD=1000.0, BTC=2.0)
    row, parts = parts_of(before, after)
    assert parts == pytest.approx({"spot": 120.0})
    assert row["taylor"]["delta"] == pytest.approx(120.0)
    assert (row["equity_before"], row["equity_after"]) == pytest.approx((1200.0, 1320.0))


def test_basis_alone():
    """The mark rises by 3 while spot stands: 10 x 3."""
    before = case_of([desk(LONG, USD=1000.0)])
    after = _later(LONG, states={"BTC-PERP": InstrumentState(mark=103.0)}, USD=1000.0)
    row, parts = parts_of(before, after)
    assert parts == pytest.approx({"basis": 30.0})
    assert row["taylor"]["basis"] == pytest.approx(30.0)


def test_time_alone_is_theta_of_options_and_growth_of_staked_tokens():
    """A day older: Black's difference. stETH: 1.1 ETH a token, 3.65% a year more, and priced so."""
    shares = {"stETH": StakedState(1.1, yield_rate=0.0365)}
    grown = 1.1 * float(np.exp(0.0365 / 365))
    put = (Held("BTC-P", 4.0, 5.0),)
    before = case_of([desk(put, stETH=100.0)], shares=shares)
    later = {"stETH": StakedState(grown, 0.0365)}
    after = _later(put, AS_OF + DAY, {"stETH": 10 * grown}, shares=later, stETH=100.0)
    row, parts = parts_of(before, after)
    years = 100 / 365
    worth = [4 * float(black(102.0, 90.0, t, 0.5, False)) for t in (years, years - 1 / 365)]
    assert parts == pytest.approx({"time": worth[1] - worth[0] + 100 * 10 * (grown - 1.1)})
    assert row["taylor"]["theta"] == pytest.approx(parts["time"], rel=1e-2)


@pytest.mark.parametrize(
    ("name", "shift"),
    [
        ("level", lambda x, s: 0.03),
        ("skew", lambda x, s: -0.02 * x),
        ("curvature", lambda x, s: 0.01 * x * x),
    ],
)
def test_smile_move_alone(name, shift):
    """Five calls of one expiry: a parabola in ln(K/F) / (sigma sqrt T), one of its parts moved."""
    strikes = [80.0, 90.0, 100.0, 110.0, 120.0]
    held = tuple(Held(f"BTC-C{k:.0f}", 1.0 + k / 100, 5.0) for k in strikes)
    years = 100 / 365
    # The moved smile's own x: its middle is the volatility of the strike nearest the forward.
    x = [np.log(k / 102.0) / (0.5 * years**0.5) for k in strikes]
    vols = {k: 0.5 + shift(v, 0.5) for k, v in zip(strikes, x, strict=True)}
    states = {
        f"BTC-C{k:.0f}": InstrumentState(mark=102.0, implied_volatility=vol)
        for k, vol in vols.items()
    }
    before = case_of([desk(held, USD=100.0)])
    after = _later(held, AS_OF + SECOND, states=states, USD=100.0)
    _, parts = parts_of(before, after)
    truth = sum(
        position.size
        * float(black(102.0, k, years, vols[k], True) - black(102.0, k, years, 0.5, True))
        for position, k in zip(held, strikes, strict=True)
    )
    total = sum(parts.values())
    assert total == pytest.approx(truth, rel=1e-3)
    # Strikes are standardised by the volatility that moved, so a little spills into the others.
    assert parts[name] == pytest.approx(truth, rel=0.12)


def test_volatility_alone_by_taylor():
    """One option: vega, volga and what is left; one leg has a level and no more."""
    put = (Held("BTC-P", 4.0, 5.0),)
    before = case_of([desk(put, USD=100.0)])
    states = {"BTC-P": InstrumentState(mark=102.0, implied_volatility=0.54)}
    row, parts = parts_of(before, _later(put, states=states, USD=100.0))
    unit = greeks(102.0, 90.0, 100 / 365, 0.5, False)
    assert row["taylor"]["vega"] == pytest.approx(4 * float(unit.vega) * 0.04)
    assert row["taylor"]["volga"] == pytest.approx(2 * float(unit.volga) * 0.04**2)
    assert parts["level"] == pytest.approx(sum(row["taylor"].values()), abs=1e-3)


def test_discount_rate_alone():
    put = (Held("BTC-P", 4.0, 5.0),)
    before = case_of([desk(put, USD=100.0)])
    states = {"BTC-P": InstrumentState(mark=102.0, implied_volatility=0.5, rate=0.05)}
    after = _later(put, states=states, USD=100.0)
    _, parts = parts_of(before, after)
    years = 100 / 365
    value = 4 * float(black(102.0, 90.0, years, 0.5, False))
    assert parts["rate"] == pytest.approx(value * (np.exp(-0.05 * years) - 1), rel=1e-5)


@pytest.mark.parametrize("kind", ["trade", "liquidation", "adl"])
def test_sale_at_a_price_away_from_the_later_mark(kind):
    """4 of 10 sold at 98, mark 100: realised 4 x (98 - 100) = -8 in cash, and -8 of that kind."""
    before = case_of([desk(LONG, USD=1000.0)])
    after = _later((Held("BTC-PERP", 6.0, 100.0),), USD=992.0)
    _, parts = parts_of(before, after, [Fill("t0", kind, "BTC-PERP", -4.0, 98.0)])
    assert parts == pytest.approx({kind: -8.0})


@pytest.mark.parametrize("kind", ["fee", "funding", "interest", "socialised", "deposit"])
def test_cash_alone(kind):
    """50 in (or 50 out): no P&L for a deposit, P&L for the others; all of it in that part."""
    amount = 50.0 if kind == "deposit" else -50.0
    before = case_of([desk(LONG, USD=1000.0)])
    after = _later(LONG, USD=1000.0 + amount)
    row, parts = parts_of(before, after, [Fill("t0", kind, asset=QUOTE, amount=amount)])
    assert parts == pytest.approx({kind: amount})
    assert row["pnl"] == pytest.approx(0.0 if kind == "deposit" else amount)
    assert row["unexplained"]["ratio"] == 0.0


def test_change_of_size_without_a_fill_is_an_unexplained_trade_and_says_so():
    """4 sold; cash says at 98. At the later price 100 it is worth nothing: -8 is unexplained."""
    before = case_of([desk(LONG, USD=1000.0)])
    after = _later((Held("BTC-PERP", 6.0, 100.0),), USD=992.0)
    row, parts = parts_of(before, after)
    assert parts == pytest.approx({"unexplained_trade": -8.0})
    (trade,) = row["trades_without_price"]
    assert (trade["instrument"], trade["size"], trade["price"]) == ("BTC-PERP", -4.0, 100.0)
    assert row["unexplained"]["ratio"] == pytest.approx(1.0)
    cash, parts = parts_of(case_of([desk(LONG, USD=1000.0)]), _later(LONG, USD=990.0))
    assert parts == pytest.approx({"unexplained_cash": -10.0})
    assert cash["cash"][0]["asset"] == QUOTE


def test_inverse_contract_closed_at_a_price_pays_in_coin():
    """1,000 contracts from 100 closed at 90, spot then 80: 1000 (1/100 - 1/90) = -1.1111 BTC.

    Market on the position held until the end: 80 x 1000 (1/100 - 1/80) = -200; on the 5 BTC -100;
    closing at 90 and not at 80 gave 80 x 1000 (1/80 - 1/90) = 111.11.
    """
    before = case_of([desk((Held("BTC-INV", 1000.0, 100.0),), BTC=5.0)])
    after = _later((), prices={"BTC": 80.0}, BTC=5.0 + 1000 * (1 / 100 - 1 / 90))
    fills = [Fill("t0", "liquidation", "BTC-INV", -1000.0, 90.0)]
    row, parts = parts_of(before, after, fills)
    assert parts == pytest.approx({"spot": -300.0, "liquidation": 1000 * 80 * (1 / 80 - 1 / 90)})
    assert row["unexplained"]["gross"] == pytest.approx(0.0, abs=1e-9)


def test_quanto_pays_in_a_third_asset():
    """2e6 contracts of 1e-6 BTC a dollar: ETH 10 -> 12 pays 4 BTC; BTC 100 -> 90 meanwhile."""
    held = (Held("ETH-QUANTO", 2e6, 10.0),)
    before = case_of([desk(held, BTC=1.0)])
    after = _later(held, prices={"ETH": 12.0, "BTC": 90.0, "stETH": 13.2}, BTC=1.0)
    row, parts = parts_of(before, after)
    assert parts == pytest.approx({"spot": 4 * 90.0 - 10.0})
    # dV = 2 BTC x dETH x 100, dBTC x 1; cross term 2 x 2 x (-10).
    assert row["taylor"]["delta"] == pytest.approx(2 * 2 * 100.0 - 10.0)
    assert row["taylor"]["gamma"] == pytest.approx(-40.0)
    assert row["taylor"]["higher_order"] == pytest.approx(0.0, abs=1e-9)


def test_inverse_option_bought_for_coin_at_another_underlying_price():
    """Premium 6 quote with BTC at 120 then: 0.05 BTC paid, worth 5 at the later 100."""
    before = case_of([desk((), BTC=1.0)])
    after = _later((Held("BTC-C", 1.0, 6.0),), BTC=0.95)
    fills = [Fill("t0", "trade", "BTC-C", 1.0, 6.0, underlying_price=120.0)]
    _, parts = parts_of(before, after, fills)
    years = (EXPIRY - AS_OF - SECOND).total_seconds() / (365 * 86_400)
    worth = float(black(102.0, 110.0, years, 0.5, True)) / 102.0 * 100.0
    assert parts == pytest.approx({"trade": worth - 5.0})


def test_expired_option_is_carried_to_its_payoff_and_settled_by_its_row():
    """A put struck at 90 held past expiry with BTC at 70: 20 each, paid in cash."""
    before = case_of([desk((Held("BTC-P", 4.0, 5.0),), USD=100.0)])
    after = _later((), EXPIRY + DAY, {"BTC": 70.0}, USD=180.0)
    gone = {k: v for k, v in after.market.instruments.items() if k != "BTC-P"}
    items = tuple(item for item in ITEMS if item.name != "BTC-P")
    after = replace(
        after,
        market=replace(after.market, instruments=gone),
        book=replace(after.book, instruments=items),
    )
    row, parts = parts_of(before, after, [Fill("t0", "expiry", "BTC-P", -4.0, 20.0)])
    assert explain_cases(before, after, None)["carried"] == ["BTC-P"]
    first = 4 * float(black(102.0, 90.0, 100 / 365, 0.5, False))
    assert sum(parts.values()) == pytest.approx(80.0 - first)
    assert row["unexplained"]["gross"] == pytest.approx(0.0, abs=1e-9)
    assert "expiry" not in parts, "settled at what it was carried to"


def test_expired_future_is_carried_to_spot_and_settled_by_its_row():
    """Two futures from 102; BTC at 70 at the end, settled at 71: 2 x (71 - 102) = -62 in all.

    Spot 2 x 102 x (70/100 - 1) = -61.2; the distance of 1.4 that is left goes: -2.8; settled one
    above: +2.
    """
    before = case_of([desk((Held("BTC-FUT", 2.0, 102.0),), USD=100.0)])
    after = _later((), EXPIRY + DAY, {"BTC": 70.0}, USD=38.0)
    gone = {k: v for k, v in after.market.instruments.items() if k != "BTC-FUT"}
    items = tuple(item for item in ITEMS if item.name != "BTC-FUT")
    market = replace(after.market, instruments=gone)
    after = replace(after, market=market, book=replace(after.book, instruments=items))
    _, parts = parts_of(before, after, [Fill("t0", "expiry", "BTC-FUT", -2.0, 71.0)])
    assert parts == pytest.approx({"spot": -61.2, "basis": -2.8, "expiry": 2.0})


def test_coins_bought_with_cash_are_two_rows():
    """3 ETH at 9, spot 10: +3."""
    before = case_of([desk((), USD=100.0)])
    after = _later((), USD=73.0, ETH=3.0)
    rows = [
        Fill("t0", "trade", asset="ETH", amount=3.0),
        Fill("t0", "trade", asset=QUOTE, amount=-27.0),
    ]
    _, parts = parts_of(before, after, rows)
    assert parts == pytest.approx({"trade": 3.0})


def test_margin_set_apart_is_cash_of_the_account():
    """300 moved beside an isolated position: nothing happened."""
    before = case_of([desk((), USD=1000.0)])
    after = _later((Held("BTC-PERP", 10.0, 100.0, 300.0),), USD=700.0)
    _, parts = parts_of(before, after, [Fill("t0", "trade", "BTC-PERP", 10.0, 100.0)])
    assert parts == {}


def test_two_desks_are_kept_apart_and_the_crowd_is_left_out():
    traders = [desk(LONG, USD=1000.0), desk((), "b", ETH=5.0)]
    crowd = replace(desk(LONG, USD=1.0), owner="")
    before = case_of([*traders, crowd])
    after = case_of([*traders, crowd], prices={"ETH": 11.0, "stETH": 12.1}, as_of=AS_OF + SECOND)
    result = explain_cases(before, after, None)
    assert {row["desk"]: row["change"] for row in result["desks"]} == {"a": 0.0, "b": 5.0}
    assert [row["desk"] for row in explain_cases(before, after, None, "b")["desks"]] == ["b"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: replace(c, quote="EUR"), "one quote currency"),
        (lambda c: replace(c, as_of=AS_OF), "the earlier Case first"),
    ],
)
def test_cases_that_do_not_fit_are_refused(change, words):
    before = case_of([desk(LONG, USD=1000.0)])
    with pytest.raises(InputError, match=words):
        explain_cases(before, change(_later(LONG, USD=1000.0)), None)


def test_names_of_states_are_those_of_the_items():
    assert set(STATES) <= {item.name for item in ITEMS}


def test_an_option_bought_and_sold_between_needs_no_later_price():
    """2 calls bought at 5 and sold at 7 that the later market has no more: 2 x 2, once."""
    before, after = case_of([desk(USD=1000.0)]), _later(as_of=AS_OF + DAY, USD=1004.0)
    left = {k: v for k, v in after.market.instruments.items() if k != "BTC-C100"}
    after = replace(after, market=replace(after.market, instruments=left))
    name = before.book.account_names[0]
    rows = [
        Fill(name, "trade", "BTC-C100", size, price) for size, price in ((2.0, 5.0), (-2.0, 7.0))
    ]
    assert parts_of(before, after, rows)[1] == pytest.approx({"trade": 4.0})
