"""Rate limit, open-interest cap, withdrawal gate: parameters and pure steps, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.breaker.open_interest_cap import OpenInterestCap, above_cap, refused
from seawall.breaker.rate_limit import RateLimit, admit, start_rate
from seawall.breaker.withdrawal_gate import WithdrawalGate, is_closed, record, start_gate
from seawall.cascade.table import VENUE_SLOTS, compile_mechanisms
from seawall.foundation.errors import InputError

# At 90 with 1%: three accounts of 10, 20 and 2 coins.
#   equity 5, 12, 0.2; maintenance 9, 18, 1.8; shortfall 4, 6, 1.6; ratio .556, .667, .111
EQUITY, MAINTENANCE = np.array([5.0, 12.0, 0.2]), np.array([9.0, 18.0, 1.8])
NOTIONAL = np.array([900.0, 1_800.0, 180.0])


def taken(rule: RateLimit, windows: int = 3) -> list[list[int]]:
    """Who is closed in each window when nobody new comes."""
    memory, left, out = start_rate(1), np.arange(3), []
    for window in range(windows):
        path = np.zeros(left.size, dtype=np.int64)
        columns = (EQUITY[left], MAINTENANCE[left], NOTIONAL[left])
        mine = admit(rule, memory, window, path, *columns)
        out.append(left[mine].tolist())
        left = left[~mine]
    return out


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("account", [[0], [1], [2]]),
        ("largest_shortfall", [[1], [0], [2]]),
        ("lowest_ratio", [[2], [0], [1]]),
    ],
)
def test_each_order_differs_from_the_others(order: str, expected: list[list[int]]) -> None:
    assert taken(RateLimit(60.0, accounts=1, order=order)) == expected


def test_notional_stops_the_queue_and_one_too_large_goes_alone() -> None:
    # 900 fits into 1,000, the 1,800 behind it do not, and 180 wait their turn; 1,800 go alone.
    assert taken(RateLimit(60.0, notional=1_000.0, order="account")) == [[0], [1], [2]]
    # 180 + 900 fit into 1,100.
    assert taken(RateLimit(60.0, notional=1_100.0, order="lowest_ratio")) == [[0, 2], [1], []]


def test_a_window_remembers_what_it_has_let_through_on_its_own_path() -> None:
    rule, memory = RateLimit(60.0, accounts=2), start_rate(2)
    one = (np.array([1.0]), np.array([2.0]), np.array([10.0]))
    assert [bool(admit(rule, memory, 0, np.array([0]), *one)[0]) for _ in range(3)] == [
        True,
        True,
        False,
    ]
    assert admit(rule, memory, 0, np.array([1]), *one)[0]
    assert admit(rule, memory, 1, np.array([0]), *one)[0]


def test_at_the_cap_only_what_makes_the_vault_smaller_is_taken() -> None:
    # The vault is long 5: 3 more are refused, -3 and -8 are not, -12 leaves it short 7: refused.
    full = above_cap(np.array([100.0, 99.0]), np.array([100.0, 100.0]))
    assert full.tolist() == [True, False]
    change = np.array([3.0, -3.0, -8.0, -12.0])
    assert refused(np.full(4, True), np.full(4, 5.0), change).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert not refused(np.full(4, False), np.full(4, 5.0), change).any()


def test_caps_by_instrument_and_for_the_others() -> None:
    rule = OpenInterestCap({"BTC-PERP": 5.0}, 7.0)
    assert (rule.cap("BTC-PERP"), rule.cap("ETH-PERP")) == (5.0, 7.0)
    assert OpenInterestCap({"BTC-PERP": 5.0}).cap("ETH-PERP") == float("inf")


def test_the_gate_closes_above_its_limit_and_opens_again() -> None:
    # 60 + 50 of outflow within an hour exceed 100 at step 2: closed for two steps of a minute.
    rule = WithdrawalGate(outflow=100.0, window_seconds=3_600.0, closed_seconds=120.0)
    memory, path, nothing = start_gate(2), np.array([0]), np.zeros(1)
    assert not record(rule, memory, 60.0, 1, path, np.array([60.0]), nothing).any()
    closes = record(rule, memory, 60.0, 2, path, np.array([50.0]), nothing)
    assert closes.tolist() == [True, False]
    assert [is_closed(memory, step).tolist()[0] for step in (2, 3, 4)] == [True, True, False]
    assert not is_closed(memory, 2)[1]
    # The next hour starts from nothing.
    assert not record(rule, memory, 60.0, 61, path, np.array([99.0]), nothing).any()


def test_bad_debt_closes_the_gate_too() -> None:
    rule, memory = WithdrawalGate(bad_debt=0.0), start_gate(1)
    path, nothing = np.array([0]), np.zeros(1)
    assert not record(rule, memory, 60.0, 1, path, np.array([1e6]), nothing).any()
    assert record(rule, memory, 60.0, 1, path, nothing, np.array([0.01])).all()


@pytest.mark.parametrize(
    ("slot", "table", "words"),
    [
        ("withdrawal_gate", {}, "limits nothing"),
        ("liquidation_rate_limit", {"window_seconds": 60.0}, "limits nothing"),
        ("open_interest_cap", {}, "caps nothing"),
        ("price_band", {"width": 0.0}, "width"),
        ("price_band", {"width": 0.1, "reference": "last"}, "reference"),
        ("velocity", {"move": 0.1, "window_seconds": 60.0}, "halt_seconds"),
        ("staleness", {"limit_seconds": 0.0}, "limit_seconds"),
        ("dynamic_margin", {"rule": "open_interest_scaled", "bounds": {}, "cap": 0.5}, "cap"),
        (
            "dynamic_margin",
            {"rule": "open_interest_scaled", "bounds": {"BTC": {"lower": 5.0, "upper": 5.0}}},
            "upper bound above",
        ),
    ],
)
def test_refusals(slot: str, table: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        compile_mechanisms({slot: table}, VENUE_SLOTS, "rulebook test")


def test_a_table_of_every_slot_is_read() -> None:
    found = compile_mechanisms(
        {
            "price_band": {"width": 0.05},
            "velocity": {"move": 0.05, "window_seconds": 60.0, "halt_seconds": 300.0},
            "staleness": {"limit_seconds": 900.0},
            "open_interest_cap": {"caps": {"BTC-PERP": 1e6}, "default": 1e5},
            "withdrawal_gate": {"bad_debt": 1e4},
            "liquidation_rate_limit": {"window_seconds": 60.0, "accounts": 10},
            "dynamic_margin": {"rule": "volatility_scaled", "buffer": 0.25},
        },
        VENUE_SLOTS,
        "rulebook test",
    )
    assert found["open_interest_cap"] == OpenInterestCap({"BTC-PERP": 1e6}, 1e5)
    assert found["liquidation_rate_limit"] == RateLimit(60.0, 10)
