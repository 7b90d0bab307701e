"""Own mechanisms through the run: the laws with each slot on, hand-worked answers, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from random_cases import Recipe, build
from test_l1_money import assert_conserved
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import (
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.own.code import OWN_SLOTS, Own, OwnFile, OwnMechanismError
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind, join
from seawall.case import Case
from seawall.exposure.impairment import desk_impairment
from seawall.foundation.errors import InputError
from seawall.mechanism.templates import template

HEAD = '''"""For tests."""
from dataclasses import dataclass
import numpy as np
from seawall.cascade.custom import *
@dataclass(frozen=True)
class Nothing:
    """No parameters."""
'''


def own(slot: str, body: str) -> dict[str, Any]:
    """A table of a slot whose rule is the text of a function."""
    return {slot: {"file": OwnFile("own.py", f"{HEAD}SLOT = {slot!r}\n{body}\n")}}


def with_template(case: Case, slot: str) -> Case:
    """The Case with the commented mechanism of a slot at its venue."""
    venue = "lender" if slot == "auction" else "perps"
    file = OwnFile(f"{slot}.py", template(slot))
    # With its default it is the rule that a waterfall has anyway.
    values = {"keep": 0.5} if slot == "socialise" else {}
    rules = replace(case.rulebooks[venue], mechanisms={slot: {"file": file, **values}})
    return replace(case, rulebooks={**case.rulebooks, venue: rules})


def recipe(seed: int, lag: bool = False) -> Recipe:
    layers = ("fund", "adl", "socialised")
    return Recipe(seed, 6, 1, 3, 1, layers, 0.01, deep=False, lag=lag, rates=True, healthy=False)


@pytest.mark.parametrize("slot", OWN_SLOTS)
def test_laws_hold_with_the_template_of(slot: str) -> None:
    # Where prices have no lag nothing leaves them behind.
    plain, exogenous = build(recipe(2, lag=slot == "halt"))
    case = with_template(plain, slot)
    setup, draws = prepare(case), Draws(3, np.arange(4))
    tape, state = run(setup, exogenous, draws=draws, journal=Journal(cells_of(setup.table)))
    without, plainly = run(prepare(plain), exogenous, draws=draws)
    acted = tape.path.size != without.path.size or not np.array_equal(tape.kind, without.kind)
    acted = acted or not np.array_equal(state.holdings.cash, plainly.holdings.cash)
    assert acted, "the rule never changed anything: the test tests nothing"
    assert_conserved(setup, exogenous, state)
    assert settle(setup, state).imbalance == 0
    assert_same(tape, run(setup, exogenous, draws=draws, filtered=False)[0], FILTER)
    assert_same(tape, run_fast(setup, exogenous, draws=draws)[0], "L6: fast = plain")
    parts = [
        run(setup, exogenous[a:b], draws=Draws(3, np.arange(a, b)))[0] for a, b in ((0, 1), (1, 4))
    ]
    assert_same(join(parts), tape, CHUNKS)
    larger, _ = run(prepare(with_template(scaled(plain, 2.0), slot)), exogenous, draws=draws)
    assert_scaled(tape, larger, 2.0, exact=True)


@pytest.mark.parametrize("slot", ["oracle_source", "agent"])
def test_what_comes_later_changes_nothing_before_it(slot: str) -> None:
    plain, exogenous = build(recipe(4))
    setup = prepare(with_template(plain, slot))
    tape, _ = run(setup, exogenous)
    other = exogenous.copy()
    other[:, 6:] = exogenous[:, 5:6]
    changed, _ = run(setup, other)
    for one, two in zip(("path", "unit", "notional"), ("kind", "step", "fee"), strict=True):
        for name in (one, two):
            before = getattr(tape, name)[tape.step < 6]
            assert np.array_equal(before, getattr(changed, name)[changed.step < 6])


def one_long(mechanisms: dict[str, Any], layers: tuple[str, ...] = ("fund",)) -> Case:
    """A long of 10 BTC at 100 with 200 in cash against a short of 10, rich; 1% maintenance."""
    traders = [
        Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 200.0}, "desk"),
        Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 10_000.0}),
    ]
    venue = replace(perpetuals_venue(layers, fund=1e6), mechanisms=mechanisms)
    instruments = [perpetual("BTC-PERP", "BTC")]
    return tiny_case(traders, instruments, {"perps": venue}, {"BTC": coin(100.0)})


def test_an_agent_sells_pays_in_and_takes_out_as_worked_by_hand() -> None:
    """Step 1 at 90: half of 10 is sold at 90, and 50 paid in. Step 2 at 110: 20 are taken out.

    Desk: 200 + 10 x (90 - 100) = 100 before, cash 200 - 10 x 5 + 50 = 200 and 5 left at entry 100;
    at 90 equity 150. At 110: 150 + 5 x 20 = 250, less 20.
    """
    body = """
