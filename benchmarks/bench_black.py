"""Black-76: values, values with six Greeks, and a shock grid, against NumPy and other packages.

NumPy's side is the textbook: d1, d2 and scipy's ndtr in plain array arithmetic (`..._vs_numpy`);
`..._vs_plain` is against our own twin, which is as accurate as the kernel. One thread everywhere.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from measure import Benchmark
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.valuation import black, fastblack

Floats = NDArray[np.float64]

OPTIONS = 100_000  # positions of a venue's accounts at one moment; beyond a core's own caches
ROWS, SHOCKS = 2000, 1000
SAMPLE = 20_000  # of the pairs that QuantLib's loop is timed on
ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))


@cache
def book(n: int) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]:
    """Options on one coin: a day to a year, 20% to 150%, strikes by a normal law of their width."""
    random = np.random.default_rng(1)
    forward = 1e5 * np.exp(0.01 * random.standard_normal(n))
    years = random.uniform(1 / 365, 1.0, n)
    volatility = random.uniform(0.2, 1.5, n)
    strike = forward * np.exp(1.5 * volatility * np.sqrt(years) * random.standard_normal(n))
    fastblack.prepare()
    return forward, strike, years, volatility, random.random(n) < 0.5


@cache
def shocks() -> tuple[Floats, Floats, Floats, Floats]:
    """Spot and volatility factors, no added volatility, up to a day forward."""
    random = np.random.default_rng(2)
    return (
        random.uniform(0.7, 1.3, SHOCKS),
        random.uniform(0.7, 1.5, SHOCKS),
        np.zeros(SHOCKS),
        random.uniform(0.0, 43_200.0, SHOCKS),
    )


def textbook(f: Floats, k: Floats, t: Floats, vol: Floats, call: NDArray[np.bool_]) -> Floats:
    s = vol * np.sqrt(t)
    d1 = np.log(f / k) / s + 0.5 * s
    d2 = d1 - s
    sign = np.where(call, 1.0, -1.0)
    return sign * (f * ndtr(sign * d1) - k * ndtr(sign * d2))


def textbook_greeks(
    f: Floats, k: Floats, t: Floats, vol: Floats, call: NDArray[np.bool_]
) -> tuple[Floats, ...]:
    root = np.sqrt(t)
    s = vol * root
    d1 = np.log(f / k) / s + 0.5 * s
    d2 = d1 - s
    sign = np.where(call, 1.0, -1.0)
    inside = ndtr(sign * d1)
    value = sign * (f * inside - k * ndtr(sign * d2))
    density = np.exp(-0.5 * d1 * d1) / ROOT_TWO_PI
    vega = f * density * root
    return (
        value,
        sign * inside,
        density / (f * s),
        vega,
        -f * density * vol / (2.0 * root),
        -density * d2 / vol,
        vega * d1 * d2 / vol,
    )


def textbook_grid() -> Floats:
    f, k, t, vol, call = book(ROWS)
    spot_factor, vol_factor, vol_add, seconds = shocks()
    return textbook(
        f[:, None] * spot_factor,
        k[:, None],
        np.maximum(t[:, None] - seconds / SECONDS_PER_YEAR, 1e-9),
        vol[:, None] * vol_factor + vol_add,
        call[:, None],
    )


@cache
def grid() -> Floats:
    return np.empty((ROWS, SHOCKS))


def our_grid() -> Floats:
    return fastblack.revalue_grid((*book(ROWS), 1.0), shocks(), grid())


@cache
def quantlib_options() -> tuple[object, ...]:
    """One European option per row on one process whose spot and volatility quotes are moved."""
    import QuantLib as ql  # noqa: N813 - its own documentation calls it so

    today = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    spot, vol = ql.SimpleQuote(1e5), ql.SimpleQuote(0.6)
    days = ql.Actual365Fixed()
    flat = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, days))
    surface = ql.BlackVolTermStructureHandle(
        ql.BlackConstantVol(today, ql.NullCalendar(), ql.QuoteHandle(vol), days)
    )
    process = ql.BlackProcess(ql.QuoteHandle(spot), flat, surface)
    engine = ql.AnalyticEuropeanEngine(process)
    options = []
    _, k, t, _, call = book(ROWS)
    for strike, years, is_call in zip(k[:20], t[:20], call[:20], strict=True):
        kind = ql.Option.Call if is_call else ql.Option.Put
        expiry = ql.EuropeanExercise(today + max(1, round(365 * years)))
        option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, float(strike)), expiry)
        option.setPricingEngine(engine)
        options.append(option)
    return tuple(options), spot, vol


def quantlib_loop() -> float:
    """NPV of 20 options under all shocks: 20,000 of the grid's 2,000,000 pairs."""
    options, spot, vol = quantlib_options()
    f, _, _, volatility, _ = book(ROWS)
    spot_factor, vol_factor, _, _ = shocks()
    total = 0.0
    for i, option in enumerate(options):  # type: ignore[arg-type]
        for a, b in zip(spot_factor, vol_factor, strict=True):
            spot.setValue(float(f[i] * a))  # type: ignore[attr-defined]
            vol.setValue(float(volatility[i] * b))  # type: ignore[attr-defined]
            total += option.NPV()
    return total


