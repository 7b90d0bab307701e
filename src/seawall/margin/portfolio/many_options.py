"""Values of an account's options in many markets and under many shocks, by rows of options.

Two twins answer: the plain Black-76 of :mod:`seawall.valuation.black`, and its compiled kernel,
which takes a tenth of the time. They agree to 1e-13 of the forward, so margins and prices agree to
1e-12 of the gross value of what is held, but not bit for bit. So the size of the account alone
decides which one answers (law L10: the same Case, the same bytes): small accounts always take the
plain one, large ones always the kernel, which is compiled first where it is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.margin_account import Options

# Forward (o, m, s), strike, years (o,), volatility broadcast to (o, m, s), call (o,) -> (o, m, s).
Price = Callable[[Floats, Floats, Floats, Floats, Bools], Floats]

# Values in one market from which on the compiled kernel answers: what an account of some 200
# options asks. Below it the plain twin takes less than a second for a whole page.
# than a second for a whole page, above it more than compiling saves in the second answer.
WORTH_COMPILED = 5_000
# Values made at a time: bounds the memory, and keeps what is summed in the processor's cache.
MOST_VALUES = 500_000
# What kernels take: contiguous columns, writable though never written.
CONTIGUOUS: tuple[Literal["C", "A", "W"], ...] = ("C", "A", "W")


def prepare() -> None:
    """Compile the kernels of this file now, or load them; some seconds when not cached.

    Says so first, as a message of the logger "seawall", where there is something to wait for.
    """
    from seawall.margin.portfolio.expiry_kernel import group_worth
    from seawall.valuation import black_kernel

    kernels = (group_worth, black_kernel.values, black_kernel.value_and_greeks)
    if not all(one.ready() for one in kernels):
        logging.getLogger("seawall").info(
            "Compiling the option kernels, once on this machine; `seawall doctor --warm` does so"
            " ahead."
        )
    for one in kernels:
        one.compile()


def use_compiled(count: int) -> bool:
    """Whether the compiled kernel prices an account of ``count`` values in each market.

    Never asks what is compiled already: that would make the bits depend on the disk.
    """
    if count < WORTH_COMPILED:
        return False
    prepare()
    return True


def group_values(
    compiled: bool,
    options: Options,
    amount: Floats,
    group: Ints,
    factor: Floats,
    volatility: Floats,
    level: Ints,
) -> Floats:
    """Sum of amount x undiscounted Black-76 over each group of options under each shock, (g, k).

    amount, group (o,); factor (g, k) of a group's forwards; volatility (o, l), of which shock k
    takes column ``level`` (k,).
    """
    years = options.seconds / SECONDS_PER_YEAR
    out = np.zeros(factor.shape)
    if not amount.size:
        return out
    if not compiled:
        from seawall.valuation.black import black

        forward = options.forward[:, None] * factor[group]
        row = (slice(None), None)
        call = options.call[row]
        value = black(forward, options.strike[row], years[row], volatility[:, level], call)
        return segment_sums((value * amount[:, None]).T, group, factor.shape[0]).T
    from seawall.margin.portfolio.expiry_kernel import group_worth
    from seawall.valuation.fastblack import table

    floats = [options.forward, options.strike, years, amount, factor, volatility]
    forward, strike, years, amount, factor, volatility = (
        np.require(x, None, CONTIGUOUS) for x in floats
    )
    group, level = (np.require(x, None, CONTIGUOUS) for x in (group, level))
    call = np.require(options.call, None, CONTIGUOUS)
    group_worth(
        table(), forward, strike, years, call, amount, group, factor, volatility, level, out
    )
    return out


def compiled_or_plain(compiled: bool) -> Price:
    """The function that prices options: the kernel when ``compiled``, else the plain twin."""
    return compiled_values if compiled else plain_values


def plain_values(
    forward: Floats, strike: Floats, years: Floats, volatility: Floats, call: Bools
) -> Floats:
    """Undiscounted Black-76 of rows of options in columns of markets, (o, m, s)."""
    from seawall.valuation.black import black

    row = (slice(None), None, None)
    value = black(forward, strike[row], years[row], volatility, call[row])
    return np.asarray(value)


def compiled_values(
    forward: Floats, strike: Floats, years: Floats, volatility: Floats, call: Bools
) -> Floats:
    """The same by the compiled kernel."""
    from seawall.valuation import fastblack

    shape = forward.shape
    if not forward.size:
        return np.zeros(shape)
    each = forward.size // strike.size
    found = fastblack.values(
        forward.ravel(),
        np.repeat(strike, each),
        np.repeat(years, each),
        np.broadcast_to(volatility, shape).ravel(),
        np.repeat(call, each),
    )
    return found.reshape(shape)


def deltas(
    compiled: bool, forward: Floats, strike: Floats, years: Floats, volatility: Floats, call: Bools
) -> Floats:
    """Forward delta of rows of options in columns of markets, (o, m).

    forward and volatility (o, m)
    """
    if not compiled or not forward.size:
        from seawall.valuation.black import greeks

        row = (slice(None), None)
        return np.asarray(greeks(forward, strike[row], years[row], volatility, call[row]).delta)
    from seawall.valuation import fastblack

    each = forward.shape[1]
    found = fastblack.greeks(
        forward.ravel(),
        np.repeat(strike, each),
        np.repeat(years, each),
        volatility.ravel(),
        np.repeat(call, each),
    )
    return found.delta.reshape(forward.shape)