def step(rule, view, memory):
    close = np.zeros_like(view.size)
    pay = np.zeros_like(view.equity)
    first = view.desk[None, :] & (view.step == 1)
    close[first[:, view.account]] = 0.5
    pay[first] = 50.0
    pay[view.desk[None, :] & (view.step == 2)] = -20.0
    return Wishes(close, pay)
"""
    case = one_long(own("agent", body))
    setup, tape, state = run_case(case, paths_of(case, BTC=[100.0, 90.0, 110.0]))
    assert tape.desk_equity[0, :, 0] == pytest.approx([200.0, 150.0, 230.0], rel=1e-12)
    kinds = {EventKind(k): n for k, n in zip(tape.kind.tolist(), tape.notional, strict=True)}
    assert kinds == pytest.approx(
        {EventKind.TOP_UP: 50.0, EventKind.OWN_CLOSE: 450.0, EventKind.OWN_WITHDRAWAL: 20.0}
    )
    outside = state.accounts.assets["outside"][0, 0, setup.quote]
    assert outside == pytest.approx(20.0 - 50.0)
    # Lost at 90: 10 x 10. At 110 half of that has come back; what was taken out is not lost.
    loss = desk_impairment(setup, tape, "desk").loss[0]
    assert loss == pytest.approx([0.0, 100.0, 0.0], abs=1e-9)


def test_an_agent_sells_nothing_at_a_venue_that_is_out() -> None:
    """All is to be sold in every step; the venue is out for steps 1 and 2."""
    body = (
        "def step(rule, view, memory):\n"
        "    return Wishes(np.ones_like(view.size), np.zeros_like(view.equity))"
    )
    outage = {"venue": "perps", "at_seconds": 60.0, "duration_seconds": 120.0}
    case = with_failures(one_long(own("agent", body)), {"venue_outage": [outage]})
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0] * 5))
    assert tape.step[tape.kind == EventKind.OWN_CLOSE].tolist() == [3, 3]


def test_what_an_owner_took_out_is_not_lost_when_it_is_closed() -> None:
    """100 of 200 are taken out at 100; at 90.5 5 are left, below 9.05: closed, 95 are lost."""
    body = (
        "def step(rule, view, memory):\n"
        "    pay = -100.0 * (view.desk & (view.step == 1))\n"
        "    return Wishes(np.zeros_like(view.size), np.broadcast_to(pay, view.equity.shape))"
    )
    case = one_long(own("agent", body))
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 100.0, 90.5]))
    assert (tape.kind == EventKind.LIQUIDATION).any()
    assert tape.closed_loss == pytest.approx([95.0])


def test_a_withdrawal_beyond_what_can_be_spared_is_refused() -> None:
    body = (
        "def step(rule, view, memory):\n    return Wishes(np.zeros_like(view.size), -view.equity)"
    )
    case = one_long(own("agent", body))
    with pytest.raises(OwnMechanismError, match="200 of 190 quote that the account can spare"):
        run_case(case, paths_of(case, BTC=[100.0, 100.0]))


def test_an_own_halt_makes_closes_wait_and_is_written_down_once() -> None:
    """Bankrupt at 79 from step 1 on; halted in steps 1 and 2, sold in step 3 at 75."""
    body = "def step(rule, view, memory):\n    return np.full(view.market.shape, view.step < 3)"
    case = one_long(own("halt", body))
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 79.0, 78.0, 75.0]))
    assert [(EventKind(k), s) for k, s in zip(tape.kind, tape.step, strict=True)] == [
        (EventKind.OWN_HALT, 1),
        (EventKind.LIQUIDATION, 3),
        (EventKind.COVER, 3),
    ]
    assert tape.fund[-1] == pytest.approx(50.0)  # 200 - 10 x 25


def test_an_own_factor_and_an_own_price_move_the_liquidation() -> None:
    """Maintenance 1% of 950 is 9.5; times 20 it is 190, above the equity of 150: closed at 95."""
    calm = paths_of(one_long({}), BTC=[100.0, 95.0, 95.0])
    assert run_case(one_long({}), calm)[1].path.size == 0
    factor = "def step(rule, view, memory):\n    return np.full(view.price.shape, 20.0)"
    _, tape, _ = run_case(one_long(own("dynamic_margin", factor)), calm)
    assert (tape.kind[0], tape.step[0]) == (EventKind.LIQUIDATION, 1)
    # A source that shows 79 has the account closed, at the market's 95: 150 are left.
    price = "def step(rule, view, memory):\n    return np.where(view.step < 2, view.market, 79.0)"
    _, tape, _ = run_case(one_long(own("oracle_source", price)), calm)
    assert (tape.kind[0], tape.step[0]) == (EventKind.LIQUIDATION, 2)
    assert tape.desk_equity[0, -1, 0] == pytest.approx(150.0)


ANSWERS = {
    "def step(rule, view):\n    return np.full(view.equity.shape, 1.5)": "1.5 at .0,., expected a",
    "def step(rule, view):\n    return np.full(view.equity.shape, np.nan)": "answered nan",
    "def step(rule, view):\n    return 0.5": "answered float",
    "def step(rule, view):\n    view.equity[:] = 0.0": "own.py, row 10: .* read-only",
    "def step(rule, view):\n    return 1 / 0": "own.py, row 10: .*ZeroDivisionError",
}


@pytest.mark.parametrize("body", ANSWERS)
def test_an_answer_that_cannot_be_ends_the_run_with_a_sentence(body: str) -> None:
    case = one_long(own("sizing", body))
    with pytest.raises(OwnMechanismError, match=ANSWERS[body]):
        run_case(case, paths_of(case, BTC=[100.0, 79.0]))


def test_rounding_is_taken_off_and_no_more() -> None:
    """The last bit of a sum is nobody's fault; a millionth is."""
    body = (
        "def step(rule, view):\n"
        "    out = np.full(view.equity.shape, view.loss / view.equity.size)\n"
        "    out[0] = -1e-12 * view.loss\n    out[-1] += {} * view.loss\n    return out"
    )
    for over, fails in ((1e-12, False), (1.0, True)):
        case = one_long(own("socialise", body.format(over)), layers=("socialised",))
        exogenous = paths_of(case, BTC=[100.0, 70.0])
        if fails:
            with pytest.raises(OwnMechanismError, match="sum to 150, and 100 is the loss"):
                run_case(case, exogenous)
        else:
            _, tape, _ = run_case(case, exogenous)
            assert tape.socialised.sum() == pytest.approx(100.0)


