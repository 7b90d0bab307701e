"""The book revalued at other prices: by hand, against a slow second opinion, against the loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tail_cases import DAY, FREE, linear_case
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.exposure.impairment import desk_impairment
from seawall.exposure.tail.static_book import static_book
from seawall.market.state import InstrumentState
from seawall.venues import Collateral


def prices(setup, **moved):
    """One row of prices, spot where not told."""
    at = setup.spot.copy()
    for name, price in moved.items():
        at[setup.table.assets.index(name)] = price
    return at[None, :]


def test_a_linear_and_an_inverse_perpetual_by_hand():
    # 3 coins long from 100 to 90 lose 30.
    setup = prepare(linear_case(3.0))
    assert static_book(setup, "me").losses(np.log(prices(setup, BTC=90.0) / setup.spot), 0.0)[
        0
    ] == pytest.approx(30.0)
    # 300 contracts of 1 USD from 100 to 80 lose 300 (1/80 - 1/100) = 0.75 coin, worth 60; the
    # 1e4 coins of margin lose 2e5 beside.
    setup = prepare(linear_case(300.0, inverse=True))
    book = static_book(setup, "me")
    loss = book.losses(np.log(prices(setup, BTC=80.0) / setup.spot), 0.0)[0]
    assert loss - 2e5 == pytest.approx(60.0, abs=1e-6)


def test_exposure_is_the_delta_of_everything_the_desk_holds():
    # A loan: 10 ETH of collateral at 2,000 and 5,000 USD owed. Only the collateral moves.
    case = tiny_case(
        [Trader("l", [], {"ETH": 10.0, "USD": -5_000.0}, owner="me")],
        [],
        {"l": lending_venue({"ETH": Collateral(0.8, 0.85, 0.05)})},
        {"ETH": coin(2_000.0)},
    )
    setup = prepare(case)
    exposure = static_book(setup, "me").exposure()
    assert exposure[setup.table.assets.index("ETH")] == pytest.approx(20_000.0)
    assert exposure[setup.quote] == 0.0


def black_slowly(forward, strike, years, volatility, call):
    """Black's value by the textbook, with Python's own erf: nothing of the product's."""
    if years <= 0.0:
        return max(forward - strike if call else strike - forward, 0.0)
    spread = volatility * math.sqrt(years)
    d1 = math.log(forward / strike) / spread + 0.5 * spread
    d2 = d1 - spread

    def cdf(x):
        return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))

    if call:
        return forward * cdf(d1) - strike * cdf(d2)
    return strike * cdf(-d2) - forward * cdf(-d1)


def option_case():
    """Short puts, long calls, a long perpetual against them; implied volatility with a slope."""
    names = ("P90", "C120", "P100")
    instruments = [
        option("P90", "BTC", 90.0, False, 30.0),
        option("C120", "BTC", 120.0, True, 60.0),
        option("P100", "BTC", 100.0, False, 0.5),
    ]
    states = {
        "P90": InstrumentState(implied_volatility=0.7, implied_slope=-1.0),
        "C120": InstrumentState(implied_volatility=0.6, implied_slope=-0.5),
        "P100": InstrumentState(implied_volatility=0.8, implied_slope=0.0),
    }
    sizes = dict(zip(names, (-40.0, 15.0, -25.0), strict=True))
    mine = [Held(name, size, 1.0) for name, size in sizes.items()]
    theirs = [Held(name, -size, 1.0) for name, size in sizes.items()]
    case = tiny_case(
        [
            Trader("v", mine, {"USD": 1e6}, owner="me"),
            Trader("v", theirs, {"USD": 1e6}),
        ],
        instruments,
        {"v": perpetuals_venue(tiers=FREE, option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0, volatility=0.7)},
        states=states,
        step_seconds=3_600.0,
    )
    return case, sizes


def test_an_option_book_is_revalued_as_a_slow_second_opinion_does():
    case, sizes = option_case()
    setup = prepare(case)
    terms = {
        "P90": (90.0, 30.0, 0.7, -1.0, False),
        "C120": (120.0, 60.0, 0.6, -0.5, True),
        "P100": (100.0, 0.5, 0.8, 0.0, False),
    }

    def worth(price, days):
        total = 0.0
        for name, (strike, life, volatility, slope, call) in terms.items():
            sigma = max(volatility + slope * (price / 100.0 - 1.0), 0.01)
            left = max(life - days, 0.0) / 365.0
            total += sizes[name] * black_slowly(price, strike, left, sigma, call)
        return total

    moves = np.linspace(-0.5, 0.4, 19)
    whole = np.zeros((moves.size, len(setup.table.assets)))
    whole[:, setup.table.assets.index("BTC")] = moves
    for days in (0.25, 1.0):
        losses = static_book(setup, "me").losses(whole, days * DAY)
        slow = [worth(100.0, 0.0) - worth(100.0 * math.exp(m), days) for m in moves]
        assert losses == pytest.approx(slow, rel=1e-9, abs=1e-9)


def test_where_nobody_is_closed_it_is_what_the_loop_says():
    # The loop's losses at the end against the book revalued at the loop's own last prices.
    case, _ = option_case()
    setup = prepare(case)
    runs = Runs(np.arange(40), np.zeros(40, dtype=np.int64))
    tape = simulate(setup, (BASE,), runs, steps=6, seed=3)
    assert tape.path.size == 0
    looped = desk_impairment(setup, tape, "me").loss[:, -1]
    static = static_book(setup, "me").losses(np.log(tape.final / setup.spot), 6 * 3_600.0)
    assert np.ptp(looped) > 10.0
    assert static == pytest.approx(looped, rel=1e-9, abs=1e-8)


def test_revaluation_in_parts_changes_no_bit(monkeypatch):
    case, _ = option_case()
    setup = prepare(case)
    moves = np.zeros((37, len(setup.table.assets)))
    moves[:, setup.table.assets.index("BTC")] = np.linspace(-0.3, 0.3, 37)
    whole = static_book(setup, "me").losses(moves, DAY)
    monkeypatch.setattr("seawall.exposure.tail.static_book.TOGETHER", 40)
    assert np.array_equal(static_book(setup, "me").losses(moves, DAY), whole)
