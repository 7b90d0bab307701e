"""Where something has an end: clocks of sleepers, lists of closes, patience with many accounts."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Floats,
    Held,
    Trader,
    cash_asset,
    coin,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast import guards
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.market.state import InstrumentState
from seawall.venues import Liquidation


def paths(setup: Setup, **prices: list[float]) -> Floats:
    """One path (1, s + 1, k); assets without prices stand at 1."""
    columns = len(next(iter(prices.values())))
    out = np.ones((1, columns, len(setup.table.assets)))
    for name, column in prices.items():
        out[0, :, setup.table.assets.index(name)] = column
    return out


def closes(tape: Tape) -> list[tuple[int, int, int]]:
    return list(zip(tape.path.tolist(), tape.step.tolist(), tape.unit.tolist(), strict=True))


@pytest.mark.filterwarnings("error")
def test_clocks_that_run_beyond_single_precision() -> None:
    """ETH swings between 1 and 1e12 until the clocks pass 1e38 often; then BTC halves.

    Who would owe (0.3 + 1 x (0.5 - 1) < 0) is found, after the clocks have begun anew.
    """
    both = [
        Trader("v", (Held("E", 1.0, 1.0), Held("B", 1.0, 1.0)), {QUOTE: 0.3 + 40.0 * i})
        for i in range(5)
    ]
    alone = Trader("v", (Held("B", 1.0, 1.0),), {QUOTE: 0.3})
    case = tiny_case(
        [*both, alone],
        [perpetual("E", "ETH"), perpetual("B", "BTC")],
        {"v": perpetuals_venue()},
        {QUOTE: cash_asset(), "ETH": coin(1.0), "BTC": coin(1.0)},
    )
    setup = prepare(case)
    swings = [1.0, 1e12] * 9 + [1.0]
    exogenous = paths(setup, ETH=[*swings, 1.0], BTC=[1.0] * len(swings) + [0.5])
    tapes = [run(setup, exogenous)[0], run(setup, exogenous, filtered=False)[0]]
    tapes.append(run_fast(setup, exogenous)[0])
    last = len(swings)
    for tape in tapes:
        assert {unit for _, step, unit in closes(tape) if step == last} == {0, 5}
        assert closes(tape) == closes(tapes[0])


def test_more_closes_than_the_list_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine paths wait at once with six deficits each; the list begins with room for 24."""
    monkeypatch.setattr("seawall.cascade.fast.kept.LOG_ROWS", 0)
    traders = [Trader("v", (Held("E", 1.0, 1_000.0),), {QUOTE: 100.0 + i}) for i in range(6)]
    case = tiny_case(
        traders,
        [perpetual("E", "ETH")],
        {"v": perpetuals_venue(("socialised",))},
        {QUOTE: cash_asset(), "ETH": coin(1_000.0)},
    )
    setup = prepare(case)
    exogenous = np.repeat(paths(setup, ETH=[1_000.0, 500.0, 499.0]), 9, axis=0)
    plain, compiled = run(setup, exogenous)[0], run_fast(setup, exogenous)[0]
    assert plain.path.size == 9 * 6 * 2
    assert closes(compiled) == closes(plain)


def test_the_outside_world_has_the_same_cents() -> None:
    """Forty accounts that settle in coin pay two fees in one round: system accounts bit for bit."""
    traders = [
        Trader("v", (Held("I", size, 1_000.0),), {"ETH": 1.713e-5 * size * (1.0 + 0.001 * i)})
        for i, size in enumerate(1_000.0 + 37.3 * np.arange(40))
    ]
    venue = perpetuals_venue(
        fund=100.0, liquidation=Liquidation("orderbook", fee=0.003), taker_fee=0.0007
    )
    case = tiny_case(
        traders,
        [perpetual("I", "ETH", inverse=True)],
        {"v": venue},
        {QUOTE: cash_asset(), "ETH": coin(1_000.0, depth=3e8)},
    )
    setup = prepare(case)
    exogenous = paths(setup, ETH=[1_000.0, 993.3, 989.7, 985.1])
    tape, plain = run(setup, exogenous)
    _, compiled = run_fast(setup, exogenous)
    assert np.count_nonzero(tape.fee) > 30
    for role, held in plain.accounts.assets.items():
        assert np.array_equal(held, compiled.accounts.assets[role]), role


def test_many_sellers_of_one_option_are_bounded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of a contract is priced once for each slice of time, not for each account."""
    venue = perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN)
    sellers = [Trader("o", [Held("C", -1.0 - i, 0.0)], {QUOTE: 500.0}) for i in range(20)]
    case = tiny_case(
        sellers,
        [option("C", "BTC", 100.0, call=True, days=30.0)],
        {"o": venue},
        {"BTC": coin(100.0)},
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    priced: list[int] = []

    def counted(*arguments: Floats) -> Floats:
        priced.append(1)
        return black(*arguments)

    black = guards.black
    monkeypatch.setattr(guards, "black", counted)
    table = guards.compile_guards(prepare(case), 1_440)
    assert len(priced) == table.most.shape[1]
    # Sellers of one and of two share the bound of one.
    assert table.table.tolist() == [0] * 20
