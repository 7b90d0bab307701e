"""What one account gains by leaving its rule while everybody else keeps to it.

For each rule of accounts' behaviour in force, three accounts of the crowd that the rule moved
(small, median, large by equity) are given numbers of their own, one at a time, over a grid that
holds *never* and *at once*; of a run one depositor stays, or leaves first. Nothing else changes and
the random numbers are the same. Reported is the gain in the account's own mean equity at the end,
less what its owner paid in, as a share of its equity at the start, and the change of the chance
that it is closed by force.

The best of the grid is chosen on the even paths and measured on the odd ones, so that the best of
many is not best by luck. ``under``: the whole 95% interval lies under 1%; ``gains``: the interval
is above zero and its middle at 1% or more; ``undecided`` otherwise.

Wrong where owners are averse to risk (the mean alone counts), and beyond the grid. An account that
gains shows a rule that a careful owner would not follow, not that nobody does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seawall.book import AccountKind
from seawall.book.book import Floats, Ints
from seawall.cascade.account_rules import compile_accounts
from seawall.cascade.account_slots import ACCOUNT_SLOTS
from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import VENUE_SLOTS, compile_mechanisms
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.case import Case
from seawall.margin.table.assess import unit_equity
from seawall.mechanism.behaving import behaviours, refuse_without
from seawall.mechanism.deposits import deposit_value
from seawall.mechanism.paired_runs import Measure, Plan, interval, resampled, run_paths

BOUND = 0.01
KINDS = {"top_up": EventKind.TOP_UP, "delever": EventKind.DELEVERED, "stops": EventKind.STOP}
SIZES = ("small", "median", "large")
NEVER, AT_ONCE = "never", "at once"


def grid(slot: str, rule: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Numbers of its own that a deviating account tries, {name: own table}."""
    if slot == "top_up":
        early = 1.5 * rule["trigger"]
        return {
            NEVER: {"probability": 0.0},
            AT_ONCE: {"probability": 1.0, "delay_seconds": 0.0},
            f"from {early:.3g} x maintenance": {
                "trigger": early, "restore": max(early, rule["restore"]), "probability": 1.0
            },
        }  # fmt: skip
    if slot == "delever":
        low = 0.7 * rule["trigger"]
        return {
            NEVER: {"probability": 0.0},
            AT_ONCE: {"probability": 1.0, "delay_seconds": 0.0},
            f"above {low:.3g} x": {
                "trigger": low, "target": min(low, rule["target"]), "probability": 1.0
            },
            f"down to {0.5 * rule['target']:.3g} x": {
                "target": 0.5 * rule["target"], "probability": 1.0
            },
        }  # fmt: skip
    found: dict[str, dict[str, Any]] = {NEVER: {}}
    for factor in (0.25, 1.0, 2.0):
        distance = min(1.0, factor * rule["median"])
        found[f"at {distance:.2%}"] = {"distance": distance}
    return found


def deviation(
    case: Case,
    *,
    horizon_seconds: float = 14_400.0,
    paths: int = 100,
    seed: int = 1,
    volatility: float = 1.0,
) -> dict[str, Any]:
    """Each rule in force, by venue and account: the best deviation and what it gains.

    Raises InputError for a Case in which nobody behaves.
    """
    refuse_without(case)
    plan = Plan(paths, max(1, round(horizon_seconds / case.step_seconds)), seed, volatility)
    setup = prepare(case)
    counts: dict[EventKind, Ints] = {}
    run_paths(setup, plan, _counter(setup, counts))
    chosen = [
        (venue, slot, size, account)
        for venue, slots in behaviours(case).items()
        for slot in slots
        if slot != "run"
        for size, account in _accounts(setup, venue, counts[KINDS[slot]])
    ]
    accounts = sorted({account for *_, account in chosen})
    base = run_paths(setup, plan, _outcomes(setup, accounts))
    found = [
        _of_account(case, setup, plan, base, venue, slot, size, account)
        for venue, slot, size, account in chosen
    ]
    runs = [venue for venue, slots in behaviours(case).items() if "run" in slots]
    deposited = [_of_depositor(case, setup, plan, venue) for venue in runs]
    found += [row for row in deposited if row is not None]
    return {
        "paths": paths,
        "horizon_seconds": plan.steps * case.step_seconds,
        "volatility": volatility,
        "bound": BOUND,
        "rules": found,
    }


def _counter(setup: Setup, counts: dict[EventKind, Ints]) -> Measure:
    """A measure that counts events of owners by unit (u,) into ``counts``."""

    def count(_: Setup, tape: Tape, __: State, ___: Floats) -> dict[str, Floats]:
        for kind in KINDS.values():
            mine = tape.unit[tape.kind == kind]
            found = np.bincount(mine, minlength=setup.table.units.account.size)
            counts[kind] = counts.get(kind, np.zeros_like(found)) + found
        return {"paths": np.zeros(tape.paths)}

    return count


def _accounts(setup: Setup, venue: str, count: Ints) -> list[tuple[str, int]]:
    """Small, median and large account of a venue's crowd among those that the rule moved.

    Where it moved nobody, among all. Who starts without equity has nothing to gain a share of.
    """
    units, book = setup.table.units, setup.book
    own = np.bincount(units.account, setup.start_equity[0], len(book.account_names))
    here = (units.venue == setup.table.venues.index(venue)) & (own[units.account] > 0.0)
    crowd = np.array([book.account_kind[a] is AccountKind.CROWD for a in units.account])
    moved = here & crowd & (count > 0)
    chosen = moved if moved.any() else here & crowd
    account = np.unique(units.account[chosen])
    if account.size == 0:
        return []
    order = account[np.argsort(own[account], kind="stable")]
    at = [order[round(share * (order.size - 1))] for share in (0.1, 0.5, 0.9)]
    return [(size, int(a)) for size, a in zip(SIZES, at, strict=True)]


