"""The two crowds' markets in NumPy, a path at a time, all accounts at once: the comparators.

Written as somebody would who knows NumPy well and has no engine: every account is looked at in
every step. They share nothing with Seawall but the numbers of `cascade_books`; a test holds their
liquidations, fund and last prices equal to the engine's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cascade_books import STEP_SECONDS, CrossCrowd, Floats, Impact, IsolatedCrowd

SECONDS_PER_YEAR = 365.0 * 86_400.0
VOLATILITY_MEMORY_SECONDS = 3_600.0
# A cascade within one step that has not come to rest after this many rounds waits for the next.
MOST_ROUNDS = 200


class Outcome(NamedTuple):
    """How one path ended: forced closes, what the fund holds, last market prices."""

    liquidations: int
    fund: float
    prices: Floats


class MarketNumbers(NamedTuple):
    """Factors per step: decay of impact, weight of the newest move, each coin's usual |move|."""

    decay: float
    weight: float
    usual: Floats


def market_numbers(impact: Impact, volatility: Floats) -> MarketNumbers:
    """Per-step numbers of annual volatilities (a,)."""
    move = volatility * math.sqrt(STEP_SECONDS / SECONDS_PER_YEAR)
    return MarketNumbers(
        math.exp(-STEP_SECONDS / impact.recovery_seconds),
        1.0 - math.exp(-STEP_SECONDS / VOLATILITY_MEMORY_SECONDS),
        move * math.sqrt(2.0 / math.pi),
    )


def factor(flow: float) -> float:
    """Price over the price without the outstanding flow (in depths; sales < 0)."""
    x = abs(flow)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return 1.0 / power if flow < 0.0 else power


def factors(flow: Floats) -> Floats:
    """The same for many coins."""
    x = np.abs(flow)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return np.where(flow < 0.0, 1.0 / power, power)


def isolated(crowd: IsolatedCrowd, path: Floats) -> Outcome:
    """One path (s + 1,) of the coin's price without the crowd: compare liquidation prices."""
    size, m, impact = crowd.size, crowd.maintenance, crowd.impact
    cash = crowd.margin - size * crowd.entry
    # Where cash + size x price = maintenance x |size| x price; what is closed leaves its array.
    liquidation = -cash / (size - m * np.abs(size))
    long, short = np.flatnonzero(size > 0), np.flatnonzero(size < 0)
    falls, rises = liquidation[long].copy(), liquidation[short].copy()
    decay, weight, usual = market_numbers(impact, np.array([crowd.volatility]))
    usual_move = float(usual[0])
    heartbeat = math.ceil(crowd.heartbeat_seconds / STEP_SECONDS)
    delay = round(crowd.delay_seconds / STEP_SECONDS)
    market = sent = float(path[0])
    seen, age = [sent] * (delay + 1), 0
    temporary = permanent = 0.0
    restless, fund, closed = 1.0, crowd.fund, 0
    for exogenous in path[1:].tolist():
        temporary *= decay
        before, market = market, exogenous * factor(temporary + permanent)
        restless += weight * (abs(market / before - 1.0) / usual_move - restless)
        age += 1
        if abs(market - sent) >= crowd.deviation * sent or age >= heartbeat:
            sent, age = market, 0
        seen.append(sent)
        oracle = seen.pop(0) if delay == 0 else seen[-1 - delay]
        del seen[: -1 - delay]
        down, up = np.flatnonzero(falls > oracle), np.flatnonzero(rises < oracle)
        if down.size + up.size == 0:
            continue
        falls[down], rises[up] = -np.inf, np.inf
        who = np.concatenate([long[down], short[up]])
        thin = 1.0 + impact.thinning * max(restless - 1.0, 0.0)
        step = -float(np.sum(size[who])) * market * thin / crowd.depth
        first, last = temporary + permanent, temporary + permanent + step
        middle = factor(0.5 * (first + last))
        paid = exogenous * (factor(first) + 4.0 * middle + factor(last)) / 6.0
        temporary += (1.0 - impact.permanent_share) * step
        permanent += impact.permanent_share * step
        market = exogenous * factor(temporary + permanent)
        left = cash[who] + size[who] * paid
        fund += float(np.sum(left[left < 0.0]))
        closed += who.size
    return Outcome(closed, fund, np.array([market]))


def cross(crowd: CrossCrowd, path: Floats) -> Outcome:
    """One path (s + 1, a) of the coins' prices without the crowd: (n, k) arrays."""
    impact, coins = crowd.impact, crowd.spot.size
    coin, size = crowd.coin, crowd.size.copy()
    cash = crowd.deposit - np.sum(size * crowd.spot[coin], axis=1)
    rate = crowd.maintenance[coin]
    counted = size - rate * np.abs(size)  # equity less maintenance, per unit of price
    decay, weight, usual = market_numbers(impact, crowd.volatility)
    ready, tried = np.zeros(cash.size, dtype=np.int64), np.zeros(cash.size, dtype=np.int64)
    market = path[0]
    temporary, permanent = np.zeros(coins), np.zeros(coins)
    restless, fund, closed = np.ones(coins), crowd.fund, 0
    for step in range(1, len(path)):
        exogenous, before = path[step], market
        temporary *= decay
        market = exogenous * factors(temporary + permanent)
        restless += weight * (np.abs(market / before - 1.0) / usual - restless)
        for _ in range(MOST_ROUNDS):
            spare = cash + np.einsum("nk,nk->n", counted, market[coin])
            who = np.flatnonzero(spare < 0.0)
            who = who[(ready[who] <= step) & np.any(size[who] != 0.0, axis=1)]
            if who.size == 0:
                break
            held, at = size[who], coin[who]
            notional = np.sum(np.abs(held) * market[at], axis=1)
            equity = cash[who] + np.sum(held * market[at], axis=1)
            cut = (notional > crowd.partial_above) & (tried[who] < 1)
            share = np.where(cut, crowd.partial_fraction, 1.0)
            sold = held * share[:, None]
            flow = -np.bincount(at.ravel(), (sold * market[at]).ravel(), coins)
            moved = flow * (1.0 + impact.thinning * np.maximum(restless - 1.0, 0.0)) / crowd.depth
            first, last = temporary + permanent, temporary + permanent + moved
            middle = factors(0.5 * (first + last))
            paid = exogenous * (factors(first) + 4.0 * middle + factors(last)) / 6.0
            temporary += (1.0 - impact.permanent_share) * moved
            permanent += impact.permanent_share * moved
            market = exogenous * factors(temporary + permanent)
            left = cash[who] + np.sum(sold * paid[at], axis=1)
            all_fees = (crowd.fee + crowd.taker_fee) * notional * share
            fees = np.clip(np.where(cut, equity, left), 0.0, all_fees)
            fund += float(np.sum(fees)) * crowd.fee / (crowd.fee + crowd.taker_fee)
            left -= fees
            lost = np.where(cut, 0.0, np.minimum(left, 0.0))
            fund += float(np.sum(lost))
            cash[who] = left - lost
            size[who] = np.where(cut[:, None], held - sold, 0.0)
            counted[who] = size[who] - rate[who] * np.abs(size[who])
            tried[who] += 1
            ready[who] = np.where(cut, step + 1, ready[who])
            closed += who.size
    return Outcome(closed, fund, market)


def coins_of(exogenous: Floats, assets: tuple[str, ...], quote: str) -> Floats:
    """The engine's exogenous paths (p, s + 1, k) without the quote currency."""
    moving = [n for n, name in enumerate(assets) if name != quote]
    return np.ascontiguousarray(exogenous[:, :, moving])
