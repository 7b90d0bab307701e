"""Each way of rounding by hand on both sides of zero, decimals as written, and no float in them."""

from __future__ import annotations

import ast
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.foundation.exact import (
    as_written,
    divide_down,
    divide_to_zero,
    divide_up,
    floor_of,
    in_units,
    nearest,
    power_of_ten,
    ppm_down,
    ppm_up,
    times_to_zero,
)

ROOT = Path(__file__).parents[2] / "src/seawall"
# Integer mode: every file that holds a rule in whole numbers.
EXACT_FILES = (
    "foundation/exact.py",
    "margin/account/exact.py",
    "margin/protocols/dydx_exact.py",
    "margin/protocols/drift_exact.py",
    "margin/protocols/dydx_exact_margin.py",
    "margin/protocols/drift_exact_margin.py",
    "margin/tiered/tiered_exact_margin.py",
    "liquidation/dydx_liquidation.py",
    "liquidation/drift_liquidation.py",
    "waterfall/dydx_deleveraging.py",
    "waterfall/drift_socialise.py",
    "cascade/exact_ledger.py",
)


@pytest.mark.parametrize(
    ("dividend", "down", "up", "to_zero"),
    [(7, 3, 4, 3), (-7, -4, -3, -3), (6, 3, 3, 3), (0, 0, 0, 0)],
)
def test_three_ways_of_rounding_a_half(dividend: int, down: int, up: int, to_zero: int) -> None:
    assert divide_down(dividend, 2) == down
    assert divide_up(dividend, 2) == up
    assert divide_to_zero(dividend, 2) == to_zero


def test_parts_per_million_and_prices() -> None:
    assert (ppm_up(1_001, 100_000), ppm_down(1_001, 100_000)) == (101, 100)
    assert (times_to_zero(3, Fraction(7, 10)), times_to_zero(-3, Fraction(7, 10))) == (2, -2)
    assert (power_of_ten(3), power_of_ten(-3)) == (1000, Fraction(1, 1000))
    assert (floor_of(Fraction(-5, 2)), nearest(Fraction(-5, 2)), nearest(Fraction(5, 2))) == (
        -3,
        -2,
        3,
    )


def test_decimals_are_taken_as_written() -> None:
    assert as_written(0.1) == Fraction(1, 10)
    assert as_written(np.float64(0.1)) == Fraction(1, 10)
    assert as_written("1e-7") == Fraction(1, 10**7)
    assert in_units(0.3, 1) == 3
    with pytest.raises(InputError, match="finite number"):
        as_written(float("inf"))


@settings(deadline=None)
@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_rounding_against_the_fraction(dividend: int, divisor: int) -> None:
    exact = Fraction(dividend, divisor)
    assert divide_down(dividend, divisor) <= exact < divide_down(dividend, divisor) + 1
    assert divide_up(dividend, divisor) - 1 < exact <= divide_up(dividend, divisor)
    assert abs(divide_to_zero(dividend, divisor)) == divide_down(abs(dividend), divisor)


def float_operations(source: str) -> list[str]:
    """Places in a source that compute with floats."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(f"line {node.lineno}: {node.value}")
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append(f"line {node.lineno}: true division")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"float", "round", "pow", "sum"}:
                found.append(f"line {node.lineno}: {node.func.id}()")
        if isinstance(node, ast.Import):
            found += [f"import {n.name}" for n in node.names if n.name in {"math", "numpy"}]
        if isinstance(node, ast.ImportFrom):
            names = {name.name for name in node.names}
            if node.module == "numpy" or (node.module == "math" and names != {"isqrt"}):
                found.append(f"from {node.module} import {sorted(names)}")
    return found


@pytest.mark.parametrize("name", EXACT_FILES)
def test_integer_mode_imports_no_float_operation(name: str) -> None:
    assert float_operations((ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["x = 1.0", "x = a / b", "x /= 2", "import numpy as np", "from math import sqrt", "float(3)"],
)
def test_a_float_operation_is_found(source: str) -> None:
    assert float_operations(source)