def test_a_rule_goes_to_another_machine_as_its_text() -> None:
    import pickle

    rule = prepare(with_template(build(recipe(2))[0], "sizing")).mechanisms
    found = next(m["sizing"] for m in rule if "sizing" in m)
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, Own) and (again.file, again.slot) == (found.file, "sizing")  # type: ignore[attr-defined]
    assert vars(again.rule) == vars(found.rule)  # type: ignore[attr-defined]


def test_a_memory_begins_with_the_path() -> None:
    body = (
        "@dataclass\nclass Memory:\n    a: Floats\n"
        "def begin(rule, view):\n    return Memory(np.zeros(3))\n"
        "def step(rule, view, memory):\n    return view.market"
    )
    case = one_long(own("oracle_source", body))
    with pytest.raises(OwnMechanismError, match="first axis is the path"):
        run_case(case, paths_of(case, BTC=[100.0, 79.0]))


def test_own_mechanisms_stand_where_a_venue_asks_them() -> None:
    body = "def step(rule, view):\n    return view.bonus"
    with pytest.raises(InputError, match="does not fit a venue of style 'orderbook'"):
        prepare(one_long(own("auction", body)))
    body = "def step(rule, view):\n    return view.available"
    with pytest.raises(InputError, match="the waterfall has no layer 'adl'"):
        prepare(one_long(own("adl", body)))
    wrong = {"sizing": own("adl", body)["adl"]}
    with pytest.raises(InputError, match="SLOT is 'adl'"):
        prepare(one_long(wrong))
    with pytest.raises(InputError, match="keeps no memory"):
        prepare(one_long(own("sizing", "def begin(a, b): ...\ndef step(a, b): ...")))
    with pytest.raises(InputError, match="file is missing"):
        prepare(one_long({"agent": {}}))


def test_numbers_are_of_path_and_step_alone() -> None:
    """Two own mechanisms at one venue draw numbers of their own."""
    body = (
        "NUMBERS = 2\nseen = []\n"
        "def step(rule, view, memory):\n    seen.append(view.numbers)\n    return {}"
    )
    slots = own("halt", body.format("np.zeros(view.market.shape, dtype=bool)"))
    slots |= own("oracle_source", body.format("view.market"))
    case = one_long(slots)
    exogenous = np.repeat(paths_of(case, BTC=[100.0, 101.0, 102.0]), 3, axis=0)
    setup = prepare(case)
    run(setup, exogenous, draws=Draws(5, np.array([4, 5, 6])))
    run(setup, exogenous[1:2], draws=Draws(5, np.array([5])))
    seen = []
    for slot in ("halt", "oracle_source"):
        rule = setup.mechanisms[0][slot]
        assert isinstance(rule, Own)
        seen.append(rule.step.__globals__["seen"])
    halt, source = seen
    assert np.array_equal(halt[0][1], halt[2][0]) and np.array_equal(halt[1][1], halt[3][0])
    numbers = np.concatenate([np.ravel(x) for x in (*halt[:2], *source[:2])])
    assert np.unique(numbers).size == 24
