"""Derive's liquidation auction on numbers worked by hand, and what a bid must leave true."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError, MissingRule
from seawall.liquidation.dutch_auction import (
    DutchAuction,
    bid,
    buffer_margin,
    discount,
    insolvent_payout,
    largest_share,
    quote,
    read,
    start_fee,
)
from seawall.venues.preset import rulebook_from

RULE = DutchAuction(
    start=1.0, cutoff=0.8, fast_seconds=600.0, slow_seconds=7200.0, buffer=0.1, fee=0.1
)
RISING = replace(RULE, insolvent_seconds=1000.0)


def test_the_price_falls_fast_then_slowly_to_nothing():
    seconds = (0.0, 300.0, 600.0, 600.0 + 3600.0, 7800.0, 1e9)
    assert [discount(RULE, s) for s in seconds] == pytest.approx([1.0, 0.9, 0.8, 0.4, 0.0, 0.0])


def test_a_quote_by_hand():
    """V = 300, M = -100, at 300 s: B = -100 + 0.1 x (-400) = -140, f = 140 / (140 + 270)."""
    offer = quote(RULE, 300.0, -100.0, 300.0)
    assert offer.buffer_margin == pytest.approx(-140.0)
    assert offer.price == pytest.approx(270.0)
    assert offer.share == pytest.approx(140 / 410)
    assert not offer.insolvent


def test_reserved_cash_is_not_for_sale():
    """30 reserved: price (300 - 30) x 0.9, share 140 / (140 + 270 + 30 x 0.1)."""
    offer = quote(RULE, 300.0, -100.0, 300.0, reserved=30.0)
    assert offer.price == pytest.approx(243.0)
    assert offer.share == pytest.approx(140 / 413)


def test_a_bid_by_hand():
    """A tenth of 300 with 30 reserved at 0.9: pays 24.3; 270 x 0.9 + 30 + 24.3 stay."""
    done = bid(RULE, 300.0, -100.0, 300.0, 0.1, reserved=30.0)
    assert (done.share, done.payout, done.ended) == (0.1, 0.0, False)
    assert done.cash == pytest.approx(24.3)
    assert done.mark_to_market == pytest.approx(270 * 0.9 + 54.3)
    assert done.maintenance == pytest.approx(-130 * 0.9 + 54.3)
    assert done.reserved == pytest.approx(54.3)


@given(
    value=st.floats(1.0, 1e6),
    gap=st.floats(0.01, 3.0),
    seconds=st.floats(0.0, 7000.0),
    kept=st.floats(0.0, 0.9),
)
def test_the_largest_share_restores_exactly_the_buffer(value, gap, seconds, kept):
    maintenance = -gap * value
    reserved = kept * value
    done = bid(RULE, value, maintenance, seconds, 1.0, reserved)
    left = buffer_margin(RULE, done.mark_to_market, done.maintenance)
    assert done.ended
    assert left == pytest.approx(0.0, abs=1e-6 * value)
    assert done.mark_to_market <= value + 1e-9 * value  # the buyer never pays too much


@given(wanted=st.floats(0.001, 1.0), value=st.floats(1.0, 1e6), gap=st.floats(0.01, 3.0))
def test_what_the_bidder_gains_the_account_loses(wanted, value, gap):
    done = bid(RULE, value, -gap * value, 100.0, wanted)
    bought = value * done.share
    assert done.mark_to_market + bought - done.cash == pytest.approx(value)
    assert done.share <= min(wanted, done.quote.share)


def test_an_account_above_its_buffer_sells_nothing():
    assert largest_share(RULE, 300.0, 50.0, 0.9) == 0.0
    # Between maintenance and buffer it still sells: B = 10 + 0.1 x (10 - 300) = -19.
    assert largest_share(RULE, 300.0, 10.0, 1.0) == pytest.approx(19 / 319)


def test_a_small_account_may_be_bought_whole():
    assert largest_share(replace(RULE, sell_all_below=500.0), 300.0, -100.0, 0.9) == 1.0
    assert largest_share(replace(RULE, sell_all_below=300.0), 300.0, -100.0, 0.9) < 1.0


def test_the_start_fee_is_a_share_of_what_would_be_sold_at_full_price():
    """f(1) = 140 / 440, of 300, of which a tenth."""
    assert start_fee(RULE, 300.0, -100.0) == pytest.approx(140 / 440 * 300 * 0.1)
    assert start_fee(RULE, -1.0, -100.0) == 0.0


def test_an_insolvent_account_pays_the_bidder_more_with_time():
    """V = -50, M = -250: from 50 up to 250 over 1,000 s; the account shrinks."""
    assert [insolvent_payout(RISING, -50.0, -250.0, s) for s in (0, 250, 1000, 5000)] == [
        50.0,
        100.0,
        250.0,
        250.0,
    ]
    done = bid(RISING, -50.0, -250.0, 250.0, 0.25)
    assert (done.payout, done.cash, done.share) == (25.0, 0.0, 0.25)
    assert (done.mark_to_market, done.maintenance) == (-37.5, -187.5)
    assert not done.ended
    assert bid(RISING, -50.0, -250.0, 250.0, 1.0).ended


def test_a_solvent_auction_that_runs_out_goes_on_as_an_insolvent_one_from_zero():
    """V = 300 but M = -100: the payment starts at 0 and rises to 100."""
    assert quote(RISING, 300.0, -100.0, 7799.0).price == pytest.approx(300 * 0.8 / 7200, rel=1e-6)
    late = quote(RISING, 300.0, -100.0, 7800.0 + 250.0)
    assert (late.price, late.share, late.insolvent) == (-25.0, 1.0, True)


def test_what_earlier_bids_paid_goes_with_the_account_once_it_is_insolvent():
    """The insolvent auction starts anew: of 300, of which 100 reserved, half leaves 150."""
    done = bid(RISING, 300.0, -100.0, 7800.0 + 250.0, 0.5, reserved=100.0)
    assert (done.payout, done.cash, done.reserved) == (12.5, 0.0, 0.0)
    assert (done.mark_to_market, done.maintenance) == (150.0, -50.0)


def test_nobody_is_paid_for_an_account_that_meets_maintenance():
    assert insolvent_payout(RISING, -50.0, 0.0, 250.0) == 0.0
    assert insolvent_payout(RULE, -50.0, 10.0, 250.0) == 0.0


def test_refusals_are_sentences():
    with pytest.raises(InputError, match=r"a bid for 1\.5 of the account"):
        bid(RULE, 300.0, -100.0, 0.0, 1.5)
    with pytest.raises(InputError, match="-1 seconds since the start"):
        discount(RULE, -1.0)
    with pytest.raises(InputError, match=r"cutoff is 0\.9, above its start 0\.8"):
        replace(RULE, start=0.8, cutoff=0.9)
    with pytest.raises(MissingRule, match="no insolvent_seconds"):
        insolvent_payout(RULE, -50.0, -250.0, 10.0)
    assert insolvent_payout(RULE, -50.0, -250.0, 0.0) == 50.0


def test_the_presets_auction():
    auction = read(rulebook_from({"preset": "derive_standard"}, file="derive.toml"))
    assert discount(auction, 900.0) == 0.7
    with pytest.raises(MissingRule, match="rulebook 'x' has no auction"):
        read(rulebook_from({"preset": "hyperliquid"}, file="x.toml"))