@cache
def polars_frame() -> object:
    import polars as pl

    f, k, t, vol, call = book(OPTIONS)
    return pl.DataFrame(
        {"spot": f, "strike": k, "years": t, "vol": vol, "rate": np.zeros(OPTIONS), "call": call}
    )


def by_polars_vol() -> object:
    import polars as pl
    import polars_vol

    columns = [pl.col(name) for name in ("strike", "spot", "vol", "years", "rate", "call")]
    frame = polars_frame()
    return frame.select(polars_vol.black_scholes(*columns))  # type: ignore[attr-defined]


BENCHMARKS = [
    Benchmark(
        key="price_vs_numpy",
        goal=8.0,
        ours=lambda: fastblack.values(*book(OPTIONS)),
        theirs=lambda: textbook(*book(OPTIONS)),
        what="values of 100,000 options against the textbook in NumPy with scipy's ndtr",
    ),
    Benchmark(
        key="price_vs_plain",
        goal=8.0,
        ours=lambda: fastblack.values(*book(OPTIONS)),
        theirs=lambda: black.black(*book(OPTIONS)),
        what="values of 100,000 options against our plain twin, equally accurate",
    ),
    Benchmark(
        key="greeks_vs_numpy",
        goal=10.0,
        ours=lambda: fastblack.greeks(*book(OPTIONS)),
        theirs=lambda: textbook_greeks(*book(OPTIONS)),
        what="values and six Greeks of 100,000 options against the textbook in NumPy",
    ),
    Benchmark(
        key="greeks_vs_plain",
        goal=10.0,
        ours=lambda: fastblack.greeks(*book(OPTIONS)),
        theirs=lambda: black.greeks(*book(OPTIONS)),
        what="values and six Greeks of 100,000 options against our plain twin",
    ),
    Benchmark(
        key="reval_vs_numpy",
        goal=6.0,
        ours=our_grid,
        theirs=textbook_grid,
        what="2,000 options under 1,000 shocks of spot, volatility and time against NumPy",
    ),
    Benchmark(
        key="reval_vs_quantlib",
        goal=800.0,
        ours=our_grid,
        theirs=quantlib_loop,
        scale=ROWS * SHOCKS / SAMPLE,
        what="the same against QuantLib's NPV in a loop, timed on 20,000 of the pairs",
    ),
    Benchmark(
        key="price_vs_polars_vol",
        goal=6.0,
        ours=lambda: fastblack.values(*book(OPTIONS)),
        theirs=by_polars_vol,
        what="values of 100,000 options against polars-vol",
    ),
]
