"""Figures of impact, depth and the actors of the market."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from docsbuild.figures.crash import SECONDS, STEPS, Floats, market, minutes
from docsbuild.svg import Figure, Series
from seawall.agents import attacker, hedgers, makers
from seawall.impact import (
    amm,
    book_walk,
    concentrated_amm,
    depth,
    depth_schedule,
    linear,
    links,
    square_root,
)

B = np.linspace(-1.0, 1.0, 201)


def _curve(title: str, name: str, there: Floats, paid: Floats | None, alt: str) -> Figure:
    rows = [Series(name, B, there), Series("exp of the flow", B, np.exp(B), dash=True)]
    if paid is not None:
        rows.insert(1, Series("mean price paid", B, paid))
    return Figure(title, alt, "flow in depths (purchases above 0)", "price / price before", rows)


def straight() -> Figure:
    """Linear impact."""
    zero = np.zeros_like(B)
    return _curve(
        "Flow of one depth moves the log-price by one; an order pays the mean on its way.",
        "price after",
        linear.displacement(B),
        linear.average(zero, B),
        "The price after follows the exponential of the flow; the mean price lies between.",
    )


def root_law() -> Figure:
    """Square-root impact."""
    rule = square_root.SquareRoot(np.array(0.3))
    zero = np.zeros_like(B)
    return _curve(
        "Small orders move the price most for their size; a batch pays two thirds of the move.",
        "price after",
        square_root.displacement(rule, B),
        square_root.average(rule, zero, B),
        "A curve that is steep at zero and flattens, below the exponential for large flow.",
    )


def ladder() -> Figure:
    """Eating through levels."""
    levels = tuple(book_walk.Level(d, s) for d, s in ((0.0, 0.1), (0.05, 0.2), (0.15, 0.3)))
    columns = book_walk.BookWalk(bids=levels, half_spread=0.002).columns()
    return _curve(
        "The best price stands while a level lasts, then jumps to the next.",
        "best price",
        book_walk.displacement(columns, B),
        None,
        "Stairs: the best price is flat within a level and jumps at its end.",
    )


def pool() -> Figure:
    """Constant product."""
    zero = np.zeros_like(B)
    return _curve(
        "A constant-product pool gives less and less for the same order.",
        "pool price",
        amm.displacement(B),
        amm.average(0.0005, zero, B),
        "The pool's price is close to the exponential for small flow and above it for large.",
    )


def concentrated() -> Figure:
    """Deep within a range, thin beyond it."""
    columns = concentrated_amm.ConcentratedAmm(range=0.2, outside=0.25).columns()
    return _curve(
        "Within 20% the pool is deep; beyond, a quarter of the liquidity is left.",
        "pool price",
        concentrated_amm.displacement(columns, B),
        None,
        "The price bends where the range ends and runs away four times as fast.",
    )


def _restless() -> Floats:
    return 1.0 + 3.0 * np.exp(-(((minutes() - 23.0) / 4.0) ** 2))


def leaves() -> Figure:
    """Depth that leaves at once and comes back slowly."""
    rule = depth.compile_depth(depth.Resilience(thinning=1.0, refill_seconds=900.0), SECONDS)
    memory = depth.begin_depth(1, 1)
    share = []
    for r in _restless():
        depth.depth_step(rule, memory, np.array([[r]]))
        share.append(float(memory.share[0, 0]))
    return Figure(
        "Volatility four times as high takes three quarters of the depth, at once; it comes back "
        "with a quarter of an hour.",
        "Depth falls from 1 to 0.25 as volatility rises and returns far more slowly than it.",
        "minutes",
        "share of depth, volatility / usual",
        (
            Series("depth", minutes(), share),
            Series("volatility", minutes(), _restless(), dash=True),
        ),
        y_from=0.0,
    )


def by_the_clock() -> Figure:
    """Two stated windows that overlap."""
    windows = (
        depth_schedule.DepthWindow(600.0, 2400.0, 0.5),
        depth_schedule.DepthWindow(1200.0, 1800.0, 0.2),
    )
    rule = depth_schedule.compile_schedule(depth_schedule.DepthSchedule(windows), ("BTC",), SECONDS)
    shares = []
    for k in range(STEPS):
        share = np.ones((1, 1))
        depth_schedule.schedule_step(rule, share, k)
        shares.append(float(share[0, 0]))
    return Figure(
        "Stated windows multiply where they overlap.",
        "Depth is 1, then 0.5 from minute 10, 0.1 from 20 to 30, 0.5 until 40, then 1 again.",
        "minutes",
        "share of depth",
        (Series("depth", minutes(), shares, "step"),),
        y_from=0.0,
    )


def linked() -> Figure:
    """A venue's own book, sold into once, and what arbitrage brings back."""
    rows = []
    for capital in (200.0, 2000.0):
        settings = links.Links(
            {"small": links.LinkedVenue(share=0.1, half_spread=0.002, capital_per_second=capital)}
        )
        rule = links.compile_links(
            settings, ("small",), np.array([0]), np.array([0]), np.array([1e7]), SECONDS
        )
        memory = links.begin_links(1, 1)
        column = np.array([0])
        memory.root[:, column] = links.traded_root(memory.root[:, column], np.array([[-0.2]]))
        gap = []
        for _ in range(STEPS):
            links.arbitrage_step(rule, memory, np.array([1e7]), np.ones((1, 1)), np.zeros((1, 1)))
            gap.append(float(memory.root[0, 0] ** 2))
        rows.append(np.array(gap))
    return Figure(
        "A sale of a fifth of its depth of 1m moves a small venue alone; arbitrage "
        "closes the gap as fast "
        "as its capital allows, down to the spread.",
        "Price of the venue over the common price: from 0.8 back to 0.998, in minutes or slowly.",
        "minutes",
        "venue's price / common price",
        (
            Series("200 a second", minutes(), rows[0]),
            Series("2,000 a second", minutes(), rows[1], dash=True),
        ),
    )


