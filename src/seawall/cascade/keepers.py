"""The keepers of a venue inside the loop: who would take a call, who gets it, what it costs.

A venue without the slot ``keepers`` has one anonymous keeper with unlimited capital who is always
there and pays the rulebook's gas; this file is then not asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.closing_memory import KeeperCapital
from seawall.cascade.fund import into_fund
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.transfers import between
from seawall.cascade.waiting import waited_seconds
from seawall.foundation.random import Stream
from seawall.liquidation.keeper_race import Keepers, enters, gas_multiple, order, present


@dataclass(frozen=True)
class Race:
    """Keepers of one venue at one look: the rule, gas (n,) quote of one transaction of each pair,
    and who is there (n, j), before capital and profit; prompt (p,): nothing takes time to settle.
    """

    rule: Keepers
    capital: KeeperCapital
    step: int
    path: Ints
    unit: Ints
    gas: Floats
    there: Bools
    prompt: Bools


@dataclass(frozen=True)
class Won:
    """Calls (n,): index of the winner, -1 where nobody took it; gas (n,) of its transaction, quote
    (failed ones are paid for already); rivals: True where at least two would have taken it.
    """

    winner: Ints
    gas: Floats
    rivals: Bools


def begin_race(
    setup: Setup, state: State, step: int, v: int, path: Ints, unit: Ints
) -> Race | None:
    """Who is there for breached pairs (n,) of a venue; None where it names no keepers."""
    rule = chosen(setup.mechanisms[v], "keepers", Keepers)
    if rule is None:
        return None
    capital = state.closing.keepers[v]
    wanted = np.bincount(path, minlength=state.depth.size)[path]
    restless = state.restlessness[path].max(axis=1)
    multiple = gas_multiple(rule, restless, wanted.astype(float))
    waited = waited_seconds(setup, state, step, path, unit)
    prompt = state.switches.prompt
    there = present(capital.who, np.where(prompt[path], np.inf, waited), multiple)
    gas = setup.rulebooks[v].liquidation.gas * multiple
    return Race(rule, capital, step, path, unit, gas, there, prompt)


def free_capital(race: Race, path: Ints) -> Floats:
    """Capital (n, j) that each keeper has free on paths (n,)."""
    used = np.where(race.step < race.capital.back[path], race.capital.used[path], 0.0)
    return np.maximum(race.capital.who.capital - used, 0.0)


def willing(race: Race, pair: Ints, proceeds: Floats, cost: Floats) -> Bools:
    """True (m, j) where a keeper would take the call of ``pair`` (m,), at a cost for proceeds."""
    free = free_capital(race, race.path[pair])
    pays = enters(race.capital.who, proceeds - cost, cost, race.gas[pair], free)
    return pays & race.there[pair]


def run_race(
    setup: Setup,
    state: State,
    race: Race,
    v: int,
    pair: Ints,
    proceeds: Floats,
    cost: Floats,
    tape: TapeWriter,
) -> Won:
    """Let keepers try the calls of pairs (m,), one call after the other in the given order.

    The winner's capital is in use afterwards; failed tries have cost their keepers gas.
    """
    draws = try_draws(state, race, pair)
    count = race.capital.who.latency.size
    winner, tries = np.full(pair.size, -1), np.zeros(pair.size)
    rivals = np.zeros(pair.size, dtype=bool)
    for n in range(pair.size):
        one = slice(n, n + 1)
        able = willing(race, pair[one], proceeds[one], cost[one])[0]
        rivals[n] = able.sum() > 1
        for j in order(race.capital.who, draws[n, :count]):
            if able[j]:
                tries[n] += 1
                if draws[n, count + j] >= race.capital.who.failure[j]:
                    winner[n] = j
                    use_capital(setup, race, int(race.path[pair[n]]), int(j), float(cost[n]))
                    break
    failed = tries - (winner >= 0)
    lost = failed * race.gas[pair]
    hit = np.flatnonzero(failed > 0)
    path, unit = race.path[pair[hit]], race.unit[pair[hit]]
    pay_gas(setup, state, v, path, lost[hit])
    tape.write(race.step, EventKind.KEEPER_FAILED, path, unit, keeper=lost[hit])
    return Won(winner, race.gas[pair], rivals)


def use_capital(setup: Setup, race: Race, path: int, j: int, amount: float) -> None:
    """Keeper ``j`` pays ``amount`` quote; all that it has in use is back ``recycle_seconds`` on."""
    capital = race.capital
    if race.step >= capital.back[path, j]:
        capital.used[path, j] = 0.0
    capital.used[path, j] += amount
    wait = math.ceil(race.rule.recycle_seconds / setup.step_seconds - 1e-9)
    capital.back[path, j] = race.step + (0 if race.prompt[path] else wait)


def pay_gas(setup: Setup, state: State, v: int, path: Ints, gas: Floats) -> None:
    """Keepers pay gas (n,) quote to the chain, part of the outside world."""
    between(state, v, path, setup.quote, "keeper", "outside", gas)


def priority_fee(
    setup: Setup,
    state: State,
    race: Race,
    v: int,
    path: Ints,
    unit: Ints,
    gain: Floats,
    rivals: Bools,
    tape: TapeWriter,
) -> Floats:
    """What winners with rivals pay to be first (n,), quote, and book it.

    A full fund takes no more of it than of any fee: the rest is the venue's, of the outside world.
    """
    fee = np.where(rivals, race.rule.priority_share * np.maximum(gain, 0.0), 0.0)
    kept = np.zeros_like(fee)
    if race.rule.priority_to == "fund":
        kept = into_fund(setup, state, race.step, v, path, unit, fee, tape)
        between(state, v, path, setup.quote, "keeper", "fund", kept)
    between(state, v, path, setup.quote, "keeper", "outside", fee - kept)
    return fee


def try_draws(state: State, race: Race, pair: Ints) -> Floats:
    """Numbers (m, 2 j) of each call in this step: who of equals is first, whose try fails."""
    count = 2 * race.capital.who.latency.size
    path = np.repeat(race.path[pair], count)
    element = (race.unit[pair][:, None] * count + np.arange(count)).ravel()
    drawn = state.draws.at(Stream.KEEPER, path, race.step, element)
    return drawn.reshape(pair.size, count)
