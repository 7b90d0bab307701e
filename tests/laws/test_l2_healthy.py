"""L2: a healthy account becomes unhealthy only by price, implied volatility, time, funding,
interest, fees, a depeg, a rule change, its own trade or withdrawal, ADL or socialised loss; nothing
else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from random_cases import Recipe, build, laws, recipes
from tiny_cases import AS_OF, QUOTE, Floats, run_case

from seawall.book import Book
from seawall.cascade import reference
from seawall.cascade.breach import Breach
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.case import Case
from seawall.instruments import Perpetual
from seawall.margin.table.assess import assess, requirement
from seawall.margin.table.compile import compile_table

NOTHING = "L2: with constant prices and no rates a healthy account stays healthy"
CAUSE = "L2: an account is closed only when its equity is below maintenance at that moment"
FORCED = (EventKind.LIQUIDATION, EventKind.BACKSTOP, EventKind.ADL_BANKRUPT)


@laws
@given(recipes(healthy=True, rates=False, writers=0))
def test_nothing_happens_while_nothing_changes(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    still = np.repeat(exogenous[:, :1], exogenous.shape[1], axis=1)
    table = compile_table(case.book, case.market, case.rulebooks, QUOTE, AS_OF)
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    assert not requirement(table, spot[table.feed_asset]).liquidatable.any(), "a bad recipe"
    _, tape, state = run_case(case, still)
    assert tape.path.size == 0, NOTHING
    assert np.array_equal(state.market, still[:, -1]), NOTHING
    steady = np.all(tape.desk_equity == tape.desk_equity[:, :1])
    assert steady, f"{NOTHING} (and its equity does not move)"


@contextmanager
def watched(seen: list[tuple[int, int, int]]) -> Iterator[None]:
    """Every closure of the run is checked on what the account holds when it is closed."""

    def check(setup: Setup, state: State, step: int, breach: Breach) -> None:
        equity, maintenance, _ = assess(
            setup.table, state.holdings, state.quotes, breach.path, breach.unit
        )
        assert np.all(equity < maintenance), CAUSE
        assert np.array_equal(equity, breach.equity), CAUSE
        seen.extend((p, step, u) for p, u in zip(breach.path, breach.unit, strict=True))

    plain, lend = reference.close_accounts, reference.liquidate_loans

    def close(
        setup: Setup, state: State, step: int, v: int, breach: Breach, tape: TapeWriter
    ) -> None:
        check(setup, state, step, breach)
        plain(setup, state, step, v, breach, tape)

    def liquidate(
        setup: Setup, state: State, step: int, v: int, breach: Breach, *rest: object
    ) -> object:
        check(setup, state, step, breach)
        return lend(setup, state, step, v, breach, *rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "close_accounts", close)
        patch.setattr(reference, "liquidate_loans", liquidate)
        yield


@laws
@given(recipes())
def test_every_event_has_its_cause(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    seen: list[tuple[int, int, int]] = []
    with watched(seen):
        _, tape, _ = run_case(case, exogenous)
    forced = np.isin(tape.kind, FORCED)
    acted = zip(tape.path[forced], tape.step[forced], tape.unit[forced], strict=True)
    assert set(acted) <= set(seen), CAUSE


def plain_margin(case: Case, account: int, price: dict[str, float]) -> tuple[float, float]:
    """Equity and maintenance of a cross account, quote, from the Book alone: no rates, no basis."""
    book: Book = case.book
    rulebook = case.rulebooks[book.account_venue[account]]
    equity = maintenance = 0.0
    mine = np.flatnonzero(book.position_account == account)
    traded = [book.instruments[i] for i in book.position_instrument[mine]]
    settles = {i.settle for i in traded if isinstance(i, Perpetual)}
    for a, k, quantity in zip(book.balance_account, book.balance_asset, book.quantity, strict=True):
        if a != account:
            continue
        name = book.assets[k]
        terms = rulebook.collateral.get(name)
        if terms is None and name not in settles:
            continue  # held there, counts for nothing
        value = quantity * price[name]
        equity += value
        if terms is not None and value > 0:
            maintenance += (1.0 - terms.liquidation_threshold) * value
    for n in mine:
        instrument = book.instruments[book.position_instrument[n]]
        assert isinstance(instrument, Perpetual)
        mark, size = price[instrument.underlying], book.size[n]
        tiers = rulebook.default_tiers
        if instrument.inverse:
            equity += size * (1.0 / book.entry[n] - 1.0 / mark) * mark
            notional = abs(size)
        else:
            equity += size * (mark - book.entry[n])
            notional = abs(size) * mark
        for tier, following in zip(tiers, (*tiers[1:], None), strict=True):
            top = notional if following is None else min(notional, following.lower_bound)
            maintenance += max(top - tier.lower_bound, 0.0) * tier.maintenance_rate
    return equity, maintenance


@laws
@given(
    recipes(
        rates=False, writers=0, lag=False, deep=True, layers=("fund", "socialised"), capital=1e3
    )
)
def test_first_closures_agree_with_the_book_and_arithmetic(recipe: Recipe) -> None:
    """Margin by schoolbook sums over the Book, tiers as brackets, no code of the margin floor."""
    case, exogenous = build(recipe)
    case = replace(case, market=replace(case.market, instruments={}))
    book = replace(case.book, isolated=np.zeros_like(case.book.isolated))
    # Isolated margins join the account's cash.
    isolated = np.flatnonzero(case.book.isolated)
    book = replace(
        book,
        balance_account=np.concatenate(
            [book.balance_account, case.book.position_account[isolated]]
        ),
        balance_asset=np.concatenate([book.balance_asset, np.zeros(isolated.size, dtype=np.int64)]),
        quantity=np.concatenate([book.quantity, case.book.isolated_margin[isolated]]),
        isolated_margin=np.zeros_like(book.isolated_margin),
    )
    case = replace(case, book=book)
    setup, tape, _ = run_case(case, exogenous)
    assert _first_forced(setup, tape.path, tape.step, tape.unit, tape.kind) == _arithmetic(
        case, exogenous
    ), CAUSE


def _first_forced(
    setup: Setup, path: Floats, step: Floats, unit: Floats, kind: Floats
) -> dict[tuple[int, int], int]:
    first: dict[tuple[int, int], int] = {}
    for p, s, u, k in zip(path, step, unit, kind, strict=True):
        if k in FORCED:
            first.setdefault((int(p), int(setup.table.units.account[int(u)])), int(s))
    return first


def _arithmetic(case: Case, exogenous: Floats) -> dict[tuple[int, int], int]:
    first: dict[tuple[int, int], int] = {}
    for p in range(exogenous.shape[0]):
        for step in range(1, exogenous.shape[1]):
            price = dict(zip(case.book.assets, exogenous[p, step].tolist(), strict=True))
            for account in range(len(case.book.account_names)):
                equity, maintenance = plain_margin(case, account, price)
                if equity < maintenance:
                    first.setdefault((p, account), step)
    return first
