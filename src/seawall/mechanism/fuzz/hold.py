"""Hold one trial against the laws: run it in every way that must make no difference."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.own.code import Own, OwnMechanismError
from seawall.cascade.own.stepping import feeds_of
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import INTS, MONEY, PER_PATH, Tape, join, select
from seawall.foundation.errors import InputError
from seawall.mechanism.fuzz.conserved import lost
from seawall.mechanism.fuzz.laws import LAWS
from seawall.mechanism.fuzz.small_case import Floats
from seawall.mechanism.fuzz.trial import Subject, Trial, case_of, standstill

EXACT = 1e-9
# Powers of two change no rounding, so every ratio must be the same bit for bit.
LARGER, SMALLER = 2.0**24, 2.0**-16
# Runs of more steps are held against the laws that one run can break.
LONG = 100
SEED = 3


@dataclass(frozen=True)
class Breach:
    """A law that a trial breaks, and how."""

    law: str
    detail: str


@dataclass
class Asked:
    """How often a mechanism was asked, and seconds of processor time of those runs
    (whole) and of the mechanism in them (own): of the first run of each trial.
    """

    times: int = 0
    own: float = 0.0
    whole: float = 0.0


@dataclass
class _Counting:
    """A step that counts what it is asked."""

    step: Any
    asked: Asked = field(default_factory=Asked)

    def __call__(self, *question: Any) -> Any:
        begin = time.process_time()
        try:
            return self.step(*question)
        finally:
            self.asked.times += 1
            self.asked.own += time.process_time() - begin


class Refused(Exception):
    """The parameters of a trial are refused by the mechanism itself: nothing to hold against it."""


def hold(
    subject: Subject, trial: Trial, asked: Asked, laws: Collection[str] = tuple(LAWS)
) -> Breach | None:
    """The first of ``laws`` that the trial breaks, in the order in which causes come first."""
    try:
        setup, exogenous = prepared(subject, trial)
        return _held(subject, trial, setup, exogenous, asked, laws)
    except OwnMechanismError as error:
        return Breach(error.law, str(error)) if error.law in laws else None
    except Refused:
        raise
    except Exception as error:  # its answers passed every check, and the loop broke on them
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return Breach("O1", f"the loop failed on what it answered ({what})")


def prepared(subject: Subject, trial: Trial) -> tuple[Setup, Floats]:
    """The compiled trial, its mechanism loaded anew."""
    case, exogenous = case_of(subject, trial)
    try:
        setup = prepare(case)
    except InputError as error:
        raise Refused(str(error)) from error
    return setup, exogenous


def _counted(setup: Setup, asked: Asked) -> Setup:
    """The setup whose own mechanisms count what they are asked."""
    counted = [
        {
            slot: replace(rule, step=_Counting(rule.step, asked)) if isinstance(rule, Own) else rule
            for slot, rule in mechanisms.items()
        }
        for mechanisms in setup.mechanisms
    ]
    return replace(setup, mechanisms=tuple(counted))


def _held(
    subject: Subject,
    trial: Trial,
    setup: Setup,
    exogenous: Floats,
    asked: Asked,
    laws: Collection[str],
) -> Breach | None:
    clock = Asked()
    begin = time.process_time()
    tape, state = run(_counted(setup, clock), exogenous, draws=draws_of(exogenous))
    asked.whole += time.process_time() - begin
    asked.own += clock.own
    asked.times += clock.times
    if trial.recipe.steps > LONG:
        laws = {"L1", "L4"} & set(laws)
    if "L10" in laws:
        again, _ = run(setup, exogenous, draws=draws_of(exogenous))
        anew, _ = run(prepared(subject, trial)[0], exogenous, draws=draws_of(exogenous))
        for other, what in ((again, "a second run"), (anew, "a run of the file loaded anew")):
            if found := _differs(tape, other):
                return Breach("L10", f"{what} differs in {found}")
    if "L6" in laws and (found := _company(subject, trial, exogenous, tape)):
        return Breach("L6", found)
    if "L2" in laws:
        plain, _ = run(setup, exogenous, filtered=False, draws=draws_of(exogenous))
        if found := _differs(tape, plain):
            return Breach("L2", f"a run that looks at every account differs in {found}")
    if "L1" in laws or "L4" in laws:
        unpaid = _money(setup, exogenous, tape, state)
        if unpaid is not None and unpaid.law in laws:
            return unpaid
    if "L7" in laws and (found := _scale(subject, trial, tape)):
        return Breach("L7", found)
    if "L5" in laws and trial.recipe.deep and (found := _price(tape, exogenous)):
        return Breach("L5", found)
    if "O5" in laws and subject.slot == "oracle_source":
        if found := _still(subject, setup, exogenous):
            return Breach("O5", found)
    return None


def draws_of(exogenous: Floats, first: int = 0, last: int | None = None) -> Draws:
    """The random numbers of paths ``first`` to ``last`` - 1."""
    return Draws(SEED, np.arange(exogenous.shape[0], dtype=np.int64)[first:last])


def _differs(one: Tape, other: Tape) -> str:
    """The first column in which two tapes differ; empty where they are the same."""
    for name in (column.name for column in fields(Tape)):
        if not np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name in MONEY):
            return name
    return ""


def _company(subject: Subject, trial: Trial, exogenous: Floats, tape: Tape) -> str:
    """How the paths differ when they run alone, or in another order.

    Each run loads the file anew: what an earlier run left behind would hide the difference.
    """
    paths = exogenous.shape[0]
    parts = [
        run(prepared(subject, trial)[0], exogenous[a:b], draws=draws_of(exogenous, a, b))[0]
        for a, b in ((0, 1), (1, paths))
        if b > a
    ]
    if found := _differs(join(parts), tape):
        return f"cut into chunks, paths differ in {found}"
    turned = Draws(SEED, np.arange(paths, dtype=np.int64)[::-1].copy())
    other = np.ascontiguousarray(exogenous[::-1])
    backwards, _ = run(prepared(subject, trial)[0], other, draws=turned)
    for n in range(paths):
        alone = select(backwards, paths - 1 - n, paths - n)
        if found := _differs(select(tape, n, n + 1), alone):
            return f"run in another order, path {n} differs in {found}"
    return ""


def _money(setup: Setup, exogenous: Floats, tape: Tape, state: State) -> Breach | None:
    money, sizes = lost(setup, exogenous, state)
    if not (money <= EXACT and sizes <= EXACT):
        return Breach("L1", f"money is off by {money:.3g}, sizes by {sizes:.3g} of what there is")
    for name in ("fund", "adl", "socialised"):
        paid = getattr(tape, name)
        if np.any(paid < 0):
            return Breach("L4", f"a payment of {paid.min():g} in the layer {name}")
    fund = state.accounts.assets["fund"]
    if np.any(fund < -EXACT * (1.0 + np.abs(fund))):
        return Breach("L4", f"a fund ends at {fund.min():g}")
    return None


def _scale(subject: Subject, trial: Trial, tape: Tape) -> str:
    for c in (LARGER, SMALLER):
        case, exogenous = case_of(subject, trial, c)
        try:
            other_setup = prepare(case)
        except InputError:  # the scaled sum of money is beyond its bounds
            continue
        other, _ = run(other_setup, exogenous, draws=draws_of(exogenous))
        ratios = (*INTS, "first_negative", "trough", "peak", "final")
        for name in (*ratios, *MONEY, *PER_PATH):
            factor = 1 if name in ratios else c
            if not np.array_equal(factor * getattr(tape, name), getattr(other, name)):
                return f"with {c:g} times the money the tape differs in {name}"
    return ""


def _price(tape: Tape, exogenous: Floats) -> str:
    found = (tape.trough, tape.peak, tape.final)
    wanted = (exogenous.min(axis=1), exogenous.max(axis=1), exogenous[:, -1])
    for name, one, other in zip(("trough", "peak", "final"), found, wanted, strict=True):
        if not np.array_equal(one, other):
            return f"in an infinitely deep market the {name} is not the exogenous price's"
    return ""


def _still(subject: Subject, setup: Setup, exogenous: Floats) -> str:
    """What a source shows at a standstill, where it is not the market price."""
    v = setup.table.venues.index(subject.venue)
    feed = feeds_of(setup, v)
    wrong: list[str] = []

    def look(step: int, state: State) -> None:
        # Forced orders may move the market: what is seen is held against the market itself.
        start = state.exogenous[:, setup.table.feed_asset[feed]]
        moved = state.market[:, setup.table.feed_asset[feed]] != start
        seen = state.quotes.price[:, feed]
        off = (np.abs(seen - start) > EXACT * start) & ~moved
        if off.any() and not wrong:
            p, m = np.argwhere(off)[0]
            name = setup.table.assets[setup.table.feed_asset[feed[m]]]
            wrong.append(f"{name} stands at {start[p, m]:g} and is shown at {seen[p, m]:g}")

    run(setup, standstill(exogenous), draws=draws_of(exogenous), observe=look)
    return wrong[0] if wrong else ""
