"""From a desk's accounts to the programme of their cheapest collateral, and back to a Case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.case import Case
from seawall.foundation.errors import InputError, MissingRule
from seawall.margin.rules import Rules
from seawall.whatif.collateral.accounts import (
    SHARES,
    Margined,
    State,
    credit,
    net_in,
    with_collateral,
)
from seawall.whatif.collateral.programme import FAINT, Programme, Slice, Solution, solve
from seawall.whatif.collateral.terms import Terms, converts, depegs

DAYS_A_YEAR = 365.0
# Needs are met by so much more, relative, that rounding never leaves an account short.
ROOM = 1e-9


@dataclass(frozen=True)
class Question:
    """Whose collateral is sought: margin accounts, states to hold in, assets that may be used.

    need (m, s), price (k,) quote; inner and outer: slices that count for no more, and no less, than
    the venue's rule (the same where credit is linear or bent at the slices' ends); bent: (account,
    asset) whose credit is not linear, and whether it is concave
    """

    held: tuple[Margined, ...]
    states: tuple[State, ...]
    assets: tuple[str, ...]
    price: Floats
    need: Floats
    inner: tuple[Slice, ...]
    outer: tuple[Slice, ...]
    bent: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Mix:
    """The cheapest mix: the programme solved, its solution, and a bound below every mix's cost."""

    programme: Programme
    solution: Solution
    bound: float


def question_of(
    case: Case,
    terms: Terms,
    held: Sequence[Margined],
    states: Sequence[State],
    assets: Sequence[str],
    rules: Mapping[str, Rules],
) -> Question:
    """What each account needs and what each asset counts for there, in every state."""
    price = np.array([case.market.assets[a].spot for a in assets])
    need = np.zeros((len(held), len(states)))
    for i, account in enumerate(held):
        for s, state in enumerate(states):
            short = -net_in(case, rules[account.venue], account.bare, state, terms.buffer)
            need[i, s] = short + ROOM * abs(short)
    most = float(np.maximum(need, 0.0).max(axis=1, initial=0.0).sum())
    most = 4.0 * (most + sum(q * price[assets.index(a)] for h in held for a, q in h.posted.items()))
    inner: list[Slice] = []
    outer: list[Slice] = []
    bent = []
    for i, account in enumerate(held):
        for k, asset in enumerate(assets):
            if asset in account.elsewhere or asset in account.bare.balances.assets:
                continue  # posted elsewhere, or a debt: repaying is another act
            rule = rules[account.venue]
            try:
                counts = credit(case, rule, account, asset, states, max(most, 1.0), terms.buffer)
            except MissingRule:
                continue  # the venue's rule has no weight for it: it takes none
            ends = np.concatenate([[0.0], SHARES * max(most, 1.0)])
            if not np.any(counts[-1] > FAINT * ends[-1]):
                continue
            own = terms.of(asset)
            rate = own.financing * terms.days / DAYS_A_YEAR
            cap = np.inf if own.cap is None else own.cap
            below, above, shape = _slices(i, k, counts, ends, rate, cap)
            inner += below
            outer += above
            if shape is not None:
                bent.append((account.name, asset, shape))
    return Question(
        tuple(held),
        tuple(states),
        tuple(assets),
        price,
        need,
        tuple(inner),
        tuple(outer),
        tuple(bent),
    )


def _slices(
    account: int, asset: int, counts: Floats, ends: Floats, rate: float, cap: float
) -> tuple[list[Slice], list[Slice], bool | None]:
    """Slices below and above one curve of credit (13, s) at amounts (13,); its shape.

    Shape None: a line. True: concave, cut into chords (below) and the tangents' slopes (above).
    False: neither, so the lowest and highest mean slopes through 0 stand for it.
    """
    width, rise = np.diff(ends), np.diff(counts, axis=0)
    slope = rise / width[:, None]
    slope = np.where(np.abs(slope) < FAINT, 0.0, slope)
    scale = np.abs(slope).max(initial=1e-300)
    if np.all(np.abs(slope - slope[-1]) <= 1e-8 * scale):
        line = [Slice(account, asset, cap, slope[-1], rate)]
        return line, line, None
    if np.all(np.diff(slope, axis=0) <= 1e-8 * scale):
        # A concave curve is steeper at a slice's start than its chord: at most the chord before.
        # The first slice is a millionth of all that could be posted: its chord is its slope.
        steep = np.vstack([slope[:1], slope[:-1]])
        below, above, used = [], [], 0.0
        for n, wide in enumerate(width.tolist()):
            room = min(wide if n + 1 < width.size else np.inf, cap - used)
            if room <= 0.0:
                break
            below.append(Slice(account, asset, room, slope[n], rate))
            above.append(Slice(account, asset, room, steep[n], rate))
            used += room
        return below, above, True
    mean = counts[1:] / ends[1:, None]
    below = [Slice(account, asset, cap, mean.min(axis=0), rate)]
    return below, [Slice(account, asset, cap, mean.max(axis=0), rate)], False


