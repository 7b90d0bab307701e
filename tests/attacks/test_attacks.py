"""The attack list of issue 4: nothing is lost, nothing crashes, and the tape says what happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from attack_cases import attacked
from tiny_cases import (
    QUOTE,
    Floats,
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.venues import Collateral, Feed, Liquidation

BTC = perpetual("BTC-PERP", "BTC")


def market_of(traders: list[Trader], depth: float = float("inf"), **venue: object) -> Case:
    layers = venue.pop("layers", ("fund", "socialised"))
    return tiny_case(
        traders,
        [BTC],
        {"v": perpetuals_venue(layers, **venue)},  # type: ignore[arg-type]
        {"BTC": coin(100.0, depth)},
        scenario=Scenario(recovery_seconds=60.0),
    )


def self_trade(pairs: int, move: float, cap: float | None) -> tuple[float, float]:
    """What one owner of both sides takes out of a fund of 10,000, and what it lost itself.

    Each pair is long and short 100 at 100 with 110 on either side: a move of 2% breaks one side,
    whose debt the fund pays, and the other side has won it.
    """
    rule = {} if cap is None else {"fund": {"cap": cap}}
    traders = []
    for _ in range(pairs):
        for side in (100.0, -100.0):
            held = [Held("BTC-PERP", side, 100.0)]
            traders.append(Trader("v", held, {QUOTE: 110.0}, owner="attacker"))
    case = market_of(traders, fund=10_000.0, mechanisms=rule)
    _, tape, state = attacked(case, paths_of(case, BTC=[100.0, 100.0 * (1 - move)]))
    drained = 10_000.0 - float(state.accounts.assets["fund"][0, 0, 0])
    start, end = tape.desk_equity[0, 0].sum(), tape.desk_equity[0, -1].sum()
    assert drained == pytest.approx(tape.fund.sum()), "the tape names every dollar of the fund"
    gained = float(end - start)
    socialised = float(tape.notional[tape.kind == EventKind.SOCIALISED].sum())
    assert gained == pytest.approx(drained + tape.socialised.sum() - socialised)
    return drained, gained


def test_a_self_trade_drains_the_fund_and_the_tape_shows_it() -> None:
    """20 pairs, a fall of 5%: each loser owes 390. The fund pays 7,800: all of it is profit.

    That is what an uncapped fund is worth to whoever can move the price; a cap per deficit of 50
    leaves 1,000 of it, the rest is taken back from the winners.
    """
    drained, gained = self_trade(20, 0.05, None)
    assert (drained, gained) == pytest.approx((7_800.0, 7_800.0))
    drained, gained = self_trade(20, 0.05, 50.0)
    assert (drained, gained) == pytest.approx((1_000.0, 1_000.0))


def test_a_self_trade_takes_no_more_than_the_fund_holds() -> None:
    drained, gained = self_trade(60, 0.05, None)
    assert (drained, gained) == pytest.approx((10_000.0, 10_000.0))


def test_time_passes_and_nobody_is_touched() -> None:
    """2,000 steps of a still price: the clock advances, oracles beat, nothing happens."""
    traders = [
        Trader("v", [Held("BTC-PERP", 1.0, 100.0)], {QUOTE: 50.0}, owner="me"),
        Trader("v", [Held("BTC-PERP", -1.0, 100.0)], {QUOTE: 50.0}),
    ]
    case = market_of(traders, fund=10.0, feed=Feed(0.01, 600.0, 60.0))
    setup, tape, state = attacked(case, np.tile(paths_of(case, BTC=[100.0] * 2), (1, 1_000, 1)))
    assert tape.path.size == 0
    assert np.all(tape.desk_equity == 50.0)
    assert np.array_equal(state.holdings.cash[0], setup.start_cash[0])


def test_a_cap_of_zero() -> None:
    """A fund that may take nothing in, a vault and a fund without capital, an empty account."""
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 50.0}),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 0.0, "BTC": 0.0}, owner="me"),
    ]
    case = market_of(
        traders,
        layers=("backstop", "fund", "adl", "socialised"),
        liquidation=Liquidation("orderbook", backstop_ratio=0.5, fee=0.01),
        mechanisms={"fund": {"target": 0.0, "fee_share": 0.5}},
    )
    _, tape, state = attacked(case, paths_of(case, BTC=[100.0, 90.0, 80.0]))
    assert tape.fund.sum() == 0.0
    assert state.accounts.assets["fund"][0, 0, 0] == 0.0
    assert tape.kind.size > 0


def test_an_open_interest_cap_of_zero_keeps_the_vault_out_and_the_account_is_sold() -> None:
    """At 90.4 the long has 4 of 9.04: the vault's, were it allowed to hold anything at all."""
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 100.0}),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 900.0}, owner="me"),
    ]
    how = {"liquidation": Liquidation("orderbook", backstop_ratio=2 / 3), "backstop": 50.0}
    for slots, kind in (
        ({}, EventKind.BACKSTOP),
        ({"open_interest_cap": {"default": 0.0}}, EventKind.LIQUIDATION),
    ):
        case = market_of(traders, layers=("backstop", "socialised"), mechanisms=slots, **how)
        _, tape, state = attacked(case, paths_of(case, BTC=[100.0, 90.4, 90.4]))
        assert [event[3] for event in events(tape)] == [kind]
        assert bool(state.accounts.vault_contracts.any()) == (kind == EventKind.BACKSTOP)