def _gammas(size: float) -> hedgers.Gammas:
    one = np.array([size])
    return hedgers.Gammas(
        column=np.array([0]),
        gamma=np.zeros(0),
        low=np.zeros(0),
        high=np.zeros(0),
        size=one,
        strike=np.array([100.0]),
        forward=np.array([1.0]),
        years=np.array([7 / 365]),
        volatility=np.array([0.6]),
    )


def pools_of_depth() -> Figure:
    """Makers with limits of loss."""
    settings = makers.Makers(
        makers=(
            makers.Maker(share=0.6, capital=2e7, inventory_limit=3.0, loss_limit=0.1),
            makers.Maker(share=0.3, capital=5e7, inventory_limit=2.0, loss_limit=0.2),
        ),
        refill_seconds=900.0,
        rest_seconds=1200.0,
        unload_seconds=1800.0,
        thinning=0.4,
    )
    rule = makers.compile_makers(settings, SECONDS)
    memory = makers.begin_makers(rule, 1, 1)
    total = []
    for k, (price, r) in enumerate(zip(market(), _restless(), strict=True)):
        if 120 <= k < 156:  # forced sales of 30m in six minutes, filled by who quotes
            units = memory.quoted[0] / memory.total[0] * (3e7 / 36 / price)
            memory.units[0] += units
            memory.cash[0] -= units.sum(axis=-1) * price
        makers.makers_step(rule, memory, np.array([[price]]), np.array([[r]]), k)
        total.append(float(memory.total[0, 0]))
    return Figure(
        "Makers buy into the fall and quote less; depth goes in a step when one of them stands "
        "away, and comes back slowly.",
        "Share of depth: near 1, falling with the price from minute 20, a step down, "
        "then recovery.",
        "minutes",
        "share of depth",
        (Series("depth", minutes(), total),),
        y_from=0.0,
    )


def raid() -> Figure:
    """How much of the push an attacker has in place."""
    rule = attacker.Attacker(
        asset="SOL",
        venue="perps",
        scheme="sell",
        move=0.5,
        at_seconds=600.0,
        push_seconds=600.0,
        hold_seconds=600.0,
        exit_seconds=900.0,
    )
    when = attacker.timetable(rule, SECONDS)
    steps = range(STEPS)
    share = [attacker.share_pushed(when, k) if k >= when.first else 0.0 for k in steps]
    share = [np.nan if k > when.out else s for k, s in zip(steps, share, strict=True)]
    return Figure(
        "Push for ten minutes, hold for ten, then sell out.",
        "The share of the move in place rises from 0 to 1 and stays there until the exit begins.",
        "minutes",
        "share of the move that is pushed",
        (Series("pushed", minutes(), share, "step"),),
        y_from=0.0,
        y_to=1.0,
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "impact.linear": (straight,),
    "impact.square_root": (root_law,),
    "impact.book_walk": (ladder,),
    "impact.amm": (pool,),
    "impact.concentrated_amm": (concentrated,),
    "impact.depth": (leaves,),
    "impact.depth_schedule": (by_the_clock,),
    "impact.links": (linked,),
    "agents.makers": (pools_of_depth,),
    "agents.attacker": (raid,),
}
