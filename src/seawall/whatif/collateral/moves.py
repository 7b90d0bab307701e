"""What to do to get from the present collateral to a mix: who sends what where, what is swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.whatif.collateral.programme import Programme, Solution

OUTSIDE, NEW = "outside", "new money"
# Relative to all that is held: amounts below are rounding, not moves.
DUST = 1e-9


@dataclass(frozen=True)
class Move:
    """``amount`` units of ``asset`` from one place to another, of cost ``cost`` quote.

    place: a margin account's name, "outside" or "new money". A swap is done outside: ``into`` and
    ``amount_into`` say what comes out of it; None where nothing is swapped.
    """

    source: str
    target: str
    asset: str
    amount: float
    into: str | None
    amount_into: float | None
    cost: float


def moves_of(
    programme: Programme,
    solution: Solution,
    names: Sequence[str],
    assets: Sequence[str],
    price: Floats,
) -> tuple[Move, ...]:
    """Every move, asset by asset, largest first: out of accounts, swaps, into accounts.

    Each unit that leaves a place arrives at one: sums of moves are the differences of the mix.
    """
    dust = DUST * max(float(programme.have.sum()), float(solution.new.sum()), 1e-300)
    out, into = [], []
    change = solution.posted - programme.posted
    for k, asset in enumerate(assets):
        change_k = np.where(np.abs(change[:, k]) > dust, change[:, k], 0.0)
        ends = list(zip(names, change_k.tolist(), strict=True))
        givers = [(name, -amount) for name, amount in ends if amount < 0.0]
        takers = [(name, amount) for name, amount in ends if amount > 0.0]
        direct, givers, takers = _matched(givers, takers, dust)
        rows = [(source, target, amount) for source, target, amount in direct]
        new = float(solution.new[k])
        if new > dust:
            brought, _, takers = _matched([(NEW, new)], takers, dust)
            rows += brought
            left = new - sum(amount for _, _, amount in brought)
            if left > dust:
                rows.append((NEW, OUTSIDE, left))
        rows += [(source, OUTSIDE, amount) for source, amount in givers]
        for source, target, amount in rows:
            cost = programme.premium * amount if source == NEW else 0.0
            out.append(Move(source, target, asset, amount / price[k], None, None, cost))
        into += [
            Move(OUTSIDE, target, asset, amount / price[k], None, None, 0.0)
            for target, amount in takers
        ]
    swaps = _swaps(programme, solution, assets, price, dust)

    def size(move: Move) -> float:
        return -move.amount * float(price[list(assets).index(move.asset)])

    return (*sorted(out, key=size), *swaps, *sorted(into, key=size))


Ends = list[tuple[str, float]]


def _matched(
    givers: Ends, takers: Ends, dust: float
) -> tuple[list[tuple[str, str, float]], Ends, Ends]:
    """Givers paired with takers in order; what is left of both."""
    give, take = [x for _, x in givers], [x for _, x in takers]
    pairs: list[tuple[str, str, float]] = []
    n = m = 0
    while n < len(give) and m < len(take):
        amount = min(give[n], take[m])
        if amount > dust:
            pairs.append((givers[n][0], takers[m][0], amount))
        give[n] -= amount
        take[m] -= amount
        if give[n] <= dust:
            n += 1
        else:
            m += 1
    left = [(name, x) for (name, _), x in zip(givers, give, strict=True) if x > dust]
    wanted = [(name, x) for (name, _), x in zip(takers, take, strict=True) if x > dust]
    return pairs, left, wanted


def _swaps(
    programme: Programme,
    solution: Solution,
    assets: Sequence[str],
    price: Floats,
    dust: float,
) -> tuple[Move, ...]:
    """What is sold for what, by group: proceeds of a sale pay for purchases in order."""
    rows = []
    cost = programme.conversion
    net = solution.bought - solution.sold
    for group in np.unique(programme.group):
        mine = np.flatnonzero(programme.group == group)
        proceeds = [(str(k), -net[k] * (1.0 - cost[k])) for k in mine if net[k] < -dust]
        bills = [(str(k), net[k] * (1.0 + cost[k])) for k in mine if net[k] > dust]
        for sold, bought, paid in _matched(proceeds, bills, dust)[0]:
            s, b = int(sold), int(bought)
            worth, got = paid / (1.0 - cost[s]), paid / (1.0 + cost[b])
            rows.append(
                Move(
                    OUTSIDE,
                    OUTSIDE,
                    assets[s],
                    worth / price[s],
                    assets[b],
                    got / price[b],
                    worth - got,
                )
            )
    return tuple(rows)