def test_keepers_without_any_capital_call_nothing_and_the_tape_says_what_is_lost() -> None:
    """1 BTC against 75 falls to nothing: nobody could pay for a call, so all 75 are written off."""
    keepers = {"keepers": {"kinds": [{"count": 2, "capital": 0.0}]}}
    rules = replace(lending_venue({"BTC": Collateral(0.7, 0.8, 0.05)}), mechanisms=keepers)
    loan = Trader("l", (), {"BTC": 1.0, QUOTE: -75.0})
    case = tiny_case([loan], [], {"l": rules}, {"BTC": coin(100.0)})
    _, tape, _ = attacked(case, paths_of(case, BTC=[100.0, 90.0, 50.0, 1e-9]))
    assert [event[3] for event in events(tape)] == [EventKind.COVER]
    assert tape.socialised.sum() == pytest.approx(75.0)


def test_dust_accounts() -> None:
    """A thousand accounts of a millionth of a dollar and less: the fall closes the longs, against
    the shorts, whose rest the rise closes; crumbs too.
    """
    rng = np.random.default_rng(2)
    traders = [
        Trader("v", [Held("BTC-PERP", float(x), 100.0)], {QUOTE: float(abs(x) * 5)})
        for x in rng.choice([-1e-8, 1e-8, 1e-12, -1e-15], 1_000)
    ]
    case = market_of(traders, depth=1e6, fund=1e-9, layers=("fund", "adl", "socialised"))
    _, tape, state = attacked(case, paths_of(case, BTC=[100.0, 80.0, 120.0, 120.0]))
    closed = {unit for _, _, unit, kind in events(tape) if kind in (0, 2)}
    longs = sum(trader.positions[0].size > 0 for trader in traders)
    assert len(closed) >= longs > 400
    assert np.all(state.holdings.size == 0.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_price_of_nothing_is_refused(bad: float) -> None:
    case = market_of([Trader("v", [Held("BTC-PERP", 1.0, 100.0)], {QUOTE: 50.0})])
    with pytest.raises(InputError, match=r"BTC has a price of \S+ at step 1 of path 0"):
        run_case(case, paths_of(case, BTC=[100.0, bad, 100.0]))


@pytest.mark.parametrize("layers", [("fund", "socialised"), ("adl", "socialised"), ("backstop",)])
@pytest.mark.parametrize("extreme", [1e-12, 1e12])
def test_next_to_nothing_and_a_trillion(layers: tuple[str, ...], extreme: float) -> None:
    """A coin falls to 1e-12, or rises to 1e12, under linear and inverse contracts and a loan."""
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 300.0}, owner="me"),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 300.0}),
        Trader("v", [Held("BTC-INV", 1_000.0, 100.0)], {"BTC": 3.0}),
        Trader("v", [Held("BTC-INV", -1_000.0, 100.0)], {"BTC": 13.0}, owner="me"),
        Trader("l", (), {"BTC": 10.0, QUOTE: -600.0}),
        Trader("l", (), {QUOTE: 900.0, "BTC": -5.0}),
    ]
    collateral = {"BTC": Collateral(0.8, 0.85, 0.05), QUOTE: Collateral(0.8, 0.85, 0.05)}
    case = tiny_case(
        traders,
        [BTC, perpetual("BTC-INV", "BTC", inverse=True)],
        {
            "v": perpetuals_venue(layers, liquidation=Liquidation("orderbook", backstop_ratio=0.5)),
            "l": lending_venue(collateral, fund=10.0),
        },
        {"BTC": coin(100.0, 1e4)},
    )
    path = paths_of(case, BTC=[100.0, 50.0, extreme, 100.0, extreme])
    _, tape, _ = attacked(case, path, exact=extreme < 1.0)
    assert tape.kind.size > 0
    assert tape.final[0, case.book.assets.index("BTC")] > 0


