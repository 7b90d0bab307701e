"""What the compiled engine takes short options to add at least is never more than they do add."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    coin,
    option,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast import engine
from seawall.cascade.fast.guards import compile_guards
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import option_quotes
from seawall.market.state import InstrumentState
from seawall.venues.rulebook import Liquidation


def test_bounds_hold_and_are_close() -> None:
    """Calls and puts in and out of the money, forwards on either side, a smile, two expiries."""
    kinds = [(s, call, days) for s in (70.0, 100.0, 150.0) for call in (True, False) for days in
             (0.4, 20.0)]  # fmt: skip
    options = [option(f"O{n}", "BTC", s, call, days) for n, (s, call, days) in enumerate(kinds)]
    marks = [95.0, 100.0, 104.0]
    states = {
        o.name: InstrumentState(mark=marks[n % 3], implied_volatility=0.3 + 0.1 * n)
        for n, o in enumerate(options)
    }
    sellers = [Trader("o", [Held(o.name, -2.0, 0.0)], {QUOTE: 500.0}) for o in options]
    venue = perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN)
    assets = {"BTC": coin(100.0, implied_slope=-0.3)}
    setup = prepare(tiny_case(sellers, options, {"o": venue}, assets, states=states))
    steps = 1_440
    guards = compile_guards(setup, steps)
    start = setup.spot[setup.table.feed_asset]
    rng = np.random.default_rng(5)
    loose = []
    for step in rng.integers(1, steps + 1, 60).tolist():
        price = np.where(start == 100.0, start * rng.uniform(0.3, 3.0), start)
        years = step * setup.step_seconds / SECONDS_PER_YEAR
        quotes = option_quotes(setup.table, price[None], start, years)
        for u, o in enumerate(setup.table.units.options[:-1].tolist()):
            assert guards.known[u]
            cell = int(price[guards.feed[o]] / guards.origin[o] / guards.width)
            most = guards.most[guards.table[o], step // guards.slice_steps, cell]
            bound = setup.table.options.size[o] * most
            added = setup.table.options.size[o] * quotes.option_short[0, o]
            if setup.table.options.years[o] > years:
                assert bound <= added < 0.0, (step, u)
                loose.append(bound / added)
    # A cell of 0.25% and an hour of time cost a few per cent where an option is worth something.
    assert 1.0 < np.median(loose) < 1.05


def test_a_seller_who_was_half_closed_is_bounded_by_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a partial close the account is healthy, and no step needs it priced any more."""
    closing = Liquidation("orderbook", partial_fraction=0.5)
    case = tiny_case(
        [Trader("o", [Held("C", -2.0, 0.0)], {QUOTE: 70.0})],
        [option("C", "BTC", 100.0, call=True, days=30.0)],
        {"o": perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN, liquidation=closing)},
        {"BTC": coin(100.0)},
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    setup = prepare(case)
    exogenous = np.tile(setup.spot, (1, 201, 1))
    exogenous[:, 1:, setup.table.assets.index("BTC")] *= 1.25
    played = []
    play = engine.play_round

    def counted(*given: object) -> object:
        played.append(1)
        return play(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "play_round", counted)
    _, state = engine.run_fast(setup, exogenous)
    assert state.holdings.option_size.tolist() == [[-1.0]]
    assert len(played) < 10
