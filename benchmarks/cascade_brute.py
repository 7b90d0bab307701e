"""The cross-margin market compiled by Numba, every account in every step: the brute comparator.

What a good user of Numba would write: flat loops over accounts and their positions, nothing skipped
but accounts that hold nothing any more. A test holds its outcome equal to the engine's.
"""

from __future__ import annotations

import numba
import numpy as np

from cascade_books import CrossCrowd, Floats, Ints
from cascade_numpy import MOST_ROUNDS, Outcome, market_numbers


def cross(crowd: CrossCrowd, path: Floats) -> Outcome:
    """One path (s + 1, a) of the coins' prices without the crowd."""
    numbers = market_numbers(crowd.impact, crowd.volatility)
    size = crowd.size.copy()
    market = path[0].copy()
    closed, fund = _run(
        path,
        crowd.coin,
        size,
        crowd.deposit - np.sum(size * crowd.spot[crowd.coin], axis=1),
        crowd.maintenance,
        crowd.depth,
        numbers.usual,
        np.array([numbers.decay, numbers.weight, crowd.impact.permanent_share]),
        crowd.impact.thinning,
        np.array([crowd.fee, crowd.taker_fee, crowd.partial_fraction, crowd.partial_above]),
        crowd.fund,
        market,
    )
    return Outcome(closed, fund, market)


@numba.njit(nogil=True, error_model="numpy")
def _factor(flow: float) -> float:
    x = abs(flow)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return 1.0 / power if flow < 0.0 else power


@numba.njit(nogil=True, error_model="numpy")
def _below(
    coin: Ints, size: Floats, cash: Floats, counted: Floats, price: Floats, hit: Ints
) -> int:
    """Write the accounts whose equity is below maintenance to ``hit``; how many."""
    found = 0
    for i in range(cash.size):
        spare = cash[i]
        for k in range(coin.shape[1]):
            spare += counted[i, k] * price[coin[i, k]]
        if spare < 0.0:
            hit[found] = i
            found += 1
    return found


@numba.njit(nogil=True, error_model="numpy")
def _run(
    path: Floats,
    coin: Ints,
    size: Floats,
    cash: Floats,
    maintenance: Floats,
    depth: Floats,
    usual: Floats,
    recovery: Floats,
    thinning: float,
    rules: Floats,
    fund: float,
    market: Floats,
) -> tuple[int, float]:
    accounts, held = coin.shape
    coins = depth.size
    decay, weight, stays = recovery
    fee, taker_fee, partial, above = rules
    counted = np.empty_like(size)
    for i in range(accounts):
        for k in range(held):
            counted[i, k] = size[i, k] - maintenance[coin[i, k]] * abs(size[i, k])
    temporary, permanent = np.zeros(coins), np.zeros(coins)
    restless, flow, paid = np.ones(coins), np.empty(coins), np.empty(coins)
    hit, share, bound = np.empty(accounts, np.int64), np.empty(accounts), np.empty(accounts)
    notional = np.empty(accounts)
    ready, tried = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    closed = 0
    for step in range(1, path.shape[0]):
        for a in range(coins):
            temporary[a] *= decay
            price = path[step, a] * _factor(temporary[a] + permanent[a])
            move = abs(price / market[a] - 1.0) / usual[a]
            restless[a] += weight * (move - restless[a])
            market[a] = price
        for _ in range(MOST_ROUNDS):
            flow[:] = 0.0
            count = 0
            for n in range(_below(coin, size, cash, counted, market, hit)):
                i = hit[n]
                worth, gross = 0.0, 0.0
                for k in range(held):
                    worth += size[i, k] * market[coin[i, k]]
                    gross += abs(size[i, k]) * market[coin[i, k]]
                if gross == 0.0 or ready[i] > step:
                    continue
                hit[count], notional[count], bound[count] = i, gross, cash[i] + worth
                share[count] = partial if gross > above and tried[i] < 1 else 1.0
                for k in range(held):
                    flow[coin[i, k]] -= share[count] * size[i, k] * market[coin[i, k]]
                count += 1
            if count == 0:
                break
            for a in range(coins):
                thin = 1.0 + thinning * max(restless[a] - 1.0, 0.0)
                moved = flow[a] * thin / depth[a]
                first = temporary[a] + permanent[a]
                last = first + moved
                middle = _factor(0.5 * (first + last))
                paid[a] = path[step, a] * (_factor(first) + 4.0 * middle + _factor(last)) / 6.0
                temporary[a] += (1.0 - stays) * moved
                permanent[a] += stays * moved
                market[a] = path[step, a] * _factor(temporary[a] + permanent[a])
            for n in range(count):
                i, whole = hit[n], share[n] == 1.0
                for k in range(held):
                    sold = share[n] * size[i, k]
                    cash[i] += sold * paid[coin[i, k]]
                    size[i, k] = 0.0 if whole else size[i, k] - sold
                    counted[i, k] = size[i, k] - maintenance[coin[i, k]] * abs(size[i, k])
                most = cash[i] if whole else bound[n]
                charged = min(max(most, 0.0), (fee + taker_fee) * notional[n] * share[n])
                cash[i] -= charged
                fund += charged * fee / (fee + taker_fee)
                if whole and cash[i] < 0.0:
                    fund += cash[i]
                    cash[i] = 0.0
                tried[i] += 1
                if not whole:
                    ready[i] = step + 1
            closed += count
    return closed, fund
