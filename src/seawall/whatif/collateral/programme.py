"""The cheapest collateral as a linear programme, with its certificate.

Variables, all >= 0, in quote at present prices: what of each slice is posted; of each asset what is
kept outside, bought, sold and brought in as new money. Minimised: financing of what is posted, the
expected loss of a peg on what is held, conversion, the premium of new money. Subject to: each asset
adds up; what is sold pays for what is bought inside a group of assets that may be converted into
each other; in each state each account's collateral, as the venue counts it, covers what it needs;
an asset is at most a share of an account's collateral.

An asset that counts for less the more there is of it (a concave haircut) is a row of slices, each
counting for less than the one before: cheapest first fills them in order, so the programme stays
linear. Certificate: for any prices y of the constraints (signs right), y b + sum of min(0, c - A'y)
x upper bounds is below every solution's cost; the solver's own y is put in and the difference to
the solution's cost is the optimality gap. It needs no trust in the solver.

Source: weak duality of linear programmes (Bertsimas and Tsitsiklis 1997, ch. 4). Wrong when: a
transfer costs a fixed fee (then it is an integer programme, and this cost is a lower bound of it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.errors import InputError

# Relative slack of the second step, which picks the solution that moves least among the cheapest.
TIE = 1e-10
DEAR = 1e-9
# What counts for less than this of its worth is no way to meet a need.
FAINT = 1e-6
TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True)
class Slice:
    """A way to post an asset at an account: up to ``width`` quote of it.

    credit (s,): what one quote of it counts for in each state, its change of price included
    rate: cost of one quote posted over the whole term, as a fraction
    """

    account: int
    asset: int
    width: float
    credit: Floats
    rate: float


@dataclass(frozen=True)
class Programme:
    """m accounts, k assets, s states; amounts in quote at present prices.

    need (m, s)   what collateral must count for        have (k,)  held now, wherever it is
    posted (m, k) of that, what each account holds now  group (k,) who may be converted into whom
    conversion (k,) cost of buying or selling, a fraction    held (k,) expected loss over the term
    share (k,)    largest share of an account's collateral, 1 = no bound
    premium       of new money over the term, a fraction
    """

    need: Floats
    have: Floats
    posted: Floats
    slices: tuple[Slice, ...]
    group: Ints
    conversion: Floats
    held: Floats
    share: Floats
    premium: float


@dataclass(frozen=True)
class Solution:
    """posted (m, k), kept, bought, sold, new (k,) quote; cost, and a bound that no mix is below."""

    posted: Floats
    kept: Floats
    bought: Floats
    sold: Floats
    new: Floats
    cost: float
    bound: float


@dataclass(frozen=True)
class _Matrix:
    """min c x, equal x = b, at_most x <= d, 0 <= x <= upper; amounts in units of ``scale``."""

    c: Floats
    equal: Floats
    b: Floats
    at_most: Floats
    d: Floats
    upper: Floats
    scale: float


def solve(programme: Programme) -> Solution:
    """The cheapest mix; of equally cheap ones the one that posts least anew.

    Raises InputError when no mix holds in every state, new money included: an account that accepts
    nothing that counts in some state, or caps and shares that leave no room.
    """
    matrix = _matrix(programme)
    found = _highs(matrix)
    if found is None:
        raise InputError(
            "no collateral holds in every state, whatever is brought in: what the accounts accept "
            "counts for nothing in one of them, or caps and shares leave no room",
            expected="a state less extreme, or wider caps and shares in --terms",
        )
    x, prices, multipliers = found
    bound = _bound(matrix, prices, multipliers)
    x = _least_moved(programme, matrix, x, _reduced(matrix, prices, multipliers))
    return _solution(programme, matrix, x, bound)


def costs(programme: Programme) -> Floats:
    """Cost of one quote of each variable: slices, then kept, bought, sold, new of each asset."""
    asset = np.array([s.asset for s in programme.slices], dtype=np.int64)
    rate = np.array([s.rate for s in programme.slices])
    new = np.full(programme.have.size, programme.premium)
    change = programme.conversion
    return np.concatenate([rate + programme.held[asset], programme.held, change, change, new])


def _matrix(programme: Programme) -> _Matrix:
    slices, k = programme.slices, programme.have.size
    m, states = programme.need.shape
    n = len(slices)
    account = np.array([s.account for s in slices], dtype=np.int64)
    asset = np.array([s.asset for s in slices], dtype=np.int64)
    credit = np.array([s.credit for s in slices]).reshape(n, states)
    eye = np.eye(k)
    owned = (asset[None, :] == np.arange(k)[:, None]).astype(float)
    adds_up = np.hstack([owned, eye, -eye, eye, -eye])
    groups = np.unique(programme.group)
    member = (programme.group[None, :] == groups[:, None]).astype(float)
    pays = np.zeros((groups.size, n + 4 * k))
    pays[:, n + k : n + 2 * k] = member * (1.0 + programme.conversion)
    pays[:, n + 2 * k : n + 3 * k] = -member * (1.0 - programme.conversion)
    covers = np.zeros((m * states, n + 4 * k))
    for i in range(m):
        mine = account == i
        covers[i * states : (i + 1) * states, :n][:, mine] = -credit[mine].T
    shares = [
        np.concatenate([np.where(asset == a, 1.0, 0.0) * (account == i), np.zeros(4 * k)])
        - programme.share[a] * np.concatenate([(account == i).astype(float), np.zeros(4 * k)])
        for i in range(m)
        for a in range(k)
        if programme.share[a] < 1.0
    ]
    needs = programme.need.reshape(-1)
    scale = float(max(programme.have.sum(), np.abs(needs).max(initial=0.0), 1e-12))
    alone = np.array([np.count_nonzero(programme.group == g) == 1 for g in programme.group])
    return _Matrix(
        c=costs(programme),
        equal=np.vstack([adds_up, pays]),
        b=np.concatenate([programme.have / scale, np.zeros(groups.size)]),
        at_most=np.vstack([covers, *shares]) if shares else covers,
        d=np.concatenate([-needs / scale, np.zeros(len(shares))]),
        upper=_upper(programme, credit, account, alone) / scale,
        scale=scale,
    )


def _upper(programme: Programme, credit: Floats, account: Ints, alone: Bools) -> Floats:
    """Bounds that no sensible mix reaches: all that is held, and each need met twice over."""
    needed = 0.0
    for i in range(programme.need.shape[0]):
        counts = credit[account == i]
        least = counts[counts > FAINT].min(initial=1.0)
        needed += float(np.maximum(programme.need[i], 0.0).max()) / float(least)
    most = 2.0 * float(programme.have.sum()) + 2.0 * needed + 1e-9
    widths = np.array([min(s.width, most) for s in programme.slices])
    every = np.full(alone.size, most)
    traded = np.where(alone, 0.0, most)
    return np.concatenate([widths, every, traded, traded, every])


def _highs(matrix: _Matrix) -> tuple[Floats, Floats, Floats] | None:
    """Solution, prices of the equalities and of the inequalities; None when there is none."""
    from scipy.optimize import linprog

    found = linprog(
        matrix.c,
        A_ub=matrix.at_most,
        b_ub=matrix.d,
        A_eq=matrix.equal,
        b_eq=matrix.b,
        bounds=np.column_stack([np.zeros(matrix.c.size), matrix.upper]),
        method="highs",
        options=TIGHT,
    )
    if found.x is None:
        return None
    return found.x, found.eqlin.marginals, found.ineqlin.marginals


def _bound(matrix: _Matrix, prices: Floats, multipliers: Floats) -> float:
    """What no solution costs less than, quote, for any prices and multipliers."""
    signed = np.minimum(multipliers, 0.0)
    below = float(np.minimum(_reduced(matrix, prices, multipliers), 0.0) @ matrix.upper)
    return matrix.scale * (float(prices @ matrix.b) + float(signed @ matrix.d) + below)


def _reduced(matrix: _Matrix, prices: Floats, multipliers: Floats) -> Floats:
    """What one more of each variable costs at these prices of the constraints."""
    signed = np.minimum(multipliers, 0.0)
    return matrix.c - matrix.equal.T @ prices - matrix.at_most.T @ signed


def _least_moved(programme: Programme, matrix: _Matrix, x: Floats, reduced: Floats) -> Floats:
    """Of the solutions as cheap as ``x`` the one that posts least beyond what is posted now.

    What has a reduced cost is in none of them.
    """
    pairs = sorted({(s.account, s.asset) for s in programme.slices})
    if not pairs:
        return x
    n, extra = matrix.c.size, len(pairs)
    anew = np.zeros((extra, n + extra))
    now = np.zeros(extra)
    for row, (i, a) in enumerate(pairs):
        mine = [p for p, s in enumerate(programme.slices) if (s.account, s.asset) == (i, a)]
        anew[row, mine] = 1.0
        anew[row, n + row] = -1.0
        now[row] = programme.posted[i, a] / matrix.scale
    wide = np.zeros((matrix.at_most.shape[0], extra))
    dearest = np.concatenate([matrix.c, np.zeros(extra)])[None, :]
    cheap = float(matrix.c @ x)
    second = _Matrix(
        c=np.concatenate([np.zeros(n), np.ones(extra)]),
        equal=np.hstack([matrix.equal, np.zeros((matrix.equal.shape[0], extra))]),
        b=matrix.b,
        at_most=np.vstack([np.hstack([matrix.at_most, wide]), anew, dearest]),
        d=np.concatenate([matrix.d, now, [cheap + TIE * abs(cheap)]]),
        upper=np.concatenate(
            [
                np.where(reduced > DEAR, 0.0, matrix.upper),
                np.full(extra, matrix.upper.max(initial=1.0)),
            ]
        ),
        scale=matrix.scale,
    )
    found = _highs(second)
    return x if found is None else found[0][:n]


def _solution(programme: Programme, matrix: _Matrix, x: Floats, bound: float) -> Solution:
    n, k = len(programme.slices), programme.have.size
    amounts = np.maximum(x, 0.0) * matrix.scale
    posted = np.zeros(programme.posted.shape)
    for piece, amount in zip(programme.slices, amounts[:n], strict=True):
        posted[piece.account, piece.asset] += amount
    kept, bought, sold, new = amounts[n:].reshape(4, k)
    cost = float(matrix.c @ amounts)
    return Solution(posted, kept, bought, sold, new, cost, bound)


def credited(programme: Programme, posted: Floats, slices: Sequence[Slice]) -> Floats:
    """What collateral (m, k) quote counts for in each account and state, (m, s)."""
    out = np.zeros(programme.need.shape)
    left = posted.copy()
    for piece in slices:
        take = min(left[piece.account, piece.asset], piece.width)
        left[piece.account, piece.asset] -= take
        out[piece.account] += take * piece.credit
    return out
