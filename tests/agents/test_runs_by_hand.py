"""Runs on pools and vaults: who asks, what is paid, and what is missing afterwards, by hand."""

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
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.agents.run import PoolRun, VaultRun, added_rate, pool_hazard, thresholds
from seawall.cascade.engine import prepare
from seawall.cascade.state import begin
from seawall.cascade.tape import NEVER, EventKind, Tape
from seawall.case import Case
from seawall.exposure.impairment import venue_impairment
from seawall.foundation.errors import InputError
from seawall.venues import Collateral, Liquidation

# Leaves in the first step of 60 s: a hazard of 694 a step, above any threshold but e^-694.
AT_ONCE = {"base": 1e6}


def pool(run: dict[str, Any], owed: float = 600.0, **more: Any) -> Case:
    """10 coins against 600, of a pool that is 75% used: 800 deposited, 200 not lent out."""
    rules = lending_venue({"COIN": Collateral(0.7, 0.8, 0.05)}, liquidation=Liquidation(
        "keeper", close_factor=1.0, full_below=0.95))  # fmt: skip
    slot = {"rule": "pool", "utilisation": 0.75, "depositors": 4, **run}
    rules = replace(rules, mechanisms={"run": slot})
    traders = [Trader("bank", (), {"COIN": 10.0, QUOTE: -owed})]
    return tiny_case(traders, [], {"bank": rules}, {"COIN": coin(100.0)}, **more)


def taken(tape: Tape) -> list[tuple[int, float]]:
    mine = tape.kind == EventKind.WITHDRAWN
    return list(zip(tape.step[mine].tolist(), tape.notional[mine].tolist(), strict=True))


def test_a_pool_pays_what_is_not_lent_out_and_repayments_serve_the_queue() -> None:
    # All four ask for 200 each in step 1 and share the 200 that are there. At 70 the loan (health
    # 0.93) is called: 600 repaid come in at step 3, and at step 4 the queue gets them.
    case = pool(AT_ONCE)
    setup, tape, state = run_case(case, paths_of(case, COIN=[100, 100, 100, 70, 70, 70]))
    assert taken(tape) == [(1, pytest.approx(200.0)), (4, pytest.approx(600.0))]
    pool_account = state.accounts.assets["pool"][0, 0]
    assert pool_account[setup.quote] == pytest.approx(-200.0)
    assert state.behaviour.depositors[0].paid[0, setup.quote] == pytest.approx(800.0)


def test_a_dry_pool_makes_debts_dearer() -> None:
    # After the run the pool is used in full: the rate above the kink of 0.9 adds 10 a year, for
    # the 59 steps of the hour after the first: 600 x 10 x 59 x 60 s / 31,536,000 s = 0.6735.
    case = pool({**AT_ONCE, "rate_at_full": 10.0})
    setup, _, state = run_case(case, paths_of(case, COIN=[100.0] * 61))
    debt = setup.table.rows.asset == setup.quote
    owed = -state.holdings.size[0, debt][0]
    assert owed - 600.0 == pytest.approx(600.0 * 10.0 * 59 * 60 / (365 * 86_400), rel=1e-6)


def test_dearer_debts_bring_a_loan_down_at_a_price_that_would_not() -> None:
    # Threshold 0.8: at 75.1 the loan of 600 is healthy (600.8). At 100 a year, 600 grow by 0.114
    # a step, charged after an hour: 606.7 is not.
    quiet, dear = pool(AT_ONCE), pool({**AT_ONCE, "rate_at_full": 100.0})
    prices = [100.0] + [75.1] * 60
    for case, falls in ((quiet, 0), (dear, 1)):
        _, tape, _ = run_case(case, paths_of(case, COIN=prices))
        called = tape.step[tape.kind == EventKind.LIQUIDATION].tolist()
        assert called == [60] * falls


