"""Liquidations that are sent: landed, lapsed, halted, ordered, committed; worked by hand.

One long of 1 BTC at 100 with 10 in cash, maintenance 1%, steps and blocks of 60 s: it is in breach
where 10 + (p - 100) < 0.01 p, that is below 90.91.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
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

from seawall.cascade.engine import prepare
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.venues import Collateral, Feed

NEXT_BLOCK = {"settlement": {"block_seconds": 60.0}}
LONG = Trader("perps", [Held("BTC-PERP", 1.0, 100.0)], {QUOTE: 10.0})


def perps(traders: list[Trader], mechanisms: dict[str, Any], **more: Any) -> Case:
    depth = more.pop("depth", float("inf"))
    rulebook = perpetuals_venue(fund=1_000.0, mechanisms=mechanisms, **more)
    return tiny_case(
        traders, [perpetual("BTC-PERP", "BTC")], {"perps": rulebook}, {"BTC": coin(100.0, depth)}
    )


def story(tape: Tape) -> list[tuple[int, str]]:
    """(step, kind) of every event on path 0, deficits apart."""
    return [
        (step, EventKind(kind).name)
        for path, step, _, kind in events(tape)
        if path == 0 and kind != EventKind.COVER
    ]


def test_it_lands_a_block_later_at_a_worse_price() -> None:
    case = perps([LONG], NEXT_BLOCK)
    # At once: sold at 90, cash 0. A block later: sold at 85, the fund pays 5.
    _, tape, _ = run_case(perps([LONG], {}), paths_of(case, BTC=[100.0, 90.0, 85.0, 85.0]))
    assert story(tape) == [(1, "LIQUIDATION")] and tape.fund.sum() == pytest.approx(0.0)
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 90.0, 85.0, 85.0]))
    assert story(tape) == [(1, "SENT"), (2, "LIQUIDATION")]
    assert tape.fund.sum() == pytest.approx(5.0)
    assert state.inclusion is not None and state.inclusion.waiting.tolist() == [0]


def test_it_lapses_when_the_account_is_healthy_again() -> None:
    case = perps([LONG], NEXT_BLOCK)
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 90.0, 95.0, 90.0, 90.0, 95.0]))
    # Healthy at 95 in step 2; in breach again at 90, sent again, and sold at 90 a step later.
    assert story(tape) == [(1, "SENT"), (2, "LAPSED"), (3, "SENT"), (4, "LIQUIDATION")]
    assert state.holdings.cash[0, 0] == pytest.approx(0.0)


def test_a_halt_during_a_crash_delays_liquidations() -> None:
    """No block from 60 s on for five minutes: found at step 2, sold at step 7, 20 lower."""
    halted = {"settlement": {"block_seconds": 60.0, "halt_at_seconds": 60.0, "halt_seconds": 300.0}}
    crash = [100.0, 95.0, 90.0, 85.0, 80.0, 75.0, 70.0, 70.0, 70.0]
    case = perps([LONG], halted)
    _, tape, _ = run_case(case, paths_of(case, BTC=crash))
    assert story(tape) == [(2, "SENT"), (7, "LIQUIDATION")]
    assert tape.fund.sum() == pytest.approx(20.0)
    _, tape, _ = run_case(perps([LONG], NEXT_BLOCK), paths_of(case, BTC=crash))
    assert story(tape) == [(2, "SENT"), (3, "LIQUIDATION")]
    assert tape.fund.sum() == pytest.approx(5.0)


def test_feeds_wait_for_blocks_where_the_slot_says_so() -> None:
    """The venue sees 90 a block late, sends, and acts a block later still."""
    mechanisms = {"settlement": {"block_seconds": 60.0, "feeds": "included"}}
    case = perps([LONG], mechanisms)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 90.0, 89.0, 88.0, 88.0]))
    assert story(tape) == [(2, "SENT"), (3, "LIQUIDATION")]
    assert tape.fund.sum() == pytest.approx(2.0)


# A small account listed first and a large one, both in breach at 90.
PAIR = [
    Trader("perps", [Held("BTC-PERP", 1.0, 100.0)], {QUOTE: 10.0}),
    Trader("perps", [Held("BTC-PERP", 9.0, 100.0)], {QUOTE: 90.0}),
]


@pytest.mark.parametrize(("order", "first"), [("unit", 0), ("profit", 1)])
def test_order_within_a_block(order: str, first: int) -> None:
    """One liquidation per block, depth 9,000, price 90 throughout: who comes first sells higher.

    1 BTC (90 of 9,000) moves the price by 1%, 9 BTC (810) by 9%, each pays half of its own move.
    Second comes who finds the first's impact: at about 90 x (1 - 1%) or 90 x (1 - 9%).
    """
    chain = {"settlement": {"block_seconds": 60.0, "order": order, "per_block": 1}}
    case = perps(PAIR, chain, depth=9_000.0)
    path = paths_of(case, BTC=[100.0, 90.0, 90.0, 90.0, 90.0])
    setup, tape, _ = run_case(case, path)
    closed = [(step, unit) for _, step, unit, _ in events(tape, EventKind.LIQUIDATION)]
    account = setup.table.units.account
    assert [(step, int(account[unit])) for step, unit in closed] == [(2, first), (3, 1 - first)]
    # Cash of 0 at 90: what a unit lacks is its size times how far below 90 it sold.
    lack = tape.fund[tape.kind == EventKind.COVER]
    sold = {0: [0.005, 0.01 + 0.045], 1: [0.045, 0.09 + 0.005]}[first]
    sizes = {0: [1.0, 9.0], 1: [9.0, 1.0]}[first]
    expected = [90.0 * size * below for size, below in zip(sizes, sold, strict=True)]
    assert lack == pytest.approx(expected, rel=0.08)


def test_order_by_chance_takes_each_first_about_half_of_the_time() -> None:
    chain = {"settlement": {"block_seconds": 60.0, "order": "random", "per_block": 1}}
    case = perps(PAIR, chain)
    path = np.repeat(paths_of(case, BTC=[100.0, 90.0, 90.0, 90.0]), 400, axis=0)
    setup, tape, _ = run_case(case, path)
    first = (tape.kind == EventKind.LIQUIDATION) & (tape.step == 2)
    assert first.sum() == 400
    share = (setup.table.units.account[tape.unit[first]] == 0).mean()
    assert abs(share - 0.5) < 3.0 * 0.5 / 20.0


def test_room_grows_with_the_blocks_of_a_step() -> None:
    """Blocks of 30 s: two of them in a step of 60 s, so both accounts act at once."""
    chain = {"settlement": {"block_seconds": 30.0, "per_block": 1}}
    case = perps(PAIR, chain)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 90.0, 90.0, 90.0]))
    assert (tape.step[tape.kind == EventKind.LIQUIDATION] == 2).sum() == 2


LENDER = lending_venue({"BTC": Collateral(0.7, 0.8, 0.05)}, fund=1_000.0)
# 1 BTC against 75: in breach below 93.75.
LOAN = Trader("lender", (), {"BTC": 1.0, QUOTE: -75.0})


def loan(mechanisms: dict[str, Any], feed: Feed | None = None) -> Case:
    rulebook = replace(LENDER, mechanisms=mechanisms, feed=feed or Feed())
    return tiny_case([LOAN], [], {"lender": rulebook}, {"BTC": coin(100.0)})


def lent(mechanisms: dict[str, Any], prices: list[float], feed: Feed | None = None) -> Any:
    case = loan(mechanisms, feed)
    _, tape, _ = run_case(case, paths_of(case, BTC=prices))
    return story(tape)


def test_commit_then_settle_waits_for_a_new_price() -> None:
    """A 5% threshold: 92 at step 1 is sent; the next price that is sent, 87 at step 4, settles.

    Without commitments the keeper acts at once; with two minutes at most the order is void and
    committed again, on the same old price, at step 4, and settled by 82 at step 5.
    """
    feed = Feed(deviation=0.05)
    prices = [100.0, 92.0, 91.0, 91.0, 87.0, 82.0]
    commit = {"rule": "commit_then_settle", "min_delay_seconds": 60.0}
    assert lent({}, prices, feed) == [(1, "LIQUIDATION")]
    long = {"oracle": {**commit, "max_delay_seconds": 600.0}}
    assert lent(long, prices, feed) == [(1, "SENT"), (4, "LIQUIDATION")]
    short = {"oracle": {**commit, "max_delay_seconds": 120.0}}
    assert lent(short, prices, feed) == [
        (1, "SENT"),
        (4, "VOID"),
        (4, "SENT"),
        (5, "LIQUIDATION"),
    ]
    # Both: landed in the block of step 2, and settled at 4.
    assert lent({**long, **NEXT_BLOCK}, prices, feed) == [(1, "SENT"), (4, "LIQUIDATION")]


def test_pulled_prices_are_fresh_or_refused() -> None:
    """A push feed of 5% never sends 93; a pulled price is there at once, unless it is too old."""
    prices = [100.0, 96.0, 93.0, 93.0, 93.0]
    assert lent({}, prices, Feed(deviation=0.08)) == []
    pull = {"rule": "pull", "publish_delay_seconds": 0.0, "max_age_seconds": 60.0}
    assert lent({"oracle": pull}, prices) == [(2, "LIQUIDATION")]
    # Published every four minutes: 93 is seen at step 4, fresh. Before, nobody knows of it.
    assert lent({"oracle": {**pull, "interval_seconds": 240.0}}, prices) == [(4, "LIQUIDATION")]


def test_a_breached_loan_waits_while_the_price_is_too_old() -> None:
    """In breach from the start at 100; the publisher is silent: refused from step 2 on."""
    rulebook = replace(
        LENDER,
        mechanisms={
            "oracle": {
                "rule": "pull",
                "publish_delay_seconds": 0.0,
                "max_age_seconds": 60.0,
                "outages_per_day": 1e6,
                "outage_seconds": 1e6,
            }
        },
    )
    trader = Trader("lender", (), {"BTC": 1.0, QUOTE: -85.0})
    case = tiny_case([trader], [], {"lender": rulebook}, {"BTC": coin(100.0)})
    exogenous = paths_of(case, BTC=[100.0, 100.0, 100.0, 100.0, 100.0])
    _, tape, _ = run_case(case, exogenous)
    # At step 1 the price of the start is 60 s old and will do.
    assert story(tape) == [(1, "LIQUIDATION")]
    chain = {**rulebook.mechanisms, "settlement": {"block_seconds": 60.0}}
    late = replace(case, rulebooks={"lender": replace(rulebook, mechanisms=chain)})
    _, tape, _ = run_case(late, exogenous)
    assert story(tape) == [(1, "SENT"), (2, "STALE_HALT")]


def test_margin_counts_at_the_edge_of_the_interval() -> None:
    """Collateral at 94 x (1 - 1%) = 93.06 < 93.75: in breach; the price itself is above it.

    The debt is in the quote currency, which has no interval.
    """
    width = {"oracle_confidence": {"z": 2.0, "horizon_seconds": 0.0, "floor": 0.005}}
    prices = [100.0, 95.0, 94.0, 94.0]
    assert lent({}, prices) == []
    assert lent(width, prices) == [(2, "LIQUIDATION")]
    # At 95 it is 94.05: healthy.
    assert lent(width, prices[:2]) == []


def test_interval_of_a_short() -> None:
    """A short of 1 at 100 with 10: breached above 108.91. At 108 the edge is 109.08, and margin
    there 1.0908: 10 - 9.08 = 0.92 < 1.09. At 107.5: 10 - 8.575 = 1.425 > 1.08575.
    """
    width = {"oracle_confidence": {"z": 1.0, "horizon_seconds": 0.0, "floor": 0.01}}
    short = Trader("perps", [Held("BTC-PERP", -1.0, 100.0)], {QUOTE: 10.0})
    case = perps([short], width)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 107.5, 108.0]))
    assert story(tape) == [(2, "LIQUIDATION")]
    _, tape, _ = run_case(perps([short], {}), paths_of(case, BTC=[100.0, 107.5, 108.0]))
    assert story(tape) == []


def test_a_cap_and_an_auction_keep_an_old_price_alive() -> None:
    prices = [100.0, 90.0, 90.0, 90.0, 90.0]
    # At most 3% per update: 97, and no other update comes. 3% per step: 97, 94.09, 91.27.
    assert lent({"oracle_cap": {"per_update": 0.03}}, prices) == []
    assert lent({"oracle_cap": {"per_hour": 1.8}}, prices) == [(3, "LIQUIDATION")]
    auction = {"oracle_auction": {"window_blocks": 10, "block_seconds": 12.0}}
    assert lent(auction, prices) == [(3, "LIQUIDATION")]
    assert lent({**auction, "oracle_cap": {"per_hour": 1.8}}, prices) == [(3, "LIQUIDATION")]


def test_refused() -> None:
    pull = {"rule": "pull", "publish_delay_seconds": 0.0, "max_age_seconds": 60.0}
    with pytest.raises(InputError, match=r"has a \[feed\]"):
        prepare(loan({"oracle": pull}, Feed(deviation=0.01)))
    with pytest.raises(InputError, match="names the asset 'DOGE'"):
        prepare(loan({"oracle_cap": {"ceiling": 1.0, "assets": ["DOGE"]}}))
    noisy = {"rule": "median", "sources": [{"noise": 0.1}], "assets": [QUOTE]}
    with pytest.raises(InputError, match="the currency that all is counted in"):
        prepare(loan({"oracle_source": noisy}))
    with pytest.raises(InputError, match="spacing"):
        prepare(loan({"settlement": {"block_seconds": 1.0, "spacing": "often"}}))
