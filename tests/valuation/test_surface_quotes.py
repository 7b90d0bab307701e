"""Which quotes are used: each that is not has its reason, and the volatilities reprice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_chain import YEARS, chain_of

from seawall.foundation.errors import InputError
from seawall.market.surface import essvi_slice
from seawall.valuation.black import black
from seawall.valuation.surface_quotes import ChainRows, Dropped, usable_quotes

SLICES = essvi_slice(0.36 * YEARS, np.full(5, -0.2), 0.5 * np.sqrt(0.36 * YEARS))


def one_expiry() -> ChainRows:
    """Six strikes, calls and puts, 36.5 days, forward 100, volatility 0.5 +- 0.02."""
    ratio = np.repeat([0.8, 0.9, 0.95, 1.05, 1.1, 1.2], 2)
    call = np.tile([True, False], 6)
    bid, ask = (black(1.0, ratio, 0.1, vol, call) for vol in (0.48, 0.52))
    return ChainRows(
        "ETH", None, np.full(12, 0.1), np.full(12, 100.0), 100.0 * ratio, call, bid, ask
    )


def with_row(row: int, **change: float) -> ChainRows:
    rows = one_expiry()
    changed = {name: getattr(rows, name).copy() for name in change}
    for name, value in change.items():
        changed[name][row] = value
    return replace(rows, **changed)


def test_out_of_the_money_quotes_are_used_and_turned_into_volatilities() -> None:
    (expiry,) = usable_quotes(one_expiry()).expiries
    assert expiry.strike == pytest.approx([80, 90, 95, 105, 110, 120])
    assert expiry.bid_volatility == pytest.approx(np.full(6, 0.48), rel=1e-9)
    assert expiry.ask_volatility == pytest.approx(np.full(6, 0.52), rel=1e-9)
    assert expiry.dropped == {Dropped.IN_THE_MONEY: 6}


def test_the_out_of_the_money_side_is_the_one_that_counts() -> None:
    # Row 0 is the call at 80, in the money, here quoted wider; row 1 its put.
    (expiry,) = usable_quotes(with_row(0, bid=0.201)).expiries
    assert expiry.bid_volatility[0] == pytest.approx(0.48, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bid": np.nan, "ask": np.nan}, Dropped.NO_QUOTE),
        ({"bid": 0.0}, Dropped.NO_BID),
        ({"ask": np.nan}, Dropped.NO_ASK),
        ({"bid": 0.5, "ask": 0.4}, Dropped.CROSSED),
        ({"bid": 0.02, "ask": 0.02}, Dropped.CROSSED),
        ({"ask": 0.81}, Dropped.ABOVE_BOUND),
    ],
)
def test_a_quote_that_cannot_be_used_is_counted_and_its_twin_stands_in(
    change: dict[str, float], reason: Dropped
) -> None:
    # Row 1 is the put at 80, out of the money; the call at 80 takes its place.
    (expiry,) = usable_quotes(with_row(1, **change)).expiries
    assert expiry.dropped == {reason: 1, Dropped.IN_THE_MONEY: 5}
    assert expiry.strike.size == 6
    assert expiry.bid_volatility[0] == pytest.approx(0.48, rel=1e-9)


def test_a_bid_at_intrinsic_value_has_no_volatility() -> None:
    # Zero volatility: the call at 80 is worth its intrinsic 0.2, no more.
    rows = with_row(0, bid=0.2)
    rows.bid[1] = np.nan
    (expiry,) = usable_quotes(rows).expiries
    assert expiry.dropped[Dropped.BELOW_INTRINSIC] == 1
    assert expiry.dropped[Dropped.NO_BID] == 1
    assert expiry.strike.min() == pytest.approx(90.0)


def test_every_quote_is_used_or_counted() -> None:
    rows = chain_of(SLICES)
    rows.bid[::7] = np.nan
    rows.ask[::11] = 0.0
    quotes = usable_quotes(rows)
    counted = sum(sum(e.dropped.values()) + e.strike.size for e in quotes.expiries)
    assert counted + sum(sum(d.values()) for d in quotes.unusable.values()) == rows.strike.size


def test_volatilities_reprice_the_quotes() -> None:
    rows = chain_of(SLICES)
    for expiry in usable_quotes(rows).expiries:
        out = rows.call == (rows.strike >= rows.forward)
        here = np.flatnonzero((rows.years == expiry.years) & out)
        here = here[np.argsort(rows.strike[here])]
        again = black(
            1.0,
            np.exp(expiry.log_moneyness),
            expiry.years,
            expiry.ask_volatility,
            rows.call[here],
        )
        assert again == pytest.approx(rows.ask[here], rel=1e-9)


def test_an_expired_or_thin_expiry_is_told_apart_and_the_rest_is_kept() -> None:
    rows = chain_of(SLICES)
    rows.years[rows.years == YEARS[0]] = -0.001
    thin = np.flatnonzero(rows.years == YEARS[1])[:-4]
    rows.bid[thin] = np.nan
    quotes = usable_quotes(rows)
    assert [e.years for e in quotes.expiries] == pytest.approx(YEARS[2:])
    assert quotes.unusable[-0.001] == {Dropped.EXPIRED: 50}
    assert quotes.unusable[float(YEARS[1])][Dropped.TOO_FEW] == 2


def empty() -> ChainRows:
    none = np.empty(0)
    return ChainRows("BTC", None, none, none, none, none.astype(bool), none, none)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (empty(), "chain of BTC is empty"),
        (with_row(3, strike=-1.0), "strike is -1; expected a price above 0"),
        (with_row(3, forward=np.nan), "forward is nan"),
        (with_row(2, strike=80.0), "call of strike 80 is there 2 times"),
        (replace(one_expiry(), years=np.full(12, -0.1)), "no expiry of ETH .*12 expired"),
        (replace(one_expiry(), bid=np.full(12, np.nan)), "12 no bid"),
        (replace(one_expiry(), bid=one_expiry().ask + 0.01), "12 bid at or above ask"),
        (replace(one_expiry(), ask=one_expiry().ask + 2.0), "12 ask above upper bound"),
    ],
)
def test_a_chain_without_use_is_refused_in_a_sentence(rows: ChainRows, says: str) -> None:
    with pytest.raises(InputError, match=says):
        usable_quotes(rows)


@pytest.mark.parametrize("scale", [1e-4, 0.1, 10.0, 1000.0])
def test_prices_that_are_not_in_coin_are_refused(scale: float) -> None:
    rows = one_expiry()
    wrong = replace(rows, bid=scale * rows.bid, ask=scale * rows.ask)
    side = "bids" if scale > 1.0 else "asks"
    with pytest.raises(InputError, match=rf"the {side} of \d+ of 12 options on ETH .* in coin"):
        usable_quotes(wrong)


def test_two_impossible_quotes_are_slips_and_are_counted() -> None:
    rows = one_expiry()
    bid, ask = rows.bid.copy(), rows.ask.copy()
    bid[[2, 4]], ask[[2, 4]] = 1.1, 1.2
    (expiry,) = usable_quotes(replace(rows, bid=bid, ask=ask)).expiries
    assert expiry.dropped[Dropped.ABOVE_BOUND] == 2


def test_one_strike_alone_is_refused_in_a_sentence() -> None:
    rows = one_expiry()
    alone = ChainRows(
        "ETH",
        None,
        *(getattr(rows, n)[:2] for n in ("years", "forward", "strike")),
        rows.call[:2],
        rows.bid[:2],
        rows.ask[:2],
    )
    with pytest.raises(InputError, match=r"3 usable strikes .*1 fewer than 3"):
        usable_quotes(alone)
