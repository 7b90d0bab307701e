"""Figures of liquidation: how much is closed, when, by whom and at which price."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from docsbuild.figures.crash import SECONDS, STEPS, market, minutes
from docsbuild.svg import Figure, Series
from seawall.liquidation import (
    batch_auction,
    dutch_auction,
    falling_price,
    keeper_race,
    margin_call,
    sizing,
    soft_bands,
    unwinding,
)


def fractions() -> Figure:
    """How much is closed, by how far the account has fallen."""
    equity = np.linspace(0.0, 100.0, 201)
    maintenance = np.full_like(equity, 100.0)
    rows = []
    for cost in (0.0, 30.0):
        rows.append(
            sizing.just_enough(
                sizing.JustEnough(buffer=0.2),
                equity,
                maintenance,
                np.zeros_like(equity),
                lambda f, c=cost: c * (1.0 + f),  # type: ignore[misc]
            )
        )
    return Figure(
        "just_enough closes the smallest part that restores a buffer of 20%; costs make it larger.",
        "The fraction closed falls from 1 to 0.17 as equity rises to maintenance.",
        "equity, % of maintenance",
        "fraction that is closed",
        (
            Series("without costs", equity, rows[0]),
            Series("closing costs up to 60%", equity, rows[1], dash=True),
            Series("full", equity, np.ones_like(equity)),
        ),
        y_from=0.0,
    )


def called() -> Figure:
    """When margin calls are answered."""
    draw = np.linspace(0.0, 1.0, 401)[:-1]
    rows = []
    for chance in (0.3, 0.7):
        rule = margin_call.MarginCall(grace_seconds=1800.0, cure_probability=chance)
        steps = margin_call.grace_steps(rule, SECONDS)
        when = np.sort(np.asarray(margin_call.steps_to_cure(rule, draw, steps), dtype=float))
        at = np.arange(steps + 1)
        rows.append(np.searchsorted(when, at, side="right") / draw.size)
    at = np.arange(rows[0].size) * SECONDS / 60.0
    return Figure(
        "Half an hour of grace: so many have paid in by then, the rest are closed.",
        "The share that has paid in rises to 0.3 and to 0.7 within half an hour.",
        "minutes since the call",
        "share of accounts that has paid in",
        (Series("cured 30%", at, rows[0]), Series("cured 70%", at, rows[1], dash=True)),
        y_from=0.0,
    )


def falling() -> Figure:
    """A price that falls until somebody buys."""
    rule = falling_price.FallingPrice(start=1.05, floor=0.8, seconds=1200.0)
    waited = np.linspace(0.0, 1800.0, 181)
    return Figure(
        "A falling-price auction: the discount grows until a keeper finds it worth the gas.",
        "The share of the oracle price asked falls in a straight line from 1.05 to 0.8.",
        "minutes since it began",
        "asked / oracle price",
        (Series("asked", waited / 60.0, falling_price.share_of_price(rule, waited)),),
        marks=((4.0, "below the oracle price"),),
    )


def batch() -> Figure:
    """A uniform price, by what bidders can pay."""
    value = np.array([0.99, 0.98, 0.97, 0.96, 0.95])
    rows = [
        batch_auction.clear(100.0, value, np.full(5, money), 0.8).price
        for money in (np.linspace(5.0, 120.0, 116))
    ]
    return Figure(
        "Five bidders, one price for all: with little capital the lot clears at the floor.",
        "The clearing price rises in steps with the capital of each bidder, from 0.8 to 0.98.",
        "capital of each bidder, for a lot of 100",
        "clearing price",
        (Series("clearing price", np.linspace(5.0, 120.0, 116), rows, "step"),),
    )


def dutch() -> Figure:
    """An account sold whole, by a discount that grows."""
    rule = dutch_auction.DutchAuction(
        start=0.98, cutoff=0.7, fast_seconds=900.0, slow_seconds=7200.0, buffer=0.1
    )
    seconds = np.linspace(0.0, 9000.0, 181)
    rows = [dutch_auction.discount(rule, float(s)) for s in seconds]
    return Figure(
        "An account offered at 98% of its value: down to 70% in a quarter of an hour, "
        "then slowly to nothing.",
        "The share falls from 0.98 to 0.7 in a quarter of an hour and to 0 in two hours more.",
        "minutes since it began",
        "offered / value of the account",
        (Series("offered", seconds / 60.0, rows),),
    )


def race() -> Figure:
    """How many keepers come, by gas and time."""
    kinds = (
        keeper_race.KeeperKind(count=4, latency_seconds=10.0, gas_ceiling=20.0),
        keeper_race.KeeperKind(count=12, latency_seconds=120.0, gas_ceiling=4.0),
    )
    rule = keeper_race.Keepers(kinds=kinds, gas_volatility=2.0)
    who = keeper_race.members(rule)
    waited = np.arange(0.0, 300.0, 5.0)
    rows = []
    for restless in (1.0, 4.0):
        gas = keeper_race.gas_multiple(rule, np.array([restless]), np.array([0.0]))
        there = [keeper_race.present(who, np.array([w]), gas).sum() for w in waited]
        rows.append(np.array(there))
    return Figure(
        "Four fast keepers come at once, twelve slow ones after two minutes; in a storm "
        "gas is above "
        "the slow ones' ceiling.",
        "Keepers present by waiting time: 4 then 16 in a calm; 4 throughout in a storm.",
        "seconds since it could be closed",
        "keepers present",
        (
            Series("calm", waited, rows[0], "step"),
            Series("volatility x 4", waited, rows[1], "step", dash=True),
        ),
        y_from=0.0,
    )


def unwound() -> Figure:
    """A vault that sells what it took over."""
    rows = []
    for seconds in (300.0, 1200.0):
        rule = unwinding.Unwinding(seconds=seconds, smallest=1000.0)
        share = unwinding.share_per_step(rule, SECONDS)
        size, left = np.array([1e4]), []
        for _ in range(STEPS):
            left.append(float(size[0]))
            size = size - unwinding.to_sell(rule, size, np.abs(size) * 100.0, share)
        rows.append(np.array(left))
    return Figure(
        "What the vault took over is sold off exponentially; a small rest goes at once.",
        "Units left fall towards zero, quickly with five minutes, slowly with twenty.",
        "minutes",
        "units left",
        (
            Series("5 minutes", minutes(), rows[0], "step"),
            Series("20 minutes", minutes(), rows[1], "step", dash=True),
        ),
    )


def soft() -> Figure:
    """Collateral that is turned into quote band by band, and back."""
    rule = soft_bands.SoftBands(bands=10, amplification=50.0)
    top = soft_bands.top_price(rule, np.array([100.0]), np.array([8200.0]), np.array([100.0]))
    edge = soft_bands.edges(rule, top)[0]
    upper = edge[:-1] if edge.size == 11 else edge
    x, y = np.zeros(10), np.full(10, 10.0)
    coins, owed = [], []
    for p in market():
        now = np.full(10, p)
        x, y = soft_bands.trade(rule, x, y, upper, now, now)
        coins.append(float(y.sum()))
        owed.append(float(x.sum()) / 100.0)
    return Figure(
        "As the price falls through the bands coins become quote; as it comes back they are bought "
        "back, a few less.",
        "Coins fall from 100 while the quote held rises, and come back in part.",
        "minutes",
        "coins; quote in hundreds",
        (Series("coins", minutes(), coins), Series("quote / 100", minutes(), owed, dash=True)),
        y_from=0.0,
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "liquidation.sizing": (fractions,),
    "liquidation.margin_call": (called,),
    "liquidation.falling_price": (falling,),
    "liquidation.batch_auction": (batch,),
    "liquidation.dutch_auction": (dutch,),
    "liquidation.keeper_race": (race,),
    "liquidation.unwinding": (unwound,),
    "liquidation.soft_bands": (soft,),
}
