"""Figures of margin and breakers: what an account must hold, and what holds orders up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from docsbuild.figures.crash import SECONDS, STEPS, market, minutes
from docsbuild.svg import Figure, Series
from seawall.breaker import (
    open_interest_cap,
    price_band,
    rate_limit,
    staleness,
    velocity,
    withdrawal_gate,
)
from seawall.margin.dynamic import scaling
from seawall.margin.lending import collateral
from seawall.margin.options import standard
from seawall.margin.portfolio.shock_rows import ShockGrid, ShockRow, shocked_volatility
from seawall.margin.tiered import lines
from seawall.venues.rulebook import OptionMargin, Tier

ONE = np.array([0])


def tiers() -> Figure:
    """Maintenance by notional, marginal and whole."""
    bounds = ((0.0, 50.0, 0.01), (2e6, 20.0, 0.025), (6e6, 10.0, 0.05))
    notional = np.linspace(0, 1e7, 401)
    table = [Tier(*row) for row in bounds]
    marginal = lines.maintenance_of(table, notional)
    rate = np.array([table[lines.tier_of([t.lower_bound for t in table], n)].maintenance_rate
                     for n in notional])  # fmt: skip
    return Figure(
        "Marginal tiers add up without a jump; where the tier's rate counts on the whole position, "
        "margin jumps at a bound.",
        "Maintenance margin against notional: one line bends upwards at 2m and 6m, the "
        "other jumps.",
        "notional, millions",
        "maintenance margin, thousands",
        (
            Series("marginal", notional / 1e6, marginal / 1e3),
            Series("whole", notional / 1e6, notional * rate / 1e3, "step", dash=True),
        ),
    )


def short_options() -> Figure:
    """Standard margin of short options by strike."""
    rule = OptionMargin(0.15, 0.1, 0.075, 0.02, 0.01, 0.0)
    strike = np.linspace(60.0, 140.0, 161)
    spot = np.full_like(strike, 100.0)
    rows = []
    for call in (True, False):
        inner = np.maximum(100.0 - strike if call else strike - 100.0, 0.0)
        value = inner + 3.0 * np.exp(-(((strike - 100.0) / 15.0) ** 2))
        _, maintenance = standard.short_margin(
            rule, value, spot, strike, np.full(strike.size, call)
        )
        rows.append(maintenance)
    return Figure(
        "A short option's maintenance margin: a share of the underlying, and what the "
        "option is worth.",
        "Maintenance of a short call falls with the strike to a floor; that of a short put rises.",
        "strike (spot is 100)",
        "maintenance margin of one short option",
        (Series("call", strike, rows[0]), Series("put", strike, rows[1], dash=True)),
        y_from=0.0,
    )


def loan() -> Figure:
    """Health factor by price."""
    price = np.linspace(60.0, 120.0, 121)
    health = [
        collateral.health_factor(np.array([100.0 * p]), np.array([0.83]), 7000.0) for p in price
    ]
    return Figure(
        "100 coins against a debt of 7,000 at a threshold of 83%: closed below 84.3.",
        "The health factor rises in a straight line with the price and crosses 1 at 84.3.",
        "price of the collateral",
        "health factor",
        (Series("health factor", price, health),),
        marks=((7000.0 / 83.0, "liquidation"),),
    )


def shocks_by_expiry() -> Figure:
    """How a shock of volatility depends on the time to expiry."""
    rule = ShockGrid(
        rows=(ShockRow(spot=-0.1, volatility=0.4),),
        maintenance_fraction=0.8,
        floor_days=1.0,
        short_power=0.3,
        long_power=0.13,
    )
    days = np.linspace(0.5, 180.0, 360)
    up, down = shocked_volatility(rule, days * 86400.0, np.array([0.4, -0.4]))
    return Figure(
        "A row of the grid moves near expiries' volatility more than far ones': x (30 / "
        "days)^power.",
        "The factor on volatility falls from far above 1.4 at a day to about 1.3 at half a year.",
        "days to expiry",
        "volatility after / before",
        (Series("+40%", days, up), Series("-40%", days, down, dash=True)),
    )


def scaled() -> Figure:
    """Three rules of margin that moves."""
    calm = np.exp(-(((minutes() - 25.0) / 5.0) ** 2))
    rules = (
        scaling.VolatilityScaled(strength=0.5, cap=3.0, smoothing_seconds=300.0, buffer=0.0),
        scaling.VolatilityScaled(strength=0.5, cap=3.0, smoothing_seconds=300.0, buffer=0.25),
    )
    rows = []
    for rule in rules:
        columns = scaling.compile_scaling([rule], ONE, ONE, ["BTC"], SECONDS)
        memory = scaling.start_scale(
            columns, np.array([[100.0]]), np.array([[1.0]]), np.array([[0.0]])
        )
        factor = []
        for c in calm:
            signal = np.array([[1.0 + 4.0 * c]])
            scaling.scale_step(columns, memory, signal, signal, np.array([[100.0]]))
            factor.append(float(memory.factor[0, 0]))
        rows.append(np.array(factor))
    return Figure(
        "Margin follows volatility with a delay of its own; a buffer asked for in calm times is "
        "used up first.",
        "The factor on margin rises from 1 to above 2 with volatility and falls back after it.",
        "minutes",
        "factor on margin, volatility / usual",
        (
            Series("no buffer", minutes(), rows[0]),
            Series("buffer 25%", minutes(), rows[1], dash=True),
            Series("volatility", minutes(), 1.0 + 4.0 * calm, dash=True),
        ),
        y_from=0.0,
    )


def band() -> Figure:
    """A band around an average."""
    rule = price_band.compile_band(
        [price_band.PriceBand(width=0.05, reference="average", memory_seconds=300.0)],
        ONE,
        ONE,
        SECONDS,
    )
    prices = market()
    memory = price_band.start_band(rule, np.array([[prices[0]]]))
    low, high = [], []
    for p in prices:
        now = np.array([[p]])
        price_band.band_step(rule, memory, now)
        a, b = price_band.edges(rule, memory, now, now)
        low.append(float(a[0, 0]))
        high.append(float(b[0, 0]))
    return Figure(
        "Forced sales wait while the market is below the band: here in the second half "
        "of the fall.",
        "The market falls through the lower edge of a band of 5% around its own average.",
        "minutes",
        "price",
        (
            Series("market", minutes(), prices),
            Series("low edge", minutes(), low),
            Series("high edge", minutes(), high, dash=True),
        ),
    )


def halted() -> Figure:
    """A halt after a fast move."""
    rule = velocity.compile_velocity(
        [velocity.Velocity(move=0.1, window_seconds=300.0, halt_seconds=600.0)], ONE, SECONDS
    )
    prices = market()
    memory = velocity.start_velocity(rule, np.array([[prices[0]]]))
    halt = []
    for k, p in enumerate(prices):
        velocity.velocity_step(rule, memory, np.array([[p]]), k + 1)
        halt.append(memory.until[0, 0] > k + 1)
    stopped = np.where(np.array(halt), prices, np.nan)
    return Figure(
        "A move of 10% within five minutes halts forced orders for ten; each further one anew.",
        "The market price, with the time of the halt drawn over it: from the first tenth "
        "of the fall.",
        "minutes",
        "price",
        (
            Series("market", minutes(), prices),
            Series("forced orders halted", minutes(), stopped),
        ),
    )


def stale() -> Figure:
    """Who closes on an old price: nobody."""
    age = np.arange(STEPS) % 60
    rule = staleness.compile_staleness(
        [staleness.Staleness(limit_seconds=400.0)], ONE, np.array([3]), SECONDS
    )
    memory = staleness.start_staleness(rule, 1)
    shut = []
    for k in range(STEPS):
        staleness.staleness_step(rule, memory, age[k : k + 1][None], np.array([False]), k + 1)
        shut.append(float(memory.stale[0, 0]))
    return Figure(
        "A feed that sends every ten minutes, seen 30 s late: beyond 400 s of age nobody "
        "is closed.",
        "A saw of ages, and a line that is 1 in the last third of each tooth.",
        "minutes",
        "age in hundreds of seconds; 1: nobody is closed",
        (
            Series("age when seen", minutes(), (age * SECONDS + 30.0) / 100.0, "step"),
            Series("stale", minutes(), shut, "step", dash=True),
        ),
        y_from=0.0,
    )


def rationed() -> Figure:
    """So many an hour."""
    rule = rate_limit.RateLimit(window_seconds=600.0, accounts=5)
    memory = rate_limit.start_rate(1)
    length = rate_limit.window_steps(rule, SECONDS)
    waiting, done, queue, closed = [], [], 0, 0
    for k in range(STEPS):
        queue += 1 if 120 <= k < 156 else 0
        n = queue
        one = np.ones(n)
        admitted = rate_limit.admit(
            rule, memory, k // length, np.zeros(n, dtype=np.int64), 0.5 * one, one, one
        )
        queue -= int(admitted.sum())
        closed += int(admitted.sum())
        waiting.append(queue)
        done.append(closed)
    return Figure(
        "36 accounts fail in six minutes; five are closed in each ten minutes, the rest wait.",
        "The number waiting jumps to about 30 and then falls in steps of five.",
        "minutes",
        "accounts",
        (
            Series("waiting", minutes(), waiting, "step"),
            Series("closed", minutes(), done, "step", dash=True),
        ),
    )


def capped_interest() -> Figure:
    """Who is refused above a cap."""
    interest = np.linspace(5e6, 1.5e7, 101)
    above = open_interest_cap.above_cap(interest, np.full_like(interest, 1e7))
    refused = open_interest_cap.refused(above, np.full(above.size, 1.0), np.full(above.size, 1.0))
    return Figure(
        "Above the cap the vault may not take over: what is closed goes to the market instead.",
        "0 below an open interest of 10m, 1 above it.",
        "open interest, millions",
        "1: the vault is refused",
        (Series("refused", interest / 1e6, refused.astype(float), "step"),),
        y_from=0.0,
        y_to=1.0,
    )


def gate() -> Figure:
    """A gate that closes on outflows."""
    rule = withdrawal_gate.WithdrawalGate(outflow=5e6, window_seconds=600.0, closed_seconds=900.0)
    memory = withdrawal_gate.start_gate(1)
    paid, shut, total = [], [], 0.0
    for k in range(STEPS):
        closed = bool(withdrawal_gate.is_closed(memory, k + 1)[0])
        wanted = 2e5 if 90 <= k < 300 else 1e4
        out = 0.0 if closed else wanted
        withdrawal_gate.record(rule, memory, SECONDS, k + 1, ONE, np.array([out]), np.array([0.0]))
        total += out
        paid.append(total / 1e6)
        shut.append(float(closed))
    return Figure(
        "More than 5m within ten minutes closes the gate for a quarter of an hour.",
        "Payments rise steeply, stand still while the gate is closed, then rise again.",
        "minutes",
        "paid out, millions; 1: closed",
        (
            Series("paid out", minutes(), paid),
            Series("closed", minutes(), shut, "step", dash=True),
        ),
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "margin.tiered.lines": (tiers,),
    "margin.options.standard": (short_options,),
    "margin.lending.collateral": (loan,),
    "margin.portfolio.shock_margin": (shocks_by_expiry,),
    "margin.dynamic.scaling": (scaled,),
    "breaker.price_band": (band,),
    "breaker.velocity": (halted,),
    "breaker.staleness": (stale,),
    "breaker.rate_limit": (rationed,),
    "breaker.open_interest_cap": (capped_interest,),
    "breaker.withdrawal_gate": (gate,),
}
