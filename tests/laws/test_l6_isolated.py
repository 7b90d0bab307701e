"""L6 for crowds of isolated positions: their own loop writes the tape of the plain one.

`given_up` counts the paths that it left to the general engine: a test that says how many there are
cannot pass because all of them were.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import laws
from test_l6_same_tape import assert_same
from tiny_cases import (
    Floats,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast.isolated import FIRST, is_isolated
from seawall.cascade.fast.simulation import FastSimulation
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, with_starts
from seawall.cascade.state import PathWorlds, base_worlds
from seawall.cascade.switches import Switches
from seawall.cascade.tape import EventKind, Tape, join
from seawall.cascade.watch import Watch
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.pricekind import PriceKind
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Feed, Liquidation, Rulebook, Tier

ISOLATED = "L6: the loop of isolated crowds writes the tape of the plain one"
ORACLE = Feed(deviation=0.004, heartbeat_seconds=900.0, delay_seconds=120.0)
TIERS = (Tier(0.0, 50.0, 0.01), Tier(2_000.0, 20.0, 0.025), Tier(9_000.0, 10.0, 0.05))
RICH = 1e9


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many paths each call left to the general engine."""
    counts: list[int] = []
    own = FastSimulation._in_general

    def noted(self: FastSimulation, exogenous: Floats, *more: object) -> Tape:
        counts.append(exogenous.shape[0])
        return own(self, exogenous, *more)

    monkeypatch.setattr(FastSimulation, "_in_general", noted)
    return counts


def venue(fund: float = RICH, *, oracle: bool = True, **more: object) -> Rulebook:
    """An order book with tiers, behind an oracle or margined at the market."""
    if oracle:
        more = {"feed": ORACLE, "margin_price": PriceKind.ORACLE, **more}
    layers = more.pop("layers", ("fund", "socialised"))
    return perpetuals_venue(layers, fund=fund, tiers=TIERS, **more)


def crowd_of(
    count: int,
    seed: int,
    venues: dict[str, Rulebook],
    *,
    coins: int = 1,
    leverage: tuple[float, float] = (3.0, 40.0),
    depth: float = 4e6,
    rate: float = 0.0,
    desk: float = 0.0,
    scenario: Scenario | None = None,
) -> Case:
    """One isolated position each, on any venue and coin; longs and shorts. ``desk``: leverage of
    the first three, which are then a desk's.
    """
    rng = np.random.default_rng(seed)
    names, traders = [f"C{n}" for n in range(coins)], []
    for n in range(count):
        notional = float(rng.lognormal(7.5, 1.5))
        price = 100.0 * float(np.exp(rng.normal(0.0, 0.01)))
        size = float(rng.choice([-1.0, 1.0])) * notional / price
        owner = "desk" if n < 3 and desk > 0.0 else ""
        margin = notional / (desk if owner else float(rng.uniform(*leverage)))
        held = Held(f"{names[int(rng.integers(coins))]}-PERP", size, price, margin)
        traders.append(Trader(list(venues)[int(rng.integers(len(venues)))], (held,), owner=owner))
    traders.append(Trader(next(iter(venues)), (), {"USD": 50.0}))
    return tiny_case(
        traders,
        [perpetual(f"{name}-PERP", name) for name in names],
        venues,
        {name: coin(100.0, depth, 0.9) for name in names},
        scenario=scenario or Scenario(thinning=1.0, permanent_share=0.2),
        states={f"{name}-PERP": InstrumentState(funding_rate=rate) for name in names},
    )


def walks(case: Case, paths: int, steps: int, *, size: float = 0.004, seed: int = 1) -> Floats:
    """Random walks of every coin from 100."""
    rng, given_paths = np.random.default_rng(seed), {}
    for name in case.market.assets:
        if name != case.quote:
            moves = rng.normal(size=(paths, steps + 1)) * size
            moves[:, 0] = 0.0
            given_paths[name] = (100.0 * np.exp(np.cumsum(moves, axis=1))).tolist()
    return paths_of(case, **given_paths)


def check(
    setup: Setup,
    exogenous: Floats,
    worlds: PathWorlds | None = None,
    watch: Watch | None = None,
) -> Tape:
    """Both loops, the same tape; the second one's."""
    simulation = FastSimulation(setup, exogenous.shape[1] - 1)
    assert simulation.isolated is not None, "this Case is to have its own loop"
    tape = simulation.on(exogenous, worlds=worlds, watch=watch)
    assert_same(tape, run(setup, exogenous, worlds=worlds, watch=watch)[0], ISOLATED)
    return tape


