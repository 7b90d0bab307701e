"""Numbers written as integers, floats or text: dYdX's and Drift's handlers read them alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import handlers_drift
import handlers_dydx
import pytest
from peer_runner import PeerCase, compare
from peer_units import to_smallest_units, whole

HANDLERS = {**handlers_drift.HANDLERS, **handlers_dydx.HANDLERS}
BY_HAND = [*handlers_drift.BY_HAND, *handlers_dydx.BY_HAND]
PARTS = ("parameters", "market", "account", "action")


def rewritten(value: Any, form: str) -> Any:
    """The same numbers as text ("0.1", "1000") or, where they are whole, as integers or floats."""
    if isinstance(value, dict):
        return {name: rewritten(below, form) for name, below in value.items()}
    if isinstance(value, list):
        return [rewritten(below, form) for below in value]
    if not isinstance(value, int | float):
        return value
    if form == "text":
        return format(Decimal(str(value)), "f")
    if form == "float":
        return float(value)
    return int(value) if value == int(value) else value


@pytest.mark.parametrize("form", ["text", "float", "int"])
@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: f"{case['venue']}-{case['kind']}")
def test_the_form_of_a_number_does_not_matter(case: PeerCase, form: str) -> None:
    given = {part: rewritten(case[part], form) for part in PARTS if part in case}
    assert compare(HANDLERS, {**case, **given}) == []


def test_an_account_without_positions_or_markets_is_not_liquidatable() -> None:
    case: PeerCase = {
        "venue": "dydx_v4",
        "kind": "is_liquidatable",
        "parameters": {"initial_margin_fraction": "0.20", "maintenance_fraction_of_initial": 1},
        "market": {},
        "account": {"quote_quantums": -5, "positions": []},
        "action": None,
        "tolerance": {},
        "expected": {"is_liquidatable": False},
    }
    assert compare(HANDLERS, case) == []
    assert compare(HANDLERS, {**case, "account": {"quote_quantums": -5}}) == []


@pytest.mark.parametrize("case", handlers_dydx.BY_HAND, ids=lambda case: case["kind"])
def test_a_remark_beside_the_markets_is_no_market(case: PeerCase) -> None:
    market = {**case["market"], "note": "prices of the venue's tests", "block": 7}
    assert compare(HANDLERS, {**case, "market": market}) == []


@pytest.mark.parametrize(
    ("amount", "decimals", "units"),
    [
        (0.1 + 0.2, 6, 300_000),  # 0.30000000000000004
        (1e-06, 6, 1),
        ("0.20", 6, 200_000),
        (123456789012345678901234567890123, 0, 123456789012345678901234567890123),
        (20_000_000_000_000_000_001, 12, 20_000_000_000_000_000_001 * 10**12),
    ],
)
def test_amounts_are_read_as_written(amount: float | str, decimals: int, units: int) -> None:
    assert to_smallest_units(amount, decimals) == units


def test_an_amount_that_is_not_whole_in_its_unit_is_refused() -> None:
    with pytest.raises(AssertionError, match="not whole at 6 decimals"):
        to_smallest_units(0.0000015, 6)
    with pytest.raises(AssertionError, match="not whole at 0 decimals"):
        whole(1.5)
