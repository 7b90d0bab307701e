"""Black-76 of many options, fast: compiled where the kernel is ready, else the plain twin.

The twins agree to 1e-13 of the forward, not bit for bit. So what must be the same bits in every
run (a Case's JSON) takes one of them always: :mod:`seawall.valuation.black`, or a kernel that it
has compiled first with :func:`prepare`. Inputs are columns (n,), or single numbers for all n.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.valuation import black as plain
from seawall.valuation.black import OptionGreeks

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)
# forward, strike, years, volatility, call, scale; and spot_factor, vol_factor, vol_add, seconds.
OptionColumns = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike]
ShockColumns = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]


def prepare() -> None:
    """Compile the kernels of this file now, or load them; some seconds when not cached."""
    from seawall.valuation import black_kernel, grid_kernel

    black_kernel.values.compile()
    black_kernel.value_and_greeks.compile()
    grid_kernel.revalue_grid.compile()


def values(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    call: ArrayLike,
) -> Floats:
    """What each option is worth before discounting, quote per base unit, (n,).

    As :func:`seawall.valuation.black.black`, whose limits hold: expired or without volatility is
    intrinsic. NaN gives NaN.
    """
    from seawall.valuation import black_kernel

    numbers, calls = columns((forward, strike, years, volatility), call)
    f, k, t, vol = numbers
    if not black_kernel.values.ready():
        return np.atleast_1d(plain.black(f, k, t, vol, calls))
    out = np.empty(calls.size)
    black_kernel.values(table(), f, k, t, vol, calls, out)
    return out


def greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    call: ArrayLike,
) -> OptionGreeks:
    """Value and six Greeks of each option, every field (n,), as the plain ``black.greeks``.

    The fields are rows of one array (7, n).
    """
    from seawall.valuation import black_kernel

    numbers, calls = columns((forward, strike, years, volatility), call)
    f, k, t, vol = numbers
    if not black_kernel.value_and_greeks.ready():
        return plain.greeks(f, k, t, vol, calls)
    out = np.empty((len(fields(OptionGreeks)), calls.size))
    black_kernel.value_and_greeks(table(), f, k, t, vol, calls, out)
    return OptionGreeks(*out)


def revalue_grid(
    options: OptionColumns,
    shocks: ShockColumns,
    out: Floats | None = None,
) -> Floats:
    """Each option's value under each shock times its scale, (n, s), quote per base unit x scale.

    ``options``: forward, strike, years, volatility, call, scale, each (n,) or a number.
    ``shocks``: spot_factor (of the forward), vol_factor, vol_add, seconds_forward, each (s,) or a
    number. The shocked option has forward x spot_factor, volatility max(vol x vol_factor +
    vol_add, 0) and max(years - seconds_forward, 0) to go. A discount factor or a size belongs in
    ``scale``; of a coin-settled option, divide by the shocked forward. ``out``: (n, s), C order,
    is filled and returned.
    """
    from seawall.valuation import grid_kernel

    *given, call, scale = options
    numbers, calls = columns((*given, scale), call)
    shocked, _ = columns(shocks, True)
    shape = calls.size, shocked[0].size
    if out is None:
        out = np.empty(shape)
    elif out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise InputError(
            f"the array for {shape[0]} options under {shape[1]} shocks has shape {out.shape}",
            expected="floats in C order with one row per option and one column per shock",
        )
    f, k, t, vol, size = numbers
    if grid_kernel.revalue_grid.ready():
        grid_kernel.revalue_grid(table(), f, k, t, vol, calls, size, *shocked, out)
        return out
    return plain_grid((f, k, t, vol, calls, size), tuple(shocked), out)


def plain_revalue_grid(options: OptionColumns, shocks: ShockColumns) -> Floats:
    """As :func:`revalue_grid`, always by the plain twin: the same bits on every disk."""
    *given, call, scale = options
    (f, k, t, vol, size), calls = columns((*given, scale), call)
    shocked, _ = columns(shocks, True)
    out = np.empty((calls.size, shocked[0].size))
    return plain_grid((f, k, t, vol, calls, size), tuple(shocked), out)


def plain_grid(options: tuple[Any, ...], shocks: tuple[Floats, ...], out: Floats) -> Floats:
    """The same in NumPy, one option at a time; inputs are columns."""
    spot_factor, vol_factor, vol_add, seconds_forward = shocks
    for i, (f, k, t, vol, call, scale) in enumerate(zip(*options, strict=True)):
        out[i] = scale * plain.black(
            f * np.clip(spot_factor, 1e-150, 1e150),
            k,
            np.maximum(t - seconds_forward / SECONDS_PER_YEAR, 0.0),
            np.maximum(vol * vol_factor + vol_add, 0.0),
            call,
        )
    return out


def columns(numbers: tuple[ArrayLike, ...], flag: ArrayLike) -> tuple[list[Floats], Bools]:
    """Inputs as contiguous columns of floats of one length, and the flag as one of booleans.

    Raises InputError when lengths differ. A column that is right already is not copied.
    """
    arrays = [np.asarray(x, dtype=np.float64) for x in numbers]
    flags = np.asarray(flag, dtype=bool)
    sizes = {x.size for x in (*arrays, flags) if x.ndim > 0}
    if len(sizes) > 1 or any(x.ndim > 1 for x in (*arrays, flags)):
        raise InputError(
            f"options in columns of {sorted(sizes)} entries",
            expected="columns of one length, or single numbers",
        )
    n = next(iter(sizes), 1)
    return [_filled(x, n) for x in arrays], _filled(flags, n)


def _filled(column: NDArray[Scalar], n: int) -> NDArray[Scalar]:
    """A column of n entries as kernels take it: contiguous, and writable though never written."""
    if column.ndim and column.flags.carray:
        return column
    spread = column if column.ndim else np.full(n, column)
    return np.require(spread, requirements=("C", "A", "W"))


@cache
def table() -> Floats:
    """The coefficients that every kernel takes as its first argument; not to be written to."""
    from seawall.valuation.special_kernel import coefficients

    return coefficients()
