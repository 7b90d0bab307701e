"""Implied volatility of 10,000 out-of-the-money quotes against pyvolr and iv-engine, one thread."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench_black import OPTIONS, book
from measure import Benchmark
from seawall.valuation import fastblack, implied

Columns = tuple[NDArray[np.float64], ...]


@cache
def quotes() -> tuple[Columns, NDArray[np.bool_]]:
    """(price, forward, strike, years) and call of the book's out-of-the-money options."""
    f, k, t, vol, _ = book(OPTIONS)
    call = f < k
    implied.prepare()
    return (fastblack.values(f, k, t, vol, call), f, k, t), call


def ours() -> object:
    columns, call = quotes()
    return implied.implied_volatility(*columns, call)


def by_plain() -> object:
    columns, call = quotes()
    return implied.plain_implied_volatility(*columns, call)


@cache
def flags() -> NDArray[np.str_]:
    return np.where(quotes()[1], "c", "p")


def by_pyvolr() -> object:
    from pyvolr import black76

    (price, f, k, t), _ = quotes()
    return black76.implied_vol(price, flags(), f, k, t, 0.0)


@cache
def halves() -> tuple[tuple[bool, Columns], ...]:
    """iv-engine takes one kind of option per call."""
    columns, call = quotes()
    return tuple((kind, tuple(x[call == kind] for x in columns)) for kind in (True, False))


def by_iv_engine() -> object:
    from iv_engine.batch import implied_volatilities

    return [implied_volatilities(*part, kind, parallel=False) for kind, part in halves()]


BENCHMARKS = [
    Benchmark(
        key="iv_vs_pyvolr",
        goal=8.0,
        ours=ours,
        theirs=by_pyvolr,
        what="implied volatility of 10,000 quotes against pyvolr (all its threads' time)",
        clock=time.process_time,
    ),
    Benchmark(
        key="iv_vs_iv_engine",
        goal=3.0,
        ours=ours,
        theirs=by_iv_engine,
        what="implied volatility of 10,000 quotes against iv-engine, one thread",
    ),
    Benchmark(
        key="iv_vs_plain",
        goal=8.0,
        ours=ours,
        theirs=by_plain,
        what="implied volatility of 10,000 quotes against our plain twin",
    ),
]