def programme_of(
    case: Case, terms: Terms, question: Question, slices: Sequence[Slice]
) -> Programme:
    """The linear programme of a question."""
    assets = question.assets
    posted = np.array(
        [[held.posted.get(a, 0.0) for a in assets] for held in question.held]
    ).reshape(len(question.held), len(assets))
    posted = posted * question.price
    wallet = np.array([terms.of(a).wallet for a in assets]) * question.price
    years = terms.days / DAYS_A_YEAR
    lost = [depegs(case, terms, a) for a in assets]
    return Programme(
        need=question.need,
        have=posted.sum(axis=0) + wallet,
        posted=posted,
        slices=tuple(slices),
        group=_groups(case, terms, assets),
        conversion=np.array([terms.of(a).conversion for a in assets]),
        held=np.array([chance * size for chance, size in lost]) * years,
        share=np.array([terms.of(a).share for a in assets]),
        premium=terms.premium * years,
    )


def _groups(case: Case, terms: Terms, assets: Sequence[str]) -> Ints:
    """Assets that may be converted are one group; each of the others is one of its own."""
    free = [converts(case, terms, a) for a in assets]
    return np.array([0 if may else n + 1 for n, may in enumerate(free)], dtype=np.int64)


def cheapest(case: Case, terms: Terms, question: Question) -> Mix:
    """The cheapest mix and how far below its cost another could be.

    Raises InputError where an account accepts nothing that could meet its need.
    """
    for i, held in enumerate(question.held):
        if question.need[i].max() > 0.0 and not any(s.account == i for s in question.inner):
            raise InputError(
                f"account {held.name!r} needs collateral, and none of {', '.join(question.assets)} "
                "counts there",
                expected="an asset that its venue accepts, named in --terms",
            )
    programme = programme_of(case, terms, question, question.inner)
    solution = solve(programme)
    if not question.bent:
        return Mix(programme, solution, solution.bound)
    above = solve(programme_of(case, terms, question, question.outer))
    return Mix(programme, solution, min(solution.bound, above.bound))


def units_of(question: Question, posted: Floats) -> tuple[dict[str, float], ...]:
    """Collateral of each account in units of its assets, from quote (m, k)."""
    tiny = 1e-12 * max(float(posted.sum()), 1.0)
    return tuple(
        {
            asset: float(posted[i, k] / question.price[k])
            for k, asset in enumerate(question.assets)
            if posted[i, k] > tiny
        }
        for i in range(len(question.held))
    )


def nets(
    case: Case,
    terms: Terms,
    question: Question,
    rules: Mapping[str, Rules],
    collateral: Sequence[Mapping[str, float]],
) -> Floats:
    """What each account has over what each state asks for (m, s), quote, by its venue's rule."""
    out = np.zeros(question.need.shape)
    for i, held in enumerate(question.held):
        account = with_collateral(case, held, collateral[i])
        for s, state in enumerate(question.states):
            out[i, s] = net_in(case, rules[held.venue], account, state, terms.buffer)
    return out


def applied(case: Case, question: Question, collateral: Sequence[Mapping[str, float]]) -> Case:
    """The Case with this collateral in place of what is posted now; debts and positions stay.

    What is kept outside leaves the Case: a Case has no wallet.
    """
    book = case.book
    asset_of = {name: n for n, name in enumerate(book.assets)}
    margin = book.isolated_margin.copy()
    crossed = sorted({held.account for held in question.held if held.position is None})
    kept = ~(np.isin(book.balance_account, crossed) & (book.quantity > 0.0))
    rows: dict[tuple[int, str], float] = {}
    for held, units in zip(question.held, collateral, strict=True):
        if held.position is not None:
            margin[held.position] = held.bare.cash + units.get(held.bare.settle, 0.0)
            continue
        for asset, quantity in units.items():
            rows[held.account, asset] = rows.get((held.account, asset), 0.0) + quantity
    account = np.array([key[0] for key in rows], dtype=np.int64)
    coin = np.array([asset_of[key[1]] for key in rows], dtype=np.int64)
    return replace(
        case,
        book=replace(
            book,
            isolated_margin=margin,
            balance_account=np.concatenate([book.balance_account[kept], account]),
            balance_asset=np.concatenate([book.balance_asset[kept], coin]),
            quantity=np.concatenate([book.quantity[kept], np.array(list(rows.values()))]),
        ),
    )
