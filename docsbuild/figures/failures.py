"""Figures of behaviour, failures and attacks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from docsbuild.figures.crash import SECONDS, Floats, market, minutes
from docsbuild.svg import Figure, Series
from seawall.agents import concert, delever, hedgers, run, stops, top_up
from seawall.impact.law import named_law
from seawall.mechanism.attack import cost
from seawall.scenario.failure import arrival, pegs, theft, venue


def paying_in() -> Figure:
    """What an owner pays in, by how far the account has fallen."""
    equity = np.linspace(50.0, 250.0, 201)
    maintenance = np.full_like(equity, 100.0)
    short = top_up.short_of_trigger(np.full_like(equity, 1.5), equity, maintenance) < 0
    rows = []
    for budget in (500.0, 60.0):
        paid = top_up.payment(
            np.full_like(equity, 2.0), equity, maintenance, np.full_like(equity, budget)
        )
        rows.append(np.where(short, paid, 0.0))
    return Figure(
        "Below 1.5 times maintenance the owner pays in what brings it back to twice "
        "that, as far as "
        "the budget goes.",
        "Payments are zero above an equity of 150; below they make up the gap to 200, or stop at "
        "60.",
        "equity, % of maintenance",
        "paid in, % of maintenance",
        (Series("budget 500", equity, rows[0]), Series("budget 60", equity, rows[1], dash=True)),
        y_from=0.0,
    )


def selling() -> Figure:
    """What a de-levering owner sells."""
    equity = np.linspace(5.0, 60.0, 221)
    notional = np.full_like(equity, 100.0)
    rows = []
    for trigger, target in ((4.0, 3.0), (8.0, 4.0)):
        room = delever.room_to_trigger(np.full_like(equity, trigger), equity, notional)
        sold = delever.share_to_sell(np.full_like(equity, target), equity, notional)
        rows.append(np.where(room < 0, sold, 0.0))
    return Figure(
        "Above the trigger an owner sells down to the target leverage: more, the later it looks.",
        "The share sold is zero until leverage passes the trigger, jumps, and grows from there.",
        "leverage",
        "share of the positions sold",
        (
            Series("4 x down to 3 x", 100.0 / equity, rows[0]),
            Series("8 x down to 4 x", 100.0 / equity, rows[1], dash=True),
        ),
        y_from=0.0,
    )


def stopped() -> Figure:
    """Where stop-loss orders lie."""
    draw = (np.arange(4000) + 0.5) / 4000
    rule = stops.Stops(share=1.0, median=0.05, log_sd=0.6, herd=0.5, digits=1)
    at = stops.stop_price(np.full(4000, 97.0), np.full(4000, True), stops.distances(rule, draw))
    near = stops.round_price(np.full(4000, 97.0), np.full(4000, True), at, 1)
    placed = np.where(np.arange(4000) % 2 == 0, near, at)
    edges = np.arange(60.0, 97.5, 0.5)
    counts, _ = np.histogram(placed, edges)
    return Figure(
        "Stops of longs below a price of 97: spread out, but half of them at the next round price.",
        "A smooth hump of stops between 80 and 95, and tall bars at 90 and 80.",
        "price",
        "% of the stops",
        (Series("stops", edges[:-1] + 0.25, counts / 40.0, "bars"),),
        y_from=0.0,
    )


def running() -> Figure:
    """Depositors leave, one setting off the next."""
    rows = []
    for follow in (0.0, 150.0):
        rule = run.PoolRun(utilisation=0.8, base=0.5, on_fall=100.0, on_withdrawn=follow)
        limits = np.sort(run.thresholds((np.arange(50) + 0.5) / 50))
        level, left = 0.0, []
        fall = 1.0 - market() / 100.0
        for f in fall:
            share = float((limits < level).mean())
            one = [np.array([v]) for v in (0.0, 0.8, max(f, 0.0), share)]
            level += float(run.pool_hazard(rule, *one)[0]) * SECONDS
            left.append(share)
        rows.append(100.0 * np.array(left))
    return Figure(
        "The same fall of prices: depositors who look at each other leave in a run.",
        "Alone a fifth leave within the hour; when withdrawals add to the hazard most do.",
        "minutes",
        "% of depositors who have left",
        (
            Series("each alone", minutes(), rows[0], "step"),
            Series("others' leaving counts", minutes(), rows[1], "step", dash=True),
        ),
        y_from=0.0,
    )


def together() -> Figure:
    """How many act at once, by how much they have in common."""
    rng = np.random.default_rng(1)
    own, common = rng.uniform(size=(4000, 50)), rng.uniform(size=(4000, 1))
    edges = np.arange(0.0, 1.05, 0.1)
    rows = []
    for c in (0.0, 0.5):
        share = np.full(own.size, c)
        wide = np.broadcast_to(common, own.shape).ravel()
        drawn = concert.in_concert(share, wide, own.ravel()).reshape(own.shape)
        counts, _ = np.histogram((drawn < 0.3).mean(axis=1), edges)
        rows.append(counts / 40.0)
    middle = (edges[:-1] + 0.05) * 100.0
    return Figure(
        "Each acts with a chance of 30%. Independent, about 30% act; in concert it is often nobody "
        "or nearly everybody.",
        "Independent draws pile up around 30%; with half in common they spread from 0 to 100%.",
        "% who act together",
        "% of draws",
        (
            Series("independent", middle, rows[0], "bars"),
            Series("concert 0.5", middle, rows[1], "bars"),
        ),
        y_from=0.0,
    )


def hedging() -> Figure:
    """What dealers' options do to their delta."""
    gammas = hedgers.Gammas(
        column=np.array([0]),
        gamma=np.zeros(1),
        low=np.zeros(1),
        high=np.zeros(1),
        size=np.array([-1.0]),
        strike=np.array([100.0]),
        forward=np.array([1.0]),
        years=np.array([7 / 365]),
        volatility=np.array([0.6]),
    )
    price = np.linspace(75.0, 125.0, 101)
    rows = []
    for days in (0.0, 6.0):
        rows.append(hedgers.dealers_delta(gammas, price[:, None], days / 365)[:, 0])
    return Figure(
        "Dealers short an option at 100 must buy as the price rises and sell as it falls, within a "
        "narrow range when it is about to expire.",
        "Delta of the short option falls from 0 to -1 in an S; steeper a day before expiry.",
        "price",
        "delta of the dealers' options",
        (
            Series("7 days left", price, rows[0]),
            Series("1 day left", price, rows[1], dash=True),
        ),
    )


