"""Chains and their chances through the loop: what a liquidation waits for, venue by venue.

One long of 1 BTC from 100 with 10 at each venue, in breach at 90 from step 1 on. Steps and blocks
of 60 s, 400 paths unless told; shares within 3 standard errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind

PATHS = 400
BLOCK = {"block_seconds": 60.0}
RANDOM = {"block_seconds": 120.0, "spacing": "random"}
HALF = [0.5**k for k in range(1, 6)]
# At most ten blocks of a step each; somebody bids in a third of them.
BIDS = {"window_blocks": 10, "block_seconds": 60.0, "bid_probability": 1 / 3}
Slots = dict[str, Any]


def acted(*venues: Slots, steps: int = 12, paths: int = PATHS) -> np.ndarray:
    """Step (p, v) at which each venue's account was closed, 99 where it was not."""
    names = [f"v{n}" for n in range(len(venues))]
    rules = {
        name: perpetuals_venue(fund=1e6, mechanisms=slots)
        for name, slots in zip(names, venues, strict=True)
    }
    traders = [Trader(name, [Held("BTC-P", 1.0, 100.0)], {QUOTE: 10.0}) for name in names]
    case = tiny_case(traders, [perpetual("BTC-P", "BTC")], rules, {"BTC": coin(100.0)})
    prices = [100.0, *[90.0] * steps]
    setup, tape, _ = run_case(case, paths_of(case, BTC=[prices] * paths))
    out = np.full((paths, len(names)), 99)
    mine = tape.kind == EventKind.LIQUIDATION
    out[tape.path[mine], setup.table.units.venue[tape.unit[mine]]] = tape.step[mine]
    return out


def near(share: float, truth: float) -> bool:
    return abs(share - truth) < 3.0 * (truth * (1.0 - truth) / PATHS) ** 0.5


@pytest.mark.parametrize(
    ("more", "step"),
    [({}, 2), ({"inclusion_blocks": 3}, 4), ({"finality_blocks": 2}, 4), ({"per_block": 1}, 2)],
)
def test_what_is_certain(more: Slots, step: int) -> None:
    """Sent at step 1; in the next block, the third, or the next that two others have followed."""
    assert acted({"settlement": {**BLOCK, **more}}, paths=3).tolist() == [[step]] * 3


@pytest.mark.parametrize(
    "chance",
    [{"censorship_probability": 0.5}, {"reorganisation_probability": 0.5}],
    ids=["censored", "reorganised"],
)
def test_a_block_that_leaves_it_out_or_is_dropped_makes_it_wait_for_the_next(chance: Slots) -> None:
    """Each block does so with a chance of a half: it acts k blocks later with 0.5^k."""
    step = acted({"settlement": {**BLOCK, **chance}})[:, 0]
    for k, truth in enumerate(HALF, start=1):
        assert near(float((step == 1 + k).mean()), truth), k


def test_a_censored_account_pays_for_the_fall_that_it_waits_for() -> None:
    """The fall goes on: of 20 steps of 1, each block that leaves it out costs 1 more."""
    chain = {"settlement": {**BLOCK, "censorship_probability": 0.5}}
    rules = {"v": perpetuals_venue(fund=1e6, mechanisms=chain)}
    long = Trader("v", [Held("BTC-P", 1.0, 100.0)], {QUOTE: 10.0})
    case = tiny_case([long], [perpetual("BTC-P", "BTC")], rules, {"BTC": coin(100.0)})
    prices = [100.0, *np.arange(90.0, 68.0, -1.0).tolist()]
    _, tape, _ = run_case(case, paths_of(case, BTC=[prices] * PATHS))
    paid = np.bincount(tape.path, tape.fund, PATHS)
    # At step 2 the price is 89, and the account lacks 1; the mean wait is two blocks.
    assert abs(float(paid.mean()) - 2.0) < 3.0 * 2.0**0.5 / PATHS**0.5
    assert set(np.round(paid, 9).tolist()) > {1.0, 2.0, 3.0, 4.0}


def test_two_chains_have_clocks_of_their_own() -> None:
    """A block in a step with 1 - e^-1/2 = 0.393 at either: both act in one step with
    0.393^2 / (1 - 0.607^2) = 0.245.
    """
    step = acted({"settlement": RANDOM}, {"settlement": RANDOM}, steps=30)
    q = 1.0 - np.exp(-0.5)
    for venue in (0, 1):
        assert near(float((step[:, venue] == 2).mean()), q)
    assert near(float((step[:, 0] == step[:, 1]).mean()), q * q / (1.0 - (1.0 - q) ** 2))


@pytest.mark.parametrize("order", [(RANDOM, BLOCK), (BLOCK, RANDOM)])
def test_a_regular_chain_beside_a_random_one_takes_no_chance_away(order: tuple[Slots, ...]) -> None:
    step = acted(*({"settlement": chain} for chain in order), steps=30)
    regular, random = (order.index(chain) for chain in (BLOCK, RANDOM))
    assert set(step[:, regular].tolist()) == {2}
    assert near(float((step[:, random] == 2).mean()), 1.0 - np.exp(-0.5))
    assert near(float((step[:, random] == 3).mean()), np.exp(-0.5) * (1.0 - np.exp(-0.5)))


def test_two_venues_auction_their_updates_apart() -> None:
    """The fall is held k blocks with 1/3 x (2/3)^(k - 1): both venues see it in one step with
    (1/9) / (1 - 4/9) = 0.2 or little more, for what no bid ends within ten blocks.
    """
    step = acted({"oracle_auction": BIDS}, {"oracle_auction": BIDS}, steps=14)
    for venue in (0, 1):
        assert near(float((step[:, venue] == step.min()).mean()), 1 / 3)
    assert near(float((step[:, 0] == step[:, 1]).mean()), 0.2 * (1.0 - (4 / 9) ** 9) + (4 / 9) ** 9)