def closes(tape: Tape) -> int:
    return int(np.count_nonzero(tape.kind == EventKind.LIQUIDATION))


FEES = Liquidation("orderbook", fee=0.004)
CASES: dict[str, Callable[[], Case]] = {
    "an oracle": lambda: crowd_of(90, 1, {"a": venue()}),
    "the market's price": lambda: crowd_of(90, 2, {"a": venue(oracle=False)}),
    "coins and venues": lambda: crowd_of(
        120, 3, {"a": venue(), "b": venue(oracle=False), "c": venue()}, coins=3
    ),
    "fees to the fund": lambda: crowd_of(
        90, 4, {"a": venue(liquidation=FEES, taker_fee=5e-4), "b": venue(oracle=False)}
    ),
    "fees to keepers": lambda: crowd_of(
        90, 5, {"a": venue(liquidation=replace(FEES, fee_to="keeper")), "b": venue(taker_fee=1e-3)}
    ),
    "longs pay funding": lambda: crowd_of(90, 6, {"a": venue()}, rate=9.0),
    "shorts pay funding": lambda: crowd_of(
        90, 7, {"a": venue(oracle=False), "b": venue()}, rate=-9.0, coins=2
    ),
    "square-root impact": lambda: crowd_of(
        90, 8, {"a": venue()}, scenario=Scenario(impact="square_root")
    ),
    "no trace": lambda: crowd_of(90, 9, {"a": venue()}, scenario=Scenario(label="total")),
    "a desk that stands": lambda: crowd_of(90, 10, {"a": venue()}, desk=1.5),
    "adl behind a fund": lambda: crowd_of(90, 11, {"a": venue(layers=("fund", "adl"))}),
    "low leverage": lambda: crowd_of(60, 12, {"a": venue()}, leverage=(1.2, 1.3)),
    "most beyond their price": lambda: crowd_of(70, 13, {"a": venue()}, leverage=(150.0, 300.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_tape_of_the_plain_loop(name: str, given_up: list[int]) -> None:
    case = CASES[name]()
    setup = prepare(case)
    tape = check(setup, walks(case, 5, 130, seed=len(name)))
    assert given_up == [], "no path may be left to the general engine"
    forced = closes(tape)
    if name == "low leverage":
        assert forced == 0
    elif name == "most beyond their price":
        assert forced > 5 * 60
    else:
        assert forced > 40, "somebody must fall"


def test_deficits_that_the_fund_covers(given_up: list[int]) -> None:
    case = crowd_of(90, 14, {"a": venue(), "b": venue(oracle=False)}, depth=4e5)
    tape = check(prepare(case), walks(case, 5, 90, size=0.012))
    assert np.count_nonzero(tape.kind == EventKind.COVER) > 20
    assert given_up == []


def test_paths_that_are_given_up(given_up: list[int]) -> None:
    """A fund that some paths empty: those, and no others, are the general engine's."""
    case = crowd_of(90, 15, {"a": venue(fund=150.0)}, depth=4e6)
    exogenous = walks(case, 24, 90, size=0.003)
    tape = check(prepare(case), exogenous)
    dry = np.unique(tape.path[tape.socialised > 0.0])
    assert 0 < dry.size < 24, "some funds, not all, must be emptied"
    assert given_up == [dry.size]


def test_no_more_is_tried_where_most_are_given_up(given_up: list[int]) -> None:
    case = crowd_of(60, 16, {"a": venue(fund=0.0)}, depth=2e5)
    exogenous = walks(case, FIRST + 9, 40, size=0.02)
    tape = check(prepare(case), exogenous)
    assert given_up[0] >= 9 + FIRST // 3
    assert np.unique(tape.path).size > FIRST


def test_no_more_is_tried_after_small_chunks(
    monkeypatch: pytest.MonkeyPatch, given_up: list[int]
) -> None:
    """Chunks of fewer paths than are asked about add up; the bits stay."""
    monkeypatch.setattr("seawall.cascade.fast.simulation.FIRST", 8)
    case = crowd_of(60, 16, {"a": venue(fund=0.0)}, depth=2e5)
    setup, exogenous = prepare(case), walks(case, 12, 40, size=0.02)
    simulation = FastSimulation(setup, 40)
    parts = [simulation.on(exogenous[n : n + 4]) for n in range(0, 12, 4)]
    assert simulation.isolated is None
    assert given_up[-1] == 4, "the last chunk is the general engine's from its start"
    assert_same(join(parts), run(setup, exogenous)[0], ISOLATED)


def test_columns_are_made_when_they_are_read() -> None:
    case = crowd_of(90, 14, {"a": venue(), "b": venue(oracle=False)}, depth=4e5)
    setup, exogenous = prepare(case), walks(case, 3, 60, size=0.012)
    tape = FastSimulation(setup, 60).on(exogenous)
    assert "path" not in vars(tape) and tape.closed_loss.size == 3
    sent = pickle.loads(pickle.dumps(tape))
    assert_same(sent, run(setup, exogenous)[0], ISOLATED)
    assert tape.fund is tape.fund, "made once"
    assert not hasattr(tape, "no_column")


def test_deleveraging_is_left_to_the_general_engine(given_up: list[int]) -> None:
    case = crowd_of(90, 17, {"a": venue(0.0, layers=("adl", "fund", "socialised"))}, depth=4e5)
    tape = check(prepare(case), walks(case, 6, 60, size=0.008))
    assert np.any(tape.kind == EventKind.ADL_BANKRUPT)
    assert given_up and given_up[0] > 0


def test_a_desk_that_falls(given_up: list[int]) -> None:
    """Its leg is on the tape, so its path is the general engine's; others are not."""
    case = crowd_of(90, 18, {"a": venue()}, desk=15.0)
    setup = prepare(case)
    tape = check(setup, walks(case, 12, 90, size=0.003))
    fell = np.unique(tape.path[tape.leg >= 0])
    assert 0 < fell.size < 12
    assert given_up == [fell.size]
    assert np.all(tape.desk_equity[:, 0] > 0.0)


def test_worlds_side_by_side(given_up: list[int]) -> None:
    """Depth, fresh feeds, orders without trace or slippage, by path."""
    case = crowd_of(100, 19, {"a": venue(), "b": venue(oracle=False)}, coins=2)
    paths = 8
    flags = [np.arange(paths) % n < n - 1 for n in (2, 3, 4)]
    worlds = replace(
        base_worlds(paths),
        depth=np.where(flags[0], 0.4, np.inf),
        fresh=~flags[1],
        switches=Switches(flags[0], flags[1], flags[2], ~flags[2]),
    )
    tape = check(prepare(case), walks(case, paths, 100), worlds)
    assert closes(tape) > 100
    assert given_up == []


def test_watched_prices(given_up: list[int]) -> None:
    case = crowd_of(80, 20, {"a": venue(), "b": venue(oracle=False)}, coins=2)
    setup = prepare(case)
    watch = Watch(np.arange(setup.table.feed_asset.size), np.arange(0, 81, 5))
    tape = check(setup, walks(case, 4, 80), watch=watch)
    assert tape.seen.shape == (4, 17, setup.table.feed_asset.size)
    assert not np.array_equal(tape.seen, tape.untouched)
    assert given_up == []


def test_equal_prices_fall_in_the_order_of_their_numbers(given_up: list[int]) -> None:
    """Whole groups with one liquidation price, and one of exactly nothing."""
    held = [Held("C0-PERP", 1.0 + n % 3, 100.0, (1.0 + n % 3) * 5.0) for n in range(150)]
    held += [Held("C0-PERP", 2.0, 100.0, 200.0), Held("C0-PERP", -2.0, 100.0, 0.0)]
    case = tiny_case(
        [Trader("a", (one,)) for one in held],
        [perpetual("C0-PERP", "C0")],
        {"a": venue(oracle=False)},
        {"C0": coin(100.0, 1e6)},
    )
    falling = paths_of(case, C0=[np.linspace(100.0, 80.0, 30).tolist()])
    tape = check(prepare(case), falling)
    assert tape.unit[:151].tolist() == [151, *range(150)]
    assert given_up == []


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_any_cut_of_paths(cut: int) -> None:
    case = crowd_of(80, 21, {"a": venue(fund=600.0), "b": venue(oracle=False)}, depth=1e6)
    setup, exogenous = prepare(case), walks(case, 9, 60, size=0.006)
    simulation = FastSimulation(setup, 60)
    whole = simulation.on(exogenous)
    parts = [simulation.on(exogenous[n : n + cut]) for n in range(0, 9, cut)]
    assert_same(join(parts), whole, ISOLATED)


def test_columns_that_grow(monkeypatch: pytest.MonkeyPatch, given_up: list[int]) -> None:
    monkeypatch.setattr("seawall.cascade.fast.isolated.ROWS", 10)
    case = crowd_of(90, 22, {"a": venue()})
    tape = check(prepare(case), walks(case, 12, 200, size=0.006))
    assert tape.path.size > 2 * 90 + 10
    assert given_up == []


def test_what_has_no_loop_of_its_own() -> None:
    plain = {"a": venue()}
    assert is_isolated(prepare(crowd_of(10, 1, plain)))
    partial = venue(liquidation=Liquidation("orderbook", partial_fraction=0.5))
    vault = venue(
        layers=("backstop", "fund"), liquidation=Liquidation("orderbook", backstop_ratio=0.5)
    )
    for other in (partial, vault):
        assert not is_isolated(prepare(crowd_of(10, 1, {"a": other})))
    two = Trader("a", (Held("C0-PERP", 1.0, 100.0), Held("C1-PERP", 1.0, 100.0)), {"USD": 50.0})
    case = tiny_case(
        [two],
        [perpetual("C0-PERP", "C0"), perpetual("C1-PERP", "C1")],
        plain,
        {"C0": coin(100.0), "C1": coin(100.0)},
    )
    assert not is_isolated(prepare(case)), "cross margin over two coins"


def test_a_price_of_nothing_is_refused_as_ever() -> None:
    case = crowd_of(20, 1, {"a": venue()})
    exogenous = walks(case, 3, 20)
    exogenous[2, 9, case.book.assets.index("C0")] = 0.0
    with pytest.raises(Exception, match="a price of 0 at step 9 of path 2"):
        FastSimulation(prepare(case), 20).on(exogenous)


def test_a_path_that_starts_elsewhere_is_refused_as_ever() -> None:
    case = crowd_of(20, 1, {"a": venue()})
    exogenous = walks(case, 3, 20)
    exogenous[2, 0, case.book.assets.index("C0")] = 101.0
    with pytest.raises(InputError, match="C0 starts at 101 on path 2"):
        FastSimulation(prepare(case), 20).on(exogenous)


@settings(laws, max_examples=6)
@given(st.integers(0, 10_000))
def test_random_crowds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    venues = {
        name: venue(
            float(rng.choice([RICH, RICH, RICH, 3e3, 0.0])),
            oracle=bool(rng.random() < 0.6),
            layers=(("fund", "socialised"), ("adl", "fund"), ("fund", "adl"))[rng.integers(3)],
            liquidation=replace(FEES, fee=float(rng.choice([0.0, 0.01]))),
            taker_fee=float(rng.choice([0.0, 1e-3])),
        )
        for name in "abc"[: rng.integers(1, 4)]
    }
    case = crowd_of(
        int(rng.integers(1, 70)),
        seed,
        venues,
        coins=int(rng.integers(1, 4)),
        depth=float(10.0 ** rng.uniform(4.5, 7.0)),
        rate=float(rng.choice([0.0, 3.0, -3.0])),
        desk=float(rng.choice([0.0, 0.0, 0.0, 12.0])),
    )
    setup = prepare(case)
    exogenous = walks(case, 4, 40, size=float(rng.uniform(0.001, 0.02)), seed=seed)
    try:
        run(setup, exogenous)
    except InputError as error:  # a price that runs away
        with pytest.raises(InputError, match=re.escape(str(error))):
            FastSimulation(setup, 40).on(exogenous)
        return
    check(setup, exogenous)


def test_two_worlds_of_leverage(given_up: list[int]) -> None:
    """The second start's holdings have lists of their own."""
    case = crowd_of(60, 23, {"a": venue()})
    setup = prepare(case)
    units = replace(setup.table.units, cash=setup.table.units.cash * 1.02 - 3.0)
    other = with_starts(setup, [replace(setup.table, units=units)])
    worlds = replace(base_worlds(6), start=np.array([0, 1, 1, 0, 1, 0]))
    tape = check(other, walks(case, 6, 80), worlds)
    assert closes(tape) > 20
    assert given_up == []