def _sorted_share(seconds: Floats, days: Floats) -> Floats:
    return 100.0 * np.searchsorted(np.sort(seconds), days * 86400.0) / seconds.size


def when() -> Figure:
    """Two failures with a shock in common."""
    rng = np.random.default_rng(2)
    names = [arrival.Arrival(rate_per_year=0.5, shock="s", shock_probability=0.8)] * 2
    shock = [arrival.Shock(name="s", rate_per_year=0.5)]
    drawn = arrival.arrival_seconds(
        names, shock, rng.uniform(size=(4000, 4)), rng.uniform(size=(4000, 1))
    )
    alone = [arrival.Arrival(rate_per_year=0.9)] * 2
    apart = arrival.arrival_seconds(alone, [], rng.uniform(size=(4000, 4)), np.zeros((4000, 0)))
    days = np.linspace(0.0, 90.0, 91)
    return Figure(
        "Two venues, each failing 0.9 times a year: with a common shock both are gone "
        "within weeks far more often.",
        "The chance that both have failed rises faster with a common shock than without.",
        "days",
        "% of paths on which both have failed",
        (
            Series("common shock", days, _sorted_share(drawn.max(axis=1), days)),
            Series("independent", days, _sorted_share(apart.max(axis=1), days), dash=True),
        ),
        y_from=0.0,
    )


def insolvent() -> Figure:
    """What a failed venue keeps."""
    equity = np.linspace(-20.0, 100.0, 121)
    rows = [venue.claims_lost(r, equity) for r in (0.4, 0.9)]
    return Figure(
        "An insolvent venue: positions are closed, and a share of positive equity is lost; debts "
        "stay.",
        "The loss is zero for negative equity and grows with equity, by 0.6 or by 0.1 of it.",
        "equity on the venue when it fails",
        "lost",
        (
            Series("recovery 40%", equity, rows[0]),
            Series("recovery 90%", equity, rows[1], dash=True),
        ),
        y_from=0.0,
    )


