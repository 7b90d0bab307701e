"""The cash ladder against closed forms, the plain requirement, and what topping up does."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from random_cases import LAYERS, Recipe, build
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.book import AccountKind
from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cascade.pieces.loops import Loop
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.exposure.cash.answer import cash_answer
from seawall.exposure.cash.due import INITIAL, MAINTENANCE, Seen, desk_of, now, surplus
from seawall.exposure.cash.ladder import ladder
from seawall.exposure.cash.named import Move, replayed, shocked
from seawall.exposure.cash.needs import Needs, away, observed, on_paths, watched, with_transfers
from seawall.exposure.cash.top_up import topped_up
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.scenario.events import load_event

SIZE, ENTRY, CASH, RATE = 10.0, 100.0, 120.0, 0.01


def one_perp(scale: float = 1.0, **more):
    """A desk long 10 BTC at 100 with 120 of cash; maintenance 1% of notional."""
    trader = Trader("v", (Held("BTC-PERP", scale * SIZE, ENTRY),), {QUOTE: scale * CASH}, "me")
    return tiny_case(
        [trader],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue()},
        {"BTC": coin(100.0, volatility=1.2)},
        step_seconds=900.0,
        **more,
    )


def desk_case(seed: int, **fixed):
    """A random book, its first two accounts of one desk, the others a crowd."""
    r = np.random.default_rng(seed)
    free = {
        "seed": seed,
        "linear": int(r.integers(2, 5)),
        "inverse": int(r.integers(0, 3)),
        "borrowers": int(r.integers(0, 3)),
        "writers": int(r.integers(0, 2)),
        "layers": LAYERS[1],
        "capital": 1.0,
        "deep": False,
        "lag": True,
        "rates": False,
        "healthy": False,
        "square_root": False,
        "total": False,
    }
    case, _ = build(Recipe(**{**free, **fixed}))
    names = len(case.book.account_names)
    order = [n % 2 == 0 for n in range(names)]
    book = replace(
        case.book,
        account_kind=tuple(AccountKind.DESK if d else AccountKind.CROWD for d in order),
        account_owner=tuple("me" if d else f"t{n}" for n, d in enumerate(order)),
    )
    return replace(case, book=book)


def needs_of(case, marks, paths=40, seed=1, level=MAINTENANCE, engine=Engine.PLAIN):
    desk = desk_of(case, None, level)
    return desk, on_paths(desk, prepare(case), paths, marks, seed, Compute(engine))


def test_one_perpetual_has_a_closed_form() -> None:
    # need_t = max(0, 1% x 10 S_t - (120 + 10 (S_t - 100))) = max(0, 880 - 9.9 S_t)
    case, marks = one_perp(), np.array([4, 16, 40, 96])
    _, needs = needs_of(case, marks, paths=300)
    setup = prepare(case)
    number = np.arange(300)
    path = draw(setup, (BASE,), Runs(number, np.zeros_like(number)), 96, 1)
    price = path[:, :, setup.table.assets.index("BTC")]
    short = np.maximum(SIZE * ENTRY - CASH - (1.0 - RATE) * SIZE * price, 0.0)
    expected = np.maximum.accumulate(short, axis=1)[:, marks]
    assert np.count_nonzero(expected[:, -1]) > 10
    assert needs.need[:, :, 0] == pytest.approx(expected, rel=1e-12, abs=1e-9)
    spare = np.maximum((1.0 - RATE) * SIZE * price - (SIZE * ENTRY - CASH), 0.0)
    assert needs.free[:, :, 0] == pytest.approx(
        np.minimum.accumulate(spare, axis=1)[:, marks], rel=1e-12, abs=1e-9
    )


@pytest.mark.parametrize("level", [MAINTENANCE, INITIAL])
def test_many_markets_at_once_are_the_requirement_of_each(level) -> None:
    random = np.random.default_rng(5)
    for seed in range(4):
        case = desk_case(seed)
        desk = desk_of(case, None, level)
        markets = 12
        price = desk.spot * np.exp(random.normal(0.0, 0.2, (markets, desk.spot.size)))
        found = surplus(desk, Seen(price, np.zeros_like(price), np.zeros(markets)))
        whole = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
        feed = {
            key: f for f, key in enumerate(zip(whole.feed_venue, whole.feed_asset, strict=True))
        }
        units = [
            u
            for u in range(whole.units.account.size)
            if case.book.account_owner[whole.units.account[u]] == "me"
        ]
        own = desk.table
        for n in range(markets):
            full = np.array([case.market.assets[whole.assets[k]].spot for k in whole.feed_asset])
            start = full.copy()
            for f, key in enumerate(zip(own.feed_venue, own.feed_asset, strict=True)):
                full[feed[key]] = price[n, f]
            need = moved_requirement(whole, start, full)
            due = need.maintenance if level == MAINTENANCE else need.initial
            assert found[n] == pytest.approx((need.equity - due)[units], rel=1e-9, abs=1e-6)


def moved_requirement(table, start, price):
    """The static requirement at moved prices; the volatility of options moved as the loop does."""
    o = table.options
    if not o.unit.size:
        return requirement(table, price)
    change = price[o.feed] / start[o.feed] - 1.0
    moved = replace(o, volatility=np.maximum(o.volatility + o.slope * change, 0.01))
    return requirement(replace(table, options=moved), price)


def test_prices_noted_by_either_loop_give_what_looking_at_the_plain_one_gives() -> None:
    marks = np.array([1, 5, 12])
    for seed in (0, 3):
        case = desk_case(seed)
        desk, setup = desk_of(case, None, MAINTENANCE), prepare(case)
        _, noted = needs_of(case, marks)
        number = np.arange(40)
        runs = Runs(number, np.zeros_like(number), absence=away(desk, setup, 40))
        looked = observed(desk, setup, runs, marks, 1)
        fast = watched(desk, setup, runs, marks, 1, Loop.FAST)
        assert np.array_equal(noted.need, fast.need)
        assert np.array_equal(noted.free, fast.free)
        assert noted.need == pytest.approx(looked.need, rel=1e-9, abs=1e-7)
        assert noted.pooled == pytest.approx(looked.pooled, rel=1e-9, abs=1e-7)
    rated = desk_case(11, rates=True)
    desk, setup = desk_of(rated, None, MAINTENANCE), prepare(rated)
    runs = Runs(number, np.zeros_like(number), absence=away(desk, setup, 40))
    looked = observed(desk, setup, runs, marks, 1)
    noted = watched(desk, setup, runs, marks, 1, Loop.PLAIN)
    # Funding accrues on the price at the end of a step, not at its start: a small part of itself.
    gross = float(np.abs(desk.table.rows.size * desk.spot[desk.table.rows.feed]).sum())
    assert np.abs(noted.need - looked.need).max() <= 1e-6 * gross


def test_margin_that_follows_the_market_is_looked_at_in_the_plain_loop() -> None:
    rule = {"rule": "volatility_scaled", "strength": 1.0, "cap": 3.0}
    case, marks = one_perp(), np.array([24, 96])
    venue = replace(case.rulebooks["v"], mechanisms={"dynamic_margin": rule})
    _, static = needs_of(case, marks, paths=60)
    _, scaled = needs_of(replace(case, rulebooks={"v": venue}), marks, paths=60)
    assert np.all(scaled.need >= static.need)
    assert scaled.need.max() > static.need.max()


def test_chunks_of_paths_change_no_bit(monkeypatch) -> None:
    case, marks = desk_case(2), np.array([2, 8])
    _, whole = needs_of(case, marks, paths=50)
    monkeypatch.setattr("seawall.cascade.engine.CHUNK", 16)
    _, parts = needs_of(case, marks, paths=50)
    assert np.array_equal(whole.need, parts.need)
    assert np.array_equal(whole.pooled, parts.pooled)


def test_everything_ten_times_as_large_needs_ten_times_as_much() -> None:
    marks = np.array([48, 96])
    _, small = needs_of(one_perp(), marks, paths=100)
    _, large = needs_of(one_perp(10.0), marks, paths=100)
    assert large.need == pytest.approx(10.0 * small.need, rel=1e-9, abs=1e-9)


def test_topping_up_the_99_percent_amount_leaves_one_percent_of_paths() -> None:
    case = one_perp()
    found = cash_answer(case, hours=24, paths=1_000, seed=1)
    (row,) = found.result["accounts"]
    assert 0.02 < row["chance"][-1] < 0.9
    top = row["quantiles"][-1]["value"]
    assert top[row["from_hour"] - 1] > 0.0
    assert row["from_hour"] == 1 or top[row["from_hour"] - 2] == 0.0
    assert row["never_needed"] == 0.0  # it is short on more than 1% of paths
    before = check(case, paths=1_000, seed=1, horizon_seconds=86_400.0)
    after = check(found.case, paths=1_000, seed=1, horizon_seconds=86_400.0)

    def liquidated(result) -> float:
        return result["dre"]["scopes"]["desk:me"]["kinds"]["liquidation"][-1]

    # The same paths: who needed anything was liquidated; after, those beyond rank 990 of 1,000.
    assert liquidated(before) == pytest.approx(row["chance"][-1], abs=1e-12)
    assert liquidated(after) == pytest.approx(0.01, abs=0.001 + 1e-12)


@pytest.mark.slow
def test_topping_up_the_99_percent_amount_leaves_one_percent_of_other_paths() -> None:
    # 1% within three standard deviations, the quantile's own (.31%) and the count's (.22%).
    found = cash_answer(one_perp(), hours=24, paths=1_000, seed=1)
    fresh = check(found.case, paths=2_000, seed=77, horizon_seconds=86_400.0)
    share = fresh["dre"]["scopes"]["desk:me"]["kinds"]["liquidation"][-1]
    print(f"liquidated on fresh paths: {share:.2%}")
    assert share == pytest.approx(0.01, abs=3.0 * np.hypot(0.0031, 0.0022))


def test_topping_up_what_the_worst_path_needs_leaves_no_need() -> None:
    marks, seen = np.array([6, 12]), set()
    for seed in (9, 13, 2):
        case = desk_case(seed)
        desk, needs = needs_of(case, marks)
        most = needs.units[:, -1].max(axis=0) * (1.0 + 1e-9)
        if np.any(np.isnan(most)) or not np.any(most > 0.0):
            continue
        seen |= {bool(i) for i, m in zip(desk.table.units.isolated, most, strict=True) if m > 0.0}
        _, after = needs_of(topped_up(case, desk, most.tolist()), marks)
        assert after.need.max() <= 1e-6 * (1.0 + needs.need.max()), seed
    assert seen == {False, True}


def test_transfers_by_hand() -> None:
    # Steps 0, 1, 2, 3; two accounts. A needs 5 at step 1 and 20 by step 3, B never less than 12
    # free (15 at first). Alone 5, 5, 20. Sent at the start and landing at step 2: 5 until then;
    # afterwards 5 (what A had to have before) or 20 - 12 = 8, whichever is larger.
    need = np.array([[[0.0, 0.0], [5.0, 0.0], [5.0, 0.0], [20.0, 0.0]]])
    free = np.array([[[1.0, 15.0], [0.0, 15.0], [0.0, 12.0], [0.0, 12.0]]])
    needs = Needs(need, free, need, np.zeros((1, 4)))
    marks = np.array([0, 1, 2, 3])
    assert with_transfers(needs, 2, marks).tolist() == [[0.0, 5.0, 5.0, 8.0]]
    assert with_transfers(needs, 0, marks).tolist() == [[0.0, 0.0, 0.0, 8.0]]
    assert with_transfers(needs, 9, marks).tolist() == [[0.0, 5.0, 5.0, 20.0]]  # lands too late


def test_one_purse_needs_least_and_transfers_lie_between() -> None:
    marks = np.arange(0, 13)
    for seed in range(3):
        _, needs = needs_of(desk_case(seed), marks)
        alone = needs.need.sum(axis=2)
        at_once, later = with_transfers(needs, 0, marks), with_transfers(needs, 6, marks)
        slack = 1e-9 * (1.0 + alone)
        assert np.all(needs.pooled <= at_once + slack)
        assert np.all(at_once <= later + slack)
        assert np.all(later <= alone + slack)
        assert np.all(np.diff(later, axis=1) >= -1e-6 * (1.0 + alone[:, 1:]))


def test_quantiles_are_ranks_with_intervals() -> None:
    amount = np.arange(1, 1_001, dtype=float)[::-1, None]
    found = ladder(amount)
    by_level = {q["level"]: q for q in found["quantiles"]}
    assert by_level[0.99]["value"] == [990.0]
    # David and Nagaraja: ranks around the 99% of 1,000 at 95%: binomial (1000, .99), sd 3.15.
    assert 980.0 <= by_level[0.99]["low"][0] <= 984.0
    assert 995.0 <= by_level[0.99]["high"][0] <= 998.0
    assert ladder(amount[:50])["quantiles"][-1]["high"] is None
    assert found["chance"] == [1.0]


def test_shocks_and_events_by_hand() -> None:
    case = one_perp()
    desk = desk_of(case, None, MAINTENANCE)
    (row,) = shocked(desk, [Move("BTC -20%", {"BTC": 0.8}, 0.0)])
    assert row["total"] == pytest.approx(880.0 - 9.9 * 80.0, rel=1e-12)
    assert row["by_venue"] == {"v": row["total"]}
    events = {e["name"]: e for e in replayed(case, desk, 96, 900.0)}
    for name in ("2023-08-17-btc", "2025-10-10-market", "2022-11-08-ftx"):
        event = load_event(name)
        seconds, prices = event.knots["BTC"].seconds, np.array(event.knots["BTC"].prices)
        last = min(86_400.0, event.duration_seconds // 900.0 * 900.0)
        times = np.arange(0.0, last + 1.0, 900.0)
        lowest = np.exp(np.interp(times, seconds, np.log(prices))).min() / prices[0]
        expected = max(0.0, 880.0 - 9.9 * 100.0 * lowest)
        assert events[name]["total"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert events[name]["moved"] == 1.0


def test_shocks_of_the_sample_are_its_margins_after_the_shock() -> None:
    from seawall.whatif.compare import what_if
    from seawall.whatif.edit import parse_shock, price_factors

    case = sample_case(crowd=30)
    desk = desk_of(case, None, MAINTENANCE)
    (row,) = shocked(desk, [Move("x", price_factors(case, parse_shock("all=-20%")), 0.0)])
    states = what_if(case, (), "all=-20%", None, None).states
    for standing in states[-1].standings:
        if standing.account == "harbour/options":
            continue  # the loop moves implied volatility with spot, what-if leaves it
        short = max(0.0, standing.maintenance - standing.equity)
        assert row["by_account"][standing.account] == pytest.approx(short, rel=1e-9, abs=1e-6)


def test_the_same_json_by_either_engine() -> None:
    case = desk_case(3)

    def text(engine: Engine) -> str:
        found = cash_answer(case, hours=1, paths=30, compute=Compute(engine))
        return json.dumps(found.result)

    assert text(Engine.PLAIN) == text(Engine.FAST)


def test_what_cannot_be_answered_is_said() -> None:
    case = one_perp()
    with pytest.raises(InputError, match="there is no desk 'you'"):
        desk_of(case, "you", MAINTENANCE)
    with pytest.raises(InputError, match="0 hours"):
        cash_answer(case, hours=0)
    two = replace(case.book, account_kind=(AccountKind.CROWD,))
    with pytest.raises(InputError, match="no account of kind 'desk'"):
        desk_of(replace(case, book=two), None, MAINTENANCE)
    assert surplus(desk_of(case, None, MAINTENANCE), now(desk_of(case, "me", MAINTENANCE))).shape
