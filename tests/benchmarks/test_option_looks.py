"""Counts of looks at option accounts, against what the margin table itself says."""

from __future__ import annotations

import numpy as np
from tiny_cases import OPTION_MARGIN, QUOTE, Held, Trader, coin, option, perpetuals_venue, tiny_case

from option_looks import exogenous, looks
from seawall.cascade.engine import prepare
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import assess, option_quotes, starting_holdings
from seawall.market.state import InstrumentState

PATHS, STEPS = 6, 120


def setup_with(cash: float):
    """A desk short of two puts and long of a call, which counts for nothing either way."""
    options = [
        option("P", "BTC", 105.0, call=False, days=0.06),
        option("C", "BTC", 100.0, call=True, days=9.0),
    ]
    states = {name: InstrumentState(implied_volatility=0.7) for name in ("P", "C")}
    held = [Held("P", -2.0, 0.0), Held("C", 3.0, 0.0)]
    return prepare(
        tiny_case(
            [Trader("o", held, {QUOTE: cash}, owner="harbour")],
            options,
            {"o": perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN)},
            {"BTC": coin(100.0, volatility=2.0)},
            states=states,
        )
    )


def under_margin(setup, prices) -> int:
    """Steps at which equity is below maintenance, one by one, by the margin table."""
    table, count = setup.table, 0
    start, one = setup.spot[table.feed_asset], np.zeros(1, dtype=np.int64)
    for p in range(prices.shape[0]):
        for step in range(1, prices.shape[1]):
            own = setup.step_seconds / SECONDS_PER_YEAR
            years = step * own
            quotes = option_quotes(table, prices[p, step, table.feed_asset][None], start, years)
            quotes.integral = np.zeros_like(quotes.price)
            held = starting_holdings(table)
            # What expires is settled at the end of its own step, after the look.
            held.option_size[0, table.options.years + own <= years] = 0.0
            equity, maintenance, _ = assess(table, held, quotes, one, one)
            count += bool(equity[0] < maintenance[0])
    return count


def test_every_look_is_decided_doubted_or_fallen_as_the_margin_table_says() -> None:
    seen = []
    for cash in (23.0, 25.0, 27.0, 500.0):
        setup = setup_with(cash)
        prices = exogenous(setup, PATHS, STEPS)
        (row,) = looks(setup, prices)
        assert row.account == "t0"
        assert row.decided + row.doubted + row.fallen == PATHS * STEPS
        assert row.fallen == under_margin(setup, prices)
        seen.append((row.decided, row.doubted, row.fallen))
    assert seen[-1] == (PATHS * STEPS, 0, 0)
    assert sum(doubted for _, doubted, _ in seen) > 0
    assert seen[0][2] > seen[2][2] > 0