def stolen() -> Figure:
    """What fake collateral takes."""
    claimed = np.linspace(0.0, 100.0, 101)
    rows = [theft.taken(claimed, 0.8, bound) for bound in (None, 50.0)]
    return Figure(
        "Fake collateral takes its weight in real money, until nothing is left to take.",
        "The amount taken grows with what is claimed; one line stops at 50.",
        "claimed, millions",
        "taken, millions",
        (
            Series("no bound", claimed, rows[0]),
            Series("50m there to take", claimed, rows[1], dash=True),
        ),
        y_from=0.0,
    )


def minted() -> Figure:
    """What is left of the price of a token once a mint is known."""
    share = np.linspace(0.0, 2.0, 101)
    return Figure(
        "Once the mint is known the price is what backs it over all units: minting as much again "
        "halves it.",
        "The factor falls from 1 to one half at 100% minted and to a third at 200%.",
        "minted, % of the supply",
        "factor on the price",
        (Series("factor", share * 100.0, 1.0 / (1.0 + share)),),
        y_from=0.0,
    )


def off_peg() -> Figure:
    """A stablecoin's gap."""
    hours = np.linspace(0.0, 72.0, 145)
    rows = []
    for permanent in (0.0, 0.4):
        rule = pegs.StablecoinDepeg(
            at_seconds=0.0,
            asset="USDT",
            depth=0.125,
            half_life_seconds=43200.0,
            fall_seconds=28800.0,
            permanent=permanent,
        )
        rows.append(pegs.depeg_factor(rule, hours * 3600.0))
    return Figure(
        "Down by 12.5% within eight hours, half of the gap closed every twelve; a part may stay.",
        "The factor falls from 1 to 0.875 and returns to 1, or only to 0.95.",
        "hours since it began",
        "factor on the price",
        (Series("comes back", hours, rows[0]), Series("40% stays", hours, rows[1], dash=True)),
    )


def lying() -> Figure:
    """What a venue sees while its oracle lies."""
    seen = np.where((minutes() >= 10) & (minutes() < 25), 1.5, 1.0) * market()
    return Figure(
        "For fifteen minutes one venue sees half as much again; the market does not move.",
        "The price seen is 1.5 times the market between minutes 10 and 25 and equal to it else.",
        "minutes",
        "price",
        (
            Series("market", minutes(), market()),
            Series("seen by the venue", minutes(), seen, "step", dash=True),
        ),
    )


def price_of_moving() -> Figure:
    """What it costs to move a price and to hold it."""
    thin = cost.ThinMarket(1e7, 100.0, named_law("linear"), 1.0, 1800.0, 0.3)
    factors = np.linspace(1.05, 2.0, 39)
    rows = []
    for seconds in (0.0, 1800.0):
        each = [cost.move_and_hold(thin, float(f), seconds) for f in factors]
        rows.append([np.nan if m is None else cost.cost_of(thin, m) / 1e6 for m in each])
    return Figure(
        "A market of depth 10m: cost grows with the square of the move, and more with each minute "
        "that it is held.",
        "Two rising curves, the one with half an hour of holding above the other.",
        "price pushed to, x",
        "cost, millions",
        (
            Series("out at once", factors, rows[0]),
            Series("held half an hour", factors, rows[1], dash=True),
        ),
        y_from=0.0,
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "agents.top_up": (paying_in,),
    "agents.delever": (selling,),
    "agents.stops": (stopped,),
    "agents.run": (running,),
    "agents.concert": (together,),
    "agents.hedgers": (hedging,),
    "scenario.failure.arrival": (when,),
    "scenario.failure.venue": (insolvent,),
    "scenario.failure.theft": (stolen,),
    "scenario.failure.mint": (minted,),
    "scenario.failure.pegs": (off_peg,),
    "scenario.failure.manipulation": (lying,),
    "mechanism.attack.cost": (price_of_moving,),
}