def test_keepers_wait_for_collateral_that_the_pool_has_lent_to_others() -> None:
    # The coins of t0 are lent on to t1 (8 of its 10; used 80%: no other depositor of coins), so
    # keepers cannot have all ten of t0. When t1's own loan is called the coins come back. Of the
    # quote 2,100 are there and 700 lent, so t1's 1,100 can be handed out.
    rules = lending_venue({
        "COIN": Collateral(0.7, 0.8, 0.05), QUOTE: Collateral(0.7, 0.8, 0.05)
    }, liquidation=Liquidation("keeper", close_factor=1.0, full_below=0.95))  # fmt: skip
    run = {"rule": "pool", "utilisation": 0.8, "base": 1e-6}
    traders = [
        Trader("bank", (), {"COIN": 10.0, QUOTE: -700.0}),
        Trader("bank", (), {"COIN": -8.0, QUOTE: 1_100.0}),
        Trader("bank", (), {QUOTE: 1_000.0}),
    ]
    free = tiny_case(traders, [], {"bank": rules}, {"COIN": coin(100.0)})
    held = replace(free, rulebooks={"bank": replace(rules, mechanisms={"run": run})})
    # 80: t0's health is 640 / 700; 120: t1's is 880 / 960, and t0's 960 / 700.
    fall, back = [100.0, 80.0, 80.0], [100.0, 80.0, 120.0, 80.0]
    for case, first in ((free, [0]), (held, [])):
        _, tape, _ = run_case(case, paths_of(case, COIN=fall))
        assert tape.unit[tape.kind == EventKind.LIQUIDATION].tolist() == first
    _, tape, _ = run_case(held, paths_of(held, COIN=back))
    called = tape.kind == EventKind.LIQUIDATION
    assert list(zip(tape.step[called].tolist(), tape.unit[called].tolist(), strict=True)) == [
        (2, 1),
        (3, 0),
    ]


def vault(run: dict[str, Any], **more: Any) -> Case:
    """A vault of 1,000 behind one long of ten coins with 110 of cash."""
    slot = {"rule": "vault", "depositors": 4, **run}
    rules = perpetuals_venue(
        ("backstop", "socialised"), backstop=1_000.0, mechanisms={"run": slot}, **more
    )
    traders = [
        Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 110.0}),
        Trader("perps", [Held("COIN-P", -10.0, 100.0)], {QUOTE: 2_000.0}),
    ]
    return tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0)}
    )


def test_what_has_left_the_vault_absorbs_nothing() -> None:
    # 80: the long owes 90. A full vault pays all of it; one that was left before pays nothing,
    # and the short bears it.
    stays, leaves = vault({"base": 1e-6}), vault(AT_ONCE)
    for case, paid, shared in ((stays, 90.0, 0.0), (leaves, 0.0, 90.0)):
        _, tape, _ = run_case(case, paths_of(case, COIN=[100, 100, 80]))
        cover = tape.kind == EventKind.COVER
        assert tape.backstop[cover].sum() == pytest.approx(paid)
        assert tape.socialised[cover].sum() == pytest.approx(shared)


def test_a_lock_keeps_the_money_in_reach() -> None:
    # Asked in step 1, locked for 180 s: paid in step 4, less the 90 that step 2 has cost.
    case = vault({**AT_ONCE, "lock_seconds": 180.0})
    _, tape, _ = run_case(case, paths_of(case, COIN=[100, 100, 80, 80, 80]))
    assert taken(tape) == [(4, pytest.approx(910.0))]


def test_a_vault_keeps_margin_on_what_it_took_over() -> None:
    # At 90 the long has 10 left, above maintenance of 9; at 89.7 it has 7, below 8.97 and above
    # two thirds of it: taken over, equity 1,007. 20% of a notional of 897 must stay: 827.6 go.
    liquidation = Liquidation("orderbook", backstop_ratio=1.0)
    case = vault({**AT_ONCE, "margin": 0.2, "lock_seconds": 60.0}, liquidation=liquidation)
    prices = [100, 89.7, 89.7]
    _, tape, _ = run_case(case, paths_of(case, COIN=prices))
    assert np.count_nonzero(tape.kind == EventKind.BACKSTOP) == 1
    assert taken(tape) == [(2, pytest.approx(1_007.0 - 0.2 * 897.0))]


def test_depositors_leave_at_their_hazard() -> None:
    # Hazard of 24 a day for an hour: each of 100 has left with 1 - e^-1.
    case = vault({"base": 24.0, "depositors": 100})
    _, _, state = run_case(case, paths_of(case, COIN=[[100.0] * 61] * 50))
    asked = state.behaviour.depositors[0].asked[:, -1] / 100
    assert asked.mean() == pytest.approx(1.0 - np.exp(-1.0), abs=0.02)
    assert asked.std() == pytest.approx(np.sqrt(np.exp(-1) * (1 - np.exp(-1)) / 100), rel=0.3)


def test_in_concert_all_leave_in_the_same_step() -> None:
    case = vault({"base": 24.0, "depositors": 100, "concert": 1.0})
    _, _, state = run_case(case, paths_of(case, COIN=[[100.0] * 61] * 400))
    asked = state.behaviour.depositors[0].asked[:, -1]
    assert set(asked.tolist()) == {0, 100}
    assert asked.mean() / 100 == pytest.approx(1.0 - np.exp(-1.0), abs=0.06)


