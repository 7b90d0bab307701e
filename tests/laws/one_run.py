"""What one run shows: L1, L2 and L4, whatever slots its Case fills.

L1 money and sizes are conserved, in floats and settled once more in whole units; L2 an account is
closed only while its equity is below maintenance, and where nobody is closed, robbed, or acts of
their own will, nothing is held that was not held before; L4 each deficit is paid once, in the
rulebook's order, by layers that hold what they pay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from test_l1_exact_ledger import EXACT
from test_l1_money import assert_conserved
from test_l2_healthy import CAUSE, FORCED
from test_l4_waterfall import FUND, LAYERS, ONE_PAYER, ORDER, capital, close_to
from test_l4_waterfall import Watch as Waterfall
from tiny_cases import Floats

from seawall.cascade import (
    account_auction,
    closing,
    deleveraging,
    expiry,
    failing,
    owner_orders,
    reference,
)
from seawall.cascade.draws import Draws
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import MONEY, EventKind, Tape, TapeWriter
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import assess

COVERING = (closing, deleveraging, owner_orders, account_auction, failing, expiry)
NUMBERS = "L1: every amount on the tape is a number"


@dataclass
class Seen(Waterfall):
    """The waterfall's watch, and who was closed with what equity; a gate keeps its own order."""

    closed: set[tuple[int, int, int]] = field(default_factory=set)

    def cover(self, plain: Any, setup: Setup, state: State, step: int, path: Any, unit: Any,
              tape: TapeWriter) -> None:  # fmt: skip
        """Each deficit, measured before it is covered, has payers for exactly itself, once."""
        units, first = setup.table.units, len(tape.chunks)
        price = state.market[path, setup.table.feed_asset[units.settle[unit]]]
        owed = np.maximum(-state.holdings.cash[path, unit] * price, 0.0)
        plain(setup, state, step, path, unit, tape)
        new = _new(tape, first, EventKind.COVER, ("unit", *LAYERS))
        key = new["path"] * units.venue.size + new["unit"]
        paid = {name: new[name] for name in LAYERS}
        deficit = dict(zip((path * units.venue.size + unit).tolist(), owed.tolist(), strict=True))
        total = np.sum([*paid.values()], axis=0)
        assert np.unique(key).size == key.size, ONE_PAYER
        assert close_to(total, np.array([deficit[k] for k in key.tolist()])), ONE_PAYER
        assert np.isclose(total.sum(), owed.sum(), rtol=1e-9, atol=1e-7), ONE_PAYER
        assert all(np.all(part >= 0) for part in paid.values()), ONE_PAYER
        self.covered += key.size
        self.check_order(setup, state, key, paid)

    def check_order(self, setup: Setup, state: State, key: Floats, paid: dict[str, Floats]) -> None:
        """A layer pays only when those before it hold nothing more, or may give no more."""
        path, unit = np.divmod(key.astype(np.int64), setup.table.units.venue.size)
        venue = setup.table.units.venue[unit]
        for v in np.unique(venue):
            if "withdrawal_gate" in setup.mechanisms[v]:
                continue  # behind a closed gate a layer keeps its money
            mine = venue == v
            parts = {name: part[mine] for name, part in paid.items()}
            _check_venue(setup, state, int(v), path[mine], parts)

    def adl(self, plain: Any, setup: Setup, state: State, step: int, path: Any, unit: Any,
            equity: Floats, leg: Any, tape: TapeWriter) -> None:  # fmt: skip
        """Winners are cut only where the rulebook says so, and the fund cannot or may not pay."""
        venue = setup.table.units.venue[unit]
        for p, v in {(int(p), int(v)) for p, v in zip(path, venue, strict=True)}:
            layers, owed = setup.rulebooks[v].waterfall.layers, -equity[(path == p) & (venue == v)]
            assert "adl" in layers and np.all(owed > 0), ORDER
            first = "fund" in layers[: layers.index("adl")]
            if first and "withdrawal_gate" not in setup.mechanisms[v]:
                fund = state.accounts.assets["fund"][p, v, setup.quote]
                above = owed.sum() > fund or np.any(owed > _cap(setup, v))
                assert above, f"{ORDER}: ADL only when the fund cannot cover"
        chunk = len(tape.chunks)
        plain(setup, state, step, path, unit, equity, leg, tape)
        adl = _new(tape, chunk, EventKind.ADL_BANKRUPT, ("adl",))["adl"]
        assert np.all((adl >= 0) & (adl <= -equity * (1.0 + 1e-9) + 1e-9)), ONE_PAYER
        self.deleveraged += path.size

    def close(self, setup: Setup, state: State, step: int, breach: Any) -> None:
        """L2, for each account that is about to be closed."""
        path, unit = breach.path, breach.unit
        equity, maintenance, _ = assess(setup.table, state.holdings, state.quotes, path, unit)
        assert np.all(equity < maintenance), CAUSE
        assert np.array_equal(equity, breach.equity), CAUSE
        self.closed.update(zip(path.tolist(), [step] * path.size, unit.tolist(), strict=True))


def _new(tape: TapeWriter, first: int, kind: EventKind, names: tuple[str, ...]) -> dict[str, Any]:
    """Columns of the events of a kind that were written since there were ``first`` chunks."""
    mine = [chunk for chunk in tape.chunks[first:] if chunk["kind"][0] == kind]
    nothing = np.zeros(0)
    return {
        name: np.concatenate(
            [nothing, *(chunk.get(name, np.zeros(chunk["path"].size)) for chunk in mine)]
        )
        if name in LAYERS
        else np.concatenate([nothing.astype(np.int64), *(chunk[name] for chunk in mine)])
        for name in ("path", *names)
    }


