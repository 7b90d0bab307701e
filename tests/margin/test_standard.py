"""Standard option margin against values worked by hand from the venue's formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_accounts import account, perps

from seawall.foundation.errors import MissingRule
from seawall.instruments import Perpetual
from seawall.margin.options.standard import netted_margin, perp_margin, short_margin
from seawall.margin.rules import net_margin, rules_of
from seawall.margin.table.listing import tiers_of
from seawall.venues import OptionMargin, PerpMargin
from seawall.venues.preset import rulebook_from

RULE = OptionMargin(
    initial_base=0.15,
    initial_floor=0.1,
    maintenance_base=0.075,
    perp_initial=0.02,
    perp_maintenance=0.01,
    perp_slope=5e-5,
)
SPOT = 100_000.0


@pytest.mark.parametrize(
    ("strike", "call", "value", "initial", "maintenance"),
    [
        # mark .02, 10% out of the money: max(.15 - .1, .1) + .02 and .075 + .02
        (110_000.0, True, 2_000.0, 12_000.0, 9_500.0),
        # mark .05, 2% out of the money: max(.15 - .02, .1) + .05 and .075 + .05
        (102_000.0, True, 5_000.0, 18_000.0, 12_500.0),
        # mark .11, in the money: .15 + .11 and .075 + .11
        (90_000.0, True, 11_000.0, 26_000.0, 18_500.0),
        # mark .005, 40% out of the money: max(.1 + .005, .08) and .075 + .005
        (60_000.0, False, 500.0, 10_500.0, 8_000.0),
        # mark 3, in the money: maintenance .075 x 3 + 3 exceeds .15 + 3, and so is the initial
        (400_000.0, False, 300_000.0, 322_500.0, 322_500.0),
        # mark 1.5: maintenance .1125 + 1.5, initial .15 + 1.5
        (250_000.0, False, 150_000.0, 165_000.0, 161_250.0),
    ],
)
def test_one_short_unit_by_hand(strike, call, value, initial, maintenance):
    got = short_margin(
        RULE, np.array([value]), np.array([SPOT]), np.array([strike]), np.array([call])
    )
    assert got[0] == pytest.approx([initial])
    assert got[1] == pytest.approx([maintenance])


def test_longs_and_shorts_netted_by_hand():
    size = np.array([-2.0, 3.0, 0.0])
    value, short = np.full(3, 2_000.0), np.full(3, 9_500.0)
    # Short 2 x (9,500 - 2,000); long 3 x 2,000, all of its value; nothing needs nothing.
    assert netted_margin(size, value, short) == pytest.approx([15_000.0, 6_000.0, 0.0])


@given(
    cash=st.floats(-1e5, 1e5),
    size=st.floats(-5, 5).filter(lambda n: abs(n) > 1e-3),
    value=st.floats(1.0, 5e4),
    strike=st.floats(5e4, 2e5),
    call=st.booleans(),
)
def test_the_netted_test_is_the_venues_own(cash, size, value, strike, call):
    """Equity with option values >= netted margin, exactly when cash >= the venue's margin."""
    _, short = short_margin(
        RULE, np.array([value]), np.array([SPOT]), np.array([strike]), np.array([call])
    )
    netted = netted_margin(np.array([size]), np.array([value]), short)[0]
    ours = cash + size * value - netted
    theirs = cash - max(-size, 0.0) * short[0]
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_perpetual_whose_rate_grows_with_size_by_hand():
    # 200 coins at 50: 10,000 x (4% + 200 x 0.01%) and 10,000 x (2% + 2%).
    initial, maintenance = perp_margin(
        PerpMargin(0.04, 0.02, 1e-4), np.array([200.0]), np.array([10_000.0])
    )
    assert initial == pytest.approx([600.0])
    assert maintenance == pytest.approx([400.0])


def test_an_underlying_without_numbers_of_its_own_has_the_usual_ones():
    sol = {"SOL": PerpMargin(0.04, 0.02, 5e-6)}
    rule = OptionMargin(0.15, 0.1, 0.075, 0.02, 0.01, 0.0, sol)
    assert rule.perp("SOL") == PerpMargin(0.04, 0.02, 5e-6)
    assert rule.perp("BTC") == PerpMargin(0.02, 0.01, 0.0)
    alone = OptionMargin(0.15, 0.1, 0.075, 0.02, 0.01, 5e-5)
    assert alone.perp("DOGE") == PerpMargin(0.02, 0.01, 5e-5)


def test_a_rate_per_coin_of_another_coin_is_refused_wherever_a_perpetual_is_margined():
    rulebook = rulebook_from({"preset": "deribit"}, file="deribit.toml")
    held = account(cash=1e6, perps=perps({"underlying": "DOGE", "size": 1e5, "mark": 0.2}))
    rules = rules_of(rulebook)
    doge = Perpetual("DOGE-PERPETUAL", underlying="DOGE", settle="USDC")
    for margined in (
        lambda: rules.assess(held),
        lambda: net_margin(rules, held),
        lambda: tiers_of(rulebook, doge),
    ):
        with pytest.raises(MissingRule, match=r"not for DOGE.*\[option_margin\.perps\.DOGE\]"):
            margined()