def _outcomes(setup: Setup, accounts: Sequence[int]) -> Measure:
    """A measure of accounts' wealth at the end, and of whether they were closed by force."""
    units = {a: np.flatnonzero(setup.table.units.account == a) for a in accounts}

    def measure(of: Setup, tape: Tape, state: State, _: Floats) -> dict[str, Floats]:
        out = {}
        for account, mine in units.items():
            closed = np.zeros(tape.paths)
            forced = np.isin(tape.kind, FORCED) & np.isin(tape.unit, mine)
            closed[tape.path[forced]] = 1.0
            out[f"wealth {account}"] = _wealth(of, state, mine)
            out[f"closed {account}"] = closed
        return out

    return measure


def _of_account(
    case: Case,
    setup: Setup,
    plan: Plan,
    base: Mapping[str, Floats],
    venue: str,
    slot: str,
    size: str,
    account: int,
) -> dict[str, Any]:
    name = setup.book.account_names[account]
    given = _table(case, venue, slot)
    start = float(setup.start_equity[0][setup.table.units.account == account].sum())
    tried = {}
    for words, own in grid(slot, given).items():
        others = [one for one in given.get("own", []) if one["account"] != name]
        table = {**given, "own": [*others, {"account": name, **own}]}
        changed = _with_slot(setup, case, venue, slot, table)
        tried[words] = _alone(run_paths(changed, plan, _outcomes(setup, [account])), account)
    answer = {"venue": venue, "slot": slot, "who": size, "account": name, "equity": start}
    return answer | best(_alone(base, account), tried, start, plan)


def _alone(run: Mapping[str, Floats], account: int) -> dict[str, Floats]:
    return {name: run[f"{name} {account}"] for name in ("wealth", "closed")}


def _table(case: Case, venue: str, slot: str) -> Mapping[str, Any]:
    """The table that fills a slot, as written."""
    given = case.rulebooks[venue].mechanisms[slot]
    return given if isinstance(given, Mapping) else {}


def _wealth(setup: Setup, state: State, units: Ints) -> Floats:
    """Equity (p,) of units at the end, less what their owners paid in, quote."""
    out = np.zeros(state.depth.size)
    path = np.arange(state.depth.size)
    owners = state.behaviour.owners
    for u in units:
        unit = np.full(path.size, u)
        out = out + unit_equity(setup.table, state.holdings, state.quotes, path, unit)
        if owners is not None:
            out = out - owners.paid[:, u]
    return out


def _with_slot(setup: Setup, case: Case, venue: str, slot: str, table: Mapping[str, Any]) -> Setup:
    """The compiled Case with another table in one slot of accounts' behaviour."""
    v = setup.table.venues.index(venue)
    raw = {**case.rulebooks[venue].mechanisms, slot: table}
    mine = {name: raw[name] for name in raw if name in ACCOUNT_SLOTS}
    read = compile_mechanisms(mine, VENUE_SLOTS, f"rulebook {venue}")
    mechanisms = tuple(
        {**slots, **read} if n == v else slots for n, slots in enumerate(setup.mechanisms)
    )
    rules = compile_accounts(mechanisms, setup.table, setup.book, setup.step_seconds)
    return replace(setup, mechanisms=mechanisms, account_rules=rules)


def _of_depositor(case: Case, setup: Setup, plan: Plan, venue: str) -> dict[str, Any] | None:
    """One depositor of a pool or vault: stay, or leave first; None where nobody has a deposit."""
    given = _table(case, venue, "run")
    v = setup.table.venues.index(venue)

    def measure(of: Setup, tape: Tape, state: State, _: Floats) -> dict[str, Floats]:
        start, end = deposit_value(of, tape, state, v)
        return {"wealth": end, "closed": np.zeros(tape.paths), "start": start}

    tried = {
        words: run_paths(_with_slot(setup, case, venue, "run", {**given, "first": what}), plan,
                         measure)
        for words, what in (("stays", "stays"), ("leaves at once", "leaves"))
    }  # fmt: skip
    base = run_paths(_with_slot(setup, case, venue, "run", given), plan, measure)
    start = float(base["start"][0])
    if not start > 0.0:
        return None
    answer = {"venue": venue, "slot": "run", "who": "depositor", "account": "one of equals"}
    return answer | {"equity": start} | best(base, tried, start, plan)


def best(
    base: Mapping[str, Floats], tried: Mapping[str, Mapping[str, Floats]], start: float, plan: Plan
) -> dict[str, Any]:
    """The deviation that gains most on the even paths, measured on the odd ones."""
    gains = {name: (run["wealth"] - base["wealth"]) / start for name, run in tried.items()}
    name = max(gains, key=lambda each: float(gains[each][::2].mean()))
    odd = np.arange(1, plan.paths, 2)
    gain = gains[name][odd]
    half = replace(plan, paths=odd.size)
    sample = resampled(half)
    measured = interval(float(gain.mean()), gain[sample].mean(axis=1))
    closed = (tried[name]["closed"] - base["closed"])[odd]
    return {
        "deviation": name,
        "gain": measured,
        "closed_by_rule": float(base["closed"][odd].mean()),
        "closed_change": interval(float(closed.mean()), closed[sample].mean(axis=1)),
        "verdict": verdict(measured),
        "tried": {each: float(gain.mean()) for each, gain in gains.items()},
    }


def verdict(gain: Mapping[str, float]) -> str:
    """``under``, ``gains`` or ``undecided``: see the first lines of this file."""
    if gain["high"] < BOUND:
        return "under"
    return "gains" if gain["low"] > 0.0 and gain["value"] >= BOUND else "undecided"