@pytest.mark.parametrize("layers", [("fund", "adl", "socialised"), ("socialised",), ()])
def test_one_account_holds_all_the_open_interest(layers: tuple[str, ...]) -> None:
    """Nobody stands on the other side but the order book: no winner, no one to socialise to."""
    traders = [
        Trader("v", [Held("BTC-PERP", 1e6, 100.0)], {QUOTE: 2e6}, owner="whale"),
        Trader("v", (), {QUOTE: 10.0}, owner="idle"),
    ]
    case = market_of(traders, depth=1e7, layers=layers, fund=1_000.0 if "fund" in layers else 0.0)
    _, tape, state = attacked(case, paths_of(case, BTC=[100.0, 90.0, 90.0]))
    deficit = tape.fund.sum() + tape.adl.sum() + tape.socialised.sum()
    assert deficit > 8e6, "sold into its own impact, it owes more than the price alone explains"
    assert tape.adl.sum() == 0.0
    assert np.all(state.holdings.size == 0.0)
    assert tape.trough[0, 1] > 0.0


def crowd(count: int) -> tuple[Case, Floats]:
    """``count`` longs of a hundredth, margined for a fall of 3 to 9%, and one short of them all."""
    rng = np.random.default_rng(4)
    size = rng.uniform(0.005, 0.015, count)
    cash = 100.0 * size * rng.uniform(0.03, 0.09, count)
    traders = [
        Trader("v", [Held("BTC-PERP", float(s), 100.0)], {QUOTE: float(c)})
        for s, c in zip(size, cash, strict=True)
    ]
    short = [Held("BTC-PERP", -float(size.sum()), 100.0)]
    traders.append(Trader("v", short, {QUOTE: float(100.0 * size.sum())}, owner="me"))
    case = market_of(traders, depth=1e9, layers=("fund", "adl", "socialised"), fund=1_000.0)
    return case, paths_of(case, BTC=[100.0, 80.0, 80.0])


def all_at_once(count: int, *, exact: bool) -> None:
    case, path = crowd(count)
    _, tape, state = attacked(case, path, exact=exact)
    forced = np.isin(tape.kind, (EventKind.LIQUIDATION, EventKind.ADL_BANKRUPT))
    assert np.unique(tape.unit[forced]).size == count
    assert np.all(tape.step[forced] == 1)
    # What they held less what they lost: all of it was paid by the fund and the one winner.
    held, lost = case.book.quantity[:count], 20.0 * case.book.size[:count]
    paid = tape.fund + tape.adl + tape.socialised
    assert paid.sum() == pytest.approx(float((lost - held).sum()), rel=1e-6)
    assert np.all(state.holdings.size[0, :count] == 0.0)


def test_a_hundred_thousand_in_one_step() -> None:
    all_at_once(100_000, exact=False)


@pytest.mark.slow
def test_a_million_in_one_step() -> None:
    all_at_once(1_000_000, exact=False)
