"""The loss of one path in parts that sum to it: Shapley values in two layers.

With W the causes of the world and R the responses (see `causes.py`), the loss v of a path is

    v(W + R) = v(nothing) + [v(W) - v(nothing)] + [v(W + R) - v(W)]

The second term is split over W by Shapley values of the game S -> v(S), the third over R by those
of S -> v(W + S): orders in which every cause of the world comes before every response (Faigle and
Kern 1992). Both telescope, so the parts sum to the loss of the path whatever the loss does, but for
rounding. v(nothing) is a part of its own, ``standing``: what time alone and what was wrong at the
start cost (an option's decay, an account that begins below its maintenance).

Beside its part each cause has two plain knock-outs: ``alone``, what it brings by itself before any
response, and ``saved``, by how much less would have been lost had it alone been missing. Where two
causes lose only together, each has half of it, both have nothing alone, and each saves all.

Up to MOST_EXACT players all coalitions run; beyond, PAIRS of orders of the path's own and their
reverses.
Source: Shapley (1953); Faigle and Kern (1992), International Journal of Game Theory 21.
Wrong when read as blame: of what causes do together each gets the same share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.exposure.explain.causes import Cause, Layer
from seawall.exposure.explain.rerun import PathOf, Reruns
from seawall.exposure.shapley import along, coalitions, exact, from_orders, orders

MOST_EXACT = 8
PAIRS = 8

Value = Callable[[Bools], Floats]


@dataclass(frozen=True)
class Attribution:
    """The loss of a path in parts, columns (m,): the loss, then what each payer bore of it.

    total (m,) the path as it was; standing (m,) with nothing in; parts (n, m) of each cause
    alone, saved (n,) of the loss; orders: how many were walked along by layer, 0 where exact
    runs: how often the path was run
    """

    causes: tuple[Cause, ...]
    total: Floats
    standing: Floats
    parts: Floats
    alone: Floats
    saved: Floats
    orders: dict[str, int]
    runs: int


def shares(players: int, path: PathOf, value: Value) -> tuple[Floats, int, int]:
    """Shapley values (n, m) of a game of columns, orders walked along, runs; value (c, n)->(c, m).

    All coalitions of up to MOST_EXACT players, else PAIRS of orders and their reverses.
    """
    if players <= MOST_EXACT:
        who = coalitions(players)
        return exact(value(who)), 0, who.shape[0]
    rank = orders(players, np.array([path.number]), PAIRS, path.seed)
    come = along(rank)[:, :, 0]
    ends = np.array([[False], [True]]) & np.ones(players, dtype=bool)
    asked = np.concatenate([ends, come.reshape(-1, players)])
    found = value(asked)
    columns = found.shape[1]
    between = found[2:].reshape(rank.shape[0], players - 1, columns)
    ranks = np.broadcast_to(rank, (rank.shape[0], columns, players))
    parts = from_orders(ranks, found[0], between, found[1])
    return parts, rank.shape[0], asked.shape[0]


def attribute(reruns: Reruns, path: PathOf, causes: tuple[Cause, ...]) -> Attribution:
    """The parts of a path's loss; every world cause stands before every response in ``causes``."""
    outside = sum(one.layer is Layer.WORLD for one in causes)
    count = len(causes)

    def value(present: Bools) -> Floats:
        return reruns.amounts(path, causes, present)

    def of_world(present: Bools) -> Floats:
        return value(np.pad(present, ((0, 0), (0, count - outside))))

    def of_responses(present: Bools) -> Floats:
        return value(np.pad(present, ((0, 0), (outside, 0)), constant_values=True))

    first, walked, runs = shares(outside, path, of_world)
    then, also, more = shares(count - outside, path, of_responses)
    everybody = np.ones((1, count), dtype=bool)
    single = np.eye(count, dtype=bool)
    known = np.concatenate([everybody, ~single, ~everybody, single[:outside]])
    ends = value(known)
    total, standing = ends[0], ends[1 + count]
    saved = total[0] - ends[1 : 1 + count, 0]
    alone = np.zeros(count)
    alone[:outside] = ends[2 + count :, 0] - standing[0]
    return Attribution(
        causes,
        total,
        standing,
        np.concatenate([first, then]),
        alone,
        saved,
        {str(Layer.WORLD): walked, str(Layer.RESPONSE): also},
        runs + more + known.shape[0],
    )