def test_what_others_withdraw_feeds_the_run() -> None:
    shy, herd = vault({"base": 2.0}), vault({"base": 2.0, "on_withdrawn": 200.0})
    left = []
    for case in (shy, herd):
        _, _, state = run_case(case, paths_of(case, COIN=[[100.0] * 61] * 100))
        left.append(state.behaviour.depositors[0].asked[:, -1].mean() / 4)
    assert left[0] == pytest.approx(1.0 - np.exp(-2.0 / 24), abs=0.05)
    assert left[1] > 1.5 * left[0]


def test_the_first_depositor_may_stay_or_leave_at_once() -> None:
    # Nobody else leaves: the vault of 1,000 pays a quarter to the first alone, in step 1.
    for first, got in (("rule", 0.0), ("stays", 0.0), ("leaves", 250.0)):
        case = vault({"base": 1e-6, "first": first})
        _, tape, state = run_case(case, paths_of(case, COIN=[100, 100, 80]))
        one = state.behaviour.depositors[0].first
        assert one.value == pytest.approx([got])
        assert sum(notional for _, notional in taken(tape)) == pytest.approx(got)
    # All leave a pool of 800 with 200 in it: the first gets its quarter of what is paid.
    case = pool(AT_ONCE)
    _, _, state = run_case(case, paths_of(case, COIN=[100, 100]))
    assert state.behaviour.depositors[0].first.value == pytest.approx([50.0])
    # If it stays, the others share the 200.
    case = pool({**AT_ONCE, "first": "stays"})
    _, tape, state = run_case(case, paths_of(case, COIN=[100, 100]))
    assert state.behaviour.depositors[0].first.value == [0.0]
    assert taken(tape) == [(1, pytest.approx(200.0))]


def test_hazards_add_up_and_rates_are_kinked() -> None:
    rule = PoolRun(0.8, base=1.0, on_loss=10.0, on_utilisation=2.0, on_fall=5.0, on_withdrawn=4.0,
                   rate_at_full=0.6)  # fmt: skip
    one = np.array([1.0])
    # 1 + 10 x 0.1 + 2 x 0.9 + 5 x 0.2 + 4 x 0.5 = 6.8 a day.
    assert pool_hazard(rule, 0.1 * one, 0.9 * one, 0.2 * one, 0.5 * one) * 86_400.0 == 6.8
    assert added_rate(rule, np.array([0.5, 0.9, 0.95, 1.0])) == pytest.approx([0, 0, 0.3, 0.6])
    assert thresholds(np.exp([-2.0])) == pytest.approx([2.0])


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="nobody ever leaves"):
        VaultRun(on_withdrawn=3.0)
    case = vault(AT_ONCE)
    rules = case.rulebooks["perps"]
    bare = replace(rules, waterfall=replace(rules.waterfall, layers=("socialised",)))
    with pytest.raises(InputError, match="no backstop vault"):
        prepare(replace(case, rulebooks={"perps": bare}))
    lent = {"rule": "pool", "utilisation": 0.8, "base": 1.0}
    with pytest.raises(InputError, match="lending pool"):
        prepare(replace(case, rulebooks={"perps": replace(rules, mechanisms={"run": lent})}))
    borrowers = pool(AT_ONCE)
    stops = {"stops": {"share": 1.0, "median": 0.1}}
    bank = replace(borrowers.rulebooks["bank"], mechanisms=stops)
    with pytest.raises(InputError, match="order book"):
        prepare(replace(borrowers, rulebooks={"bank": bank}))


def test_what_a_pool_holds_at_the_start() -> None:
    case = pool({"base": 1e-6})
    memory = begin(prepare(case), np.array([[1.0, 100.0]])).behaviour.depositors[0]
    # 600 / 0.75 deposited, all by others; the ten coins are nobody's but the borrower's.
    assert memory.claim[0] == pytest.approx([800.0, 0.0])
    assert memory.idle[0] == pytest.approx([200.0, 10.0])


def test_a_vault_that_was_left_is_ruined_by_what_a_full_one_could_pay() -> None:
    # The vault is the last payer: its 90 are less than the 1,000 it began with, and more than the
    # nothing that depositors left in it.
    for run, ruined in (({"base": 1e-6}, False), (AT_ONCE, True)):
        case = vault(run)
        rules = case.rulebooks["perps"]
        last = replace(rules.waterfall, layers=("backstop",))
        case = replace(case, rulebooks={"perps": replace(rules, waterfall=last)})
        setup, tape, _ = run_case(case, paths_of(case, COIN=[100, 100, 80]))
        assert tape.backstop.sum() == pytest.approx(90.0)
        found = venue_impairment(setup, tape, 0).step
        assert found.tolist() == ([2] if ruined else [NEVER])
