"""L4: layers of the waterfall fire in the order and under the conditions that the rulebook states,
each dollar of loss lands on exactly one payer, and nothing is paid twice.

Every deficit is measured by the test itself, just before the engine covers it; the hand-worked
numbers for each layer are in tests/cascade.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from random_cases import Recipe, build, laws, recipes
from tiny_cases import Floats, run_case

from seawall.cascade import closing, deleveraging
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import EventKind, Tape, TapeWriter

ONE_PAYER = "L4: each dollar of loss lands on exactly one payer, and nothing is paid twice"
ORDER = "L4: layers fire in the order and under the conditions that the rulebook states"
FUND = "L4: the fund never pays more than it holds"
LAYERS = ("fund", "backstop", "adl", "socialised")


def written(tape: TapeWriter, name: str) -> Floats:
    return tape.columns()[name]


def close_to(found: Floats, expected: Floats) -> bool:
    scale = 1e-9 * (1.0 + np.abs(expected) + np.abs(found))
    return bool(np.all(np.abs(found - expected) <= scale + 1e-7))


def capital(setup: Setup, venue: int) -> float:
    rule = setup.rulebooks[venue].waterfall
    return rule.fund + rule.backstop


@dataclass
class Watch:
    """Checks each cover of deficits and each ADL while a run goes on."""

    covered: int = 0
    deleveraged: int = 0

    def cover(self, plain: Any, setup: Setup, state: State, step: int, path: Any, unit: Any,
              tape: TapeWriter) -> None:  # fmt: skip
        units = setup.table.units
        price = state.market[path, setup.table.feed_asset[units.settle[unit]]]
        owed = np.maximum(-state.holdings.cash[path, unit] * price, 0.0)
        start = written(tape, "kind").size
        plain(setup, state, step, path, unit, tape)
        kind = written(tape, "kind")[start:]
        mine = kind == EventKind.COVER
        key = written(tape, "path")[start:][mine] * units.venue.size
        key = key + written(tape, "unit")[start:][mine]
        paid = {name: written(tape, name)[start:][mine] for name in LAYERS}
        total = sum(paid.values())
        deficit = dict(zip((path * units.venue.size + unit).tolist(), owed.tolist(), strict=True))
        expected = np.array([deficit[int(k)] for k in key])
        assert np.unique(key).size == key.size, ONE_PAYER
        assert close_to(total, expected), ONE_PAYER
        assert np.isclose(total.sum(), owed.sum(), rtol=1e-9, atol=1e-7), ONE_PAYER
        assert all(np.all(part >= 0) for part in paid.values()), ONE_PAYER
        self.covered += int(mine.sum())
        self.check_order(setup, state, key, paid)

    def check_order(self, setup: Setup, state: State, key: Floats, paid: dict[str, Floats]) -> None:
        """A layer pays only when those listed before it are used up."""
        path, unit = np.divmod(key.astype(np.int64), setup.table.units.venue.size)
        for n, (p, v) in enumerate(zip(path, setup.table.units.venue[unit], strict=True)):
            layers = setup.rulebooks[v].waterfall.layers
            scale = 1e-9 * (1.0 + capital(setup, int(v)))
            left = {
                "fund": float(state.accounts.assets["fund"][p, v, setup.quote]),
                "backstop": float(vault_equity(setup, state, np.array([p]), int(v))[0]),
            }
            assert left["fund"] >= -scale, FUND
            for name in ("fund", "backstop"):
                assert paid[name][n] == 0.0 or name in layers, ORDER
            for late in LAYERS:
                before = layers[: layers.index(late)] if late in layers else layers
                last_resort = late == "backstop" and "socialised" not in layers
                for early in before:
                    if paid[late][n] > 0 and early in left and not last_resort:
                        assert left[early] <= scale, f"{ORDER}: {late} before {early} was empty"

    def adl(self, plain: Any, setup: Setup, state: State, step: int, path: Any, unit: Any,
            equity: Floats, leg: Any, tape: TapeWriter) -> None:  # fmt: skip
        venue = setup.table.units.venue[unit]
        for p, v in {(int(p), int(v)) for p, v in zip(path, venue, strict=True)}:
            layers = setup.rulebooks[v].waterfall.layers
            assert "adl" in layers, ORDER
            mine = (path == p) & (venue == v)
            if "fund" in layers[: layers.index("adl")]:
                fund = state.accounts.assets["fund"][p, v, setup.quote]
                assert -equity[mine].sum() > fund, f"{ORDER}: ADL only when the fund cannot cover"
        assert np.all(equity < 0), ORDER
        start = written(tape, "kind").size
        plain(setup, state, step, path, unit, equity, leg, tape)
        bust = written(tape, "kind")[start:] == EventKind.ADL_BANKRUPT
        adl = written(tape, "adl")[start:][bust]
        assert np.all((adl >= 0) & (adl <= -equity * (1.0 + 1e-9) + 1e-9)), ONE_PAYER
        self.deleveraged += path.size


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    cover, adl = closing.cover_deficits, closing.deleverage
    with pytest.MonkeyPatch.context() as patch:
        for module in (closing, deleveraging):
            patch.setattr(module, "cover_deficits", lambda *a: watch.cover(cover, *a))
        patch.setattr(closing, "deleverage", lambda *a: watch.adl(adl, *a))
        yield watch


def fund_flows(setup: Setup, tape: Tape, state: State) -> None:
    """What left the fund is what the tape says the fund paid; fees are what came in."""
    venue = setup.table.units.venue[tape.unit]
    for v, rulebook in enumerate(setup.rulebooks):
        mine = venue == v
        to_fund = rulebook.liquidation.fee_to == "fund"
        flow = (tape.fee if to_fund else 0.0) - tape.fund
        change = np.bincount(tape.path[mine], flow[mine], minlength=tape.paths)
        fund = state.accounts.assets["fund"][:, v, setup.quote]
        scale = 1e-9 * (1.0 + rulebook.waterfall.fund)
        assert np.all(np.abs(fund - rulebook.waterfall.fund - change) <= scale), ONE_PAYER
        assert np.all(fund >= -scale), FUND
        for layer in ("fund", "adl"):
            if layer not in rulebook.waterfall.layers:
                assert not np.any(getattr(tape, layer)[mine]), ORDER


@laws
@given(recipes())
def test_each_dollar_has_one_payer_in_the_rulebooks_order(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    with watched():
        setup, tape, state = run_case(case, exogenous)
    fund_flows(setup, tape, state)


@laws
@given(
    recipes(
        layers=("fund", "adl", "socialised"), deep=True, lag=False, writers=0, borrowers=0, linear=6
    )
)
def test_the_deleveraged_end_at_zero(recipe: Recipe) -> None:
    """Winners and, where there are too few, the next layers: together exactly the deficit."""
    case, exogenous = build(recipe)
    with watched() as watch:
        _, tape, state = run_case(case, exogenous)
    bust = tape.kind == EventKind.ADL_BANKRUPT
    assert watch.deleveraged == int(bust.sum())
    closed = state.holdings.cash[tape.path[bust], tape.unit[bust]]
    scale = 1.0 + tape.notional[bust]
    assert np.all(np.abs(closed) <= 1e-9 * scale), f"{ONE_PAYER}: the bankrupt end at zero"
