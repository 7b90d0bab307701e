"""The backstop vault takes accounts over; vault or fund cover the deficits that they surely can.

The same operations in the same order as `_to_vault` of `seawall.cascade.closing` and
`cover_deficits` of `seawall.cascade.losses`. Of the vault's equity only the sign, and that it is
larger than what is asked, are used: where rounding could decide, the plain loop does.
"""

from __future__ import annotations

from seawall.cascade.fast.awake_kernel import take_out
from seawall.cascade.fast.layout_kernel import (
    SETTLE_ASSET,
    Array,
    Awake,
    Books,
    Fixed,
    Log,
    Prices,
)
from seawall.cascade.fast.sell_kernel import fill, market_value, pay, write
from seawall.foundation.compiled import record_helper

BACKSTOP, COVER = 1, 5
# Sums of worth are trusted to this share of them, which is far above their rounding.
TRUSTED = 1e-9


@record_helper
def vault_worth(fixed: Fixed, books: Books, prices: Prices, p: int, v: int) -> tuple[float, float]:
    """Equity of a venue's vault, and by how much rounding may have moved it; quote."""
    contracts, feed = fixed.contracts, prices.feed
    total, gross = 0.0, 0.0
    for k in range(prices.market.shape[1]):
        worth = books.backstop[p, v, k] * prices.market[p, k]
        total += worth
        gross += abs(worth)
    for c in range(contracts.venue.size):
        size = books.vault_contracts[p, c]
        if size == 0.0 or contracts.venue[c] != v:
            continue
        price = feed[p, contracts.feed[c]] * contracts.factor[c]
        price = price * feed[p, contracts.settle[c]]
        worth = size * (-1.0 if contracts.inverse[c] else price)
        total += worth
        gross += abs(worth)
    return total, TRUSTED * gross


@record_helper
def is_low(fixed: Fixed, v: int, equity: float, maintenance: float) -> bool:
    """Whether an account is so near bankruptcy, and not beyond it, that a vault takes it over."""
    ratio = fixed.venues.backstop_ratio[v]
    return ratio >= 0.0 and equity >= 0.0 and equity < ratio * maintenance


@record_helper
def hand_to_vault(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> float:
    """Positions and balances of a unit go to the vault at market prices; their notional, quote."""
    total = 0.0
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        size = books.size[p, r]
        if size != 0.0:
            total += abs(market_value(fixed, prices, p, r, -size))
    market = prices.market[p]
    fill(fixed, books, prices, p, u, 1.0, market, books.vault_contracts[p], books.backstop[p])
    return total


@record_helper
def to_vault(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    log: Log,
    p: int,
    step: int,
    units: Array,
    work: Array,
) -> int:
    """A solvent vault takes over the low ones of units (n,) of one venue; the others move up.

    work (4, u): equity, maintenance, then room. Returns how many are left.
    """
    v = fixed.units.venue[units[0]]
    equity, maintenance, gross = work[0], work[1], work[3]
    taken = 0
    for n in range(units.size):
        if is_low(fixed, v, equity[n], maintenance[n]):
            taken += 1
    if taken == 0 or not vault_worth(fixed, books, prices, p, v)[0] > 0.0:
        return units.size
    for n in range(units.size):
        if is_low(fixed, v, equity[n], maintenance[n]):
            gross[n] = hand_to_vault(fixed, books, prices, p, units[n])
    # In the plain loop's order: first all that is handed over, then all that is paid.
    left = 0
    for n in range(units.size):
        u = units[n]
        if is_low(fixed, v, equity[n], maintenance[n]):
            own = books.cash[p, u] * prices.market[p, fixed.units.head[u, SETTLE_ASSET]]
            pay(fixed, books, prices, p, u, -own, books.backstop[p])
            books.cash[p, u] = 0.0
            write(log, (p, step, u, BACKSTOP), (gross[n], 0.0, 0.0, 0.0, -own))
            take_out(awake, p, u)
        else:
            units[left], equity[left] = u, equity[n]
            left += 1
    return left


@record_helper
def cover(
    fixed: Fixed, books: Books, prices: Prices, log: Log, p: int, step: int, closed: Array
) -> bool:
    """The first layer pays the deficits of closed units (n,); False: it may not, nothing was paid.

    What it cannot pay is left to the plain loop, whose list of closed units is then filled.
    """
    v = fixed.units.venue[closed[0]] if closed.size else 0
    vault, known = fixed.venues.backstop_first[v], fixed.venues.fund_first[v]
    left, enough, short = max(books.fund[p, v, fixed.quote], 0.0), True, 0
    for n in range(closed.size):
        u = closed[n]
        owed = -books.cash[p, u] * prices.market[p, fixed.units.head[u, SETTLE_ASSET]]
        if owed > 0.0:
            if short == 0 and vault:
                worth, rounding = vault_worth(fixed, books, prices, p, v)
                left, known = worth - rounding, True
            short += 1
            enough = enough and known and owed <= left
            left -= owed
    if short == 0:
        return True
    if not enough:
        for n in range(closed.size):
            m = log.used[1]
            log.covers[m, 0], log.covers[m, 1] = p, closed[n]
            log.used[1] = m + 1
        return False
    payer = books.backstop[p] if vault else books.fund[p]
    for n in range(closed.size):
        u = closed[n]
        owed = -books.cash[p, u] * prices.market[p, fixed.units.head[u, SETTLE_ASSET]]
        if owed > 0.0:
            pay(fixed, books, prices, p, u, owed, payer)
            by_fund, by_vault = 0.0 if vault else owed, owed if vault else 0.0
            write(log, (p, step, u, COVER), (0.0, 0.0, 0.0, by_fund, by_vault))
    return True