def _cap(setup: Setup, v: int) -> float:
    """Most that one deficit gets out of a venue's fund."""
    cap = getattr(setup.mechanisms[v].get("fund"), "cap", None)
    return np.inf if cap is None else cap


def _check_venue(setup: Setup, state: State, v: int, path: Any, paid: dict[str, Floats]) -> None:
    """The order in which the layers of one venue paid deficits (n,) of paths (n,)."""
    layers = setup.rulebooks[v].waterfall.layers
    fund = state.accounts.assets["fund"][path, v, setup.quote]
    scale = 1e-9 * (1.0 + capital(setup, v))
    assert np.all(fund >= -scale), FUND
    for name in ("fund", "backstop"):
        assert name in layers or not np.any(paid[name]), ORDER
    done = {"fund": (fund <= scale) | (paid["fund"] >= _cap(setup, v) * (1.0 - 1e-9))}
    if "backstop" in layers:
        distinct, where = np.unique(path, return_inverse=True)
        done["backstop"] = vault_equity(setup, state, distinct, v)[where] <= scale
    for late in LAYERS:
        if late == "backstop" and "socialised" not in layers:
            continue  # the last resort pays what nobody else does
        before = layers[: layers.index(late)] if late in layers else layers
        for early in (name for name in before if name in done):
            wrong = (paid[late] > 0) & ~done[early]
            assert not wrong.any(), f"{ORDER}: {late} before {early} was empty"


@dataclass
class Observer:
    """Watches its own runs, one at a time; it looks at no other run."""

    seen: Seen = field(default_factory=Seen)
    totals: Counter[str] = field(default_factory=Counter)
    looks: bool = False

    def run(
        self, setup: Setup, exogenous: Floats, draws: Draws | None = None
    ) -> tuple[Tape, State]:
        """Run the plain loop and hold the run to L1, L2 and L4."""
        self.seen = Seen()
        journal = Journal(cells_of(setup.table))
        self.looks = True
        try:
            tape, state = reference.run(setup, exogenous, draws=draws, journal=journal)
        finally:
            self.looks = False
        self.hold(setup, exogenous, tape, state)
        self.totals["runs"] += 1
        self.totals["closed"] += len(self.seen.closed)
        self.totals["covered"] += self.seen.covered
        return tape, state

    def settles(self, setup: Setup, state: State) -> bool:
        """L1 in whole units; False where an amount is beyond them (a squeeze without end)."""
        try:
            exact = settle(setup, state)
        except InputError as error:
            if "no exact form" not in str(error):
                raise
            self.totals["beyond"] += 1
            return False
        assert exact.imbalance == 0 and exact.gap <= exact.bound, EXACT
        return True

    def hold(self, setup: Setup, exogenous: Floats, tape: Tape, state: State) -> None:
        """The laws that stand in the end of a run and its tape."""
        # The exact ledger shows the same and more; one Case in four is added up in floats too.
        if not self.settles(setup, state) or self.totals["runs"] % 4 == 0:
            assert_conserved(setup, exogenous, state)
        assert all(np.isfinite(getattr(tape, name)).all() for name in MONEY), NUMBERS
        forced = np.isin(tape.kind, FORCED)
        acted = zip(tape.path[forced], tape.step[forced], tape.unit[forced], strict=True)
        assert set(acted) <= self.seen.closed, CAUSE
        for name in ("fund", "adl", "socialised"):
            assert np.all(getattr(tape, name) >= 0.0), ONE_PAYER
        fund = state.accounts.assets["fund"]
        assert np.all(fund >= -1e-9 * (1.0 + np.abs(fund))), FUND
        # What keepers have paid into a fund that is no layer can be stolen, and pays no deficit.
        venue = np.where(tape.kind == EventKind.CLAIMS_LOST, -1, setup.table.units.venue[tape.unit])
        for v, rulebook in enumerate(setup.rulebooks):
            for layer in ("fund", "adl"):
                if layer not in rulebook.waterfall.layers:
                    assert not np.any(getattr(tape, layer)[venue == v]), ORDER


@contextmanager
def observing() -> Iterator[Observer]:
    """An observer of the plain loop: its closures, covers of deficits and deleveraging."""
    observer = Observer()
    cover, adl = closing.cover_deficits, closing.deleverage
    close, lend = reference.close_accounts, reference.liquidate_loans

    def watched(act: Any) -> Any:
        def closing_down(setup: Setup, state: State, step: int, v: int, *rest: Any) -> Any:
            if observer.looks:
                observer.seen.close(setup, state, step, rest[0])
            return act(setup, state, step, v, *rest)

        return closing_down

    def covering(*given: Any) -> None:
        observer.seen.cover(cover, *given) if observer.looks else cover(*given)

    def deleveraging_down(*given: Any) -> None:
        observer.seen.adl(adl, *given) if observer.looks else adl(*given)

    with pytest.MonkeyPatch.context() as patch:
        for module in COVERING:
            patch.setattr(module, "cover_deficits", covering)
        patch.setattr(closing, "deleverage", deleveraging_down)
        patch.setattr(reference, "close_accounts", watched(close))
        patch.setattr(reference, "liquidate_loans", watched(lend))
        yield observer
