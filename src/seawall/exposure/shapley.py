"""What each of several players adds to a whole: Shapley values, exact and by sampled orders.

A game gives a value to every coalition of n players. Let the players come in some order; what each
adds when it comes is its marginal contribution, and its Shapley value is the mean of that over all
n! orders:

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! x (v(S + i) - v(S))

The values sum to v(all) - v(none), whatever the game (efficiency). They may be negative.

**Exact** needs all 2^n coalitions, so it is for few players. **Sampled**: each path draws orders of
its own, each with its reverse, and the mean of the marginal contributions along them is unbiased
for the path's own Shapley value. The sum is right path by path, whatever the orders. As paths draw
their orders independently, the spread between paths holds both the noise of the paths and that of
the orders: an interval over paths covers both.

Sources: Shapley (1953), "A value for n-person games"; Castro, Gomez and Tejada (2009), Computers &
Operations Research 36 (sampled orders); Mitchell, Cooper, Frank and Holmes (2022), JMLR 23 (orders
in pairs with their reverses).
Wrong when: players are added that do nothing but rename others: the split depends on who is a
player. Interactions are shared in equal parts, which says nothing about who caused them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# 2^12 coalitions; beyond that exact values are no use to anybody.
MOST_EXACT = 12


def coalitions(players: int) -> Bools:
    """Who is in each of the 2^n coalitions (2^n, n): player i is in coalition c if bit i of c is 1.

    Coalition 0 is the empty one and the last is everybody. Raises InputError beyond MOST_EXACT.
    """
    if not 0 <= players <= MOST_EXACT:
        raise InputError(
            f"{players} players for exact Shapley values", expected=f"at most {MOST_EXACT}"
        )
    codes = np.arange(2**players)
    members: Bools = (codes[:, None] >> np.arange(players)) & 1 == 1
    return members


def exact(values: Floats) -> Floats:
    """Shapley values (n, ...) from the values (2^n, ...) of :func:`coalitions`, in that order.

    Further axes are games of their own: with one axis of paths the result is path by path.
    Raises InputError where the first axis is no power of two.
    """
    count = values.shape[0]
    players = count.bit_length() - 1
    if count != 2**players:
        raise InputError(f"{count} values of coalitions", expected="2^n values for n players")
    codes = np.arange(count)
    size = coalitions(players).sum(axis=1)
    out = np.zeros((players, *values.shape[1:]))
    for i in range(players):
        without = codes[(codes >> i) & 1 == 0]
        added = values[without | (1 << i)] - values[without]
        weight = np.array([_weight(int(s), players) for s in size[without]])
        out[i] = np.tensordot(weight, added, axes=1)
    return out


def _weight(others: int, players: int) -> float:
    """Share of the orders in which exactly these ``others`` come before a player."""
    from math import comb

    return 1.0 / (players * comb(players - 1, others))


def orders(players: int, paths: Ints, pairs: int, seed: int) -> Ints:
    """Orders in which players come, each path its own (2 x pairs, p, n): rank of every player.

    ``paths`` (p,): the paths' numbers, which fix their orders. Orders ``pairs`` and beyond are the
    reverses of the first ``pairs``. Rank 0 comes first.
    """
    drawn = uniforms(seed, Stream.ORDER, paths, np.arange(pairs), players)
    rank = drawn.transpose(1, 0, 2).argsort(axis=2, kind="stable").argsort(axis=2, kind="stable")
    return np.concatenate([rank, players - 1 - rank]).astype(np.int64)


def along(rank: Ints) -> Bools:
    """Who has come when k have, along each order (m, n - 1, p, n): k = 1 to n - 1.

    rank (m, p, n) as :func:`orders` gives it. Nobody and everybody are left out: they are the same
    along every order.
    """
    players = rank.shape[2]
    come: Bools = rank[:, None] < np.arange(1, players)[None, :, None, None]
    return come


def from_orders(rank: Ints, none: Floats, between: Floats, everybody: Floats) -> Floats:
    """Each path's mean marginal contributions (n, p) along its orders.

    rank (m, p, n); none, everybody (p,): values of the empty and the full coalition; between
    (m, n - 1, p): values of the coalitions of :func:`along`. The sum over players is everybody -
    none on every path, but for rounding.
    """
    count, paths, players = rank.shape
    whole = np.empty((count, players + 1, paths))
    whole[:, 0], whole[:, -1] = none, everybody
    whole[:, 1:-1] = between
    added = np.diff(whole, axis=1).transpose(0, 2, 1)
    # Who comes at rank r takes the r-th step of the path's value.
    mine = np.take_along_axis(added, rank, axis=2)
    mean: Floats = mine.mean(axis=0).T
    return mean


def sampled(
    players: int,
    paths: Ints,
    pairs: int,
    seed: int,
    value: Callable[[Bools], Floats],
) -> Floats:
    """Shapley values (n, p) of each path by ``pairs`` of orders of its own and their reverses.

    ``value``: of coalitions (c, p, n), who is in on each path, gives (c, p); it is called once.
    """
    rank = orders(players, paths, pairs, seed)
    count = rank.shape[0]
    between = along(rank).reshape(-1, len(paths), players)
    nobody = np.zeros((1, len(paths), players), dtype=bool)
    found = value(np.concatenate([nobody, between, ~nobody]))
    inner = found[1:-1].reshape(count, players - 1, len(paths))
    return from_orders(rank, found[0], inner, found[-1])
