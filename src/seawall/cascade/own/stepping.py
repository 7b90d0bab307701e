"""Own mechanisms that act in every step: factors on margin, measured prices, halts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.custom import HaltView, MarginView, OracleView
from seawall.cascade.dynamic import open_longs
from seawall.cascade.market_step import venue_markets
from seawall.cascade.own.ask import ask_with_memory, begun, numbers, still
from seawall.cascade.own.code import Own, OwnMechanismError
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.foundation.random import Stream, uniforms

LARGEST_FACTOR = 1_000.0
# A price further than this from the market's is a mistake of unit.
FURTHEST = 1e6
# Each venue and slot has random numbers of its own behind those of the others.
_PLACES = {"oracle_source": 0, "dynamic_margin": 1, "halt": 2, "agent": 3}
_ROOM = 1_000


def rules(setup: Setup, slot: str) -> Iterator[tuple[int, Own]]:
    """Venues whose slot is filled by an own mechanism, and the mechanism."""
    for v, mechanisms in enumerate(setup.mechanisms):
        own = chosen(mechanisms, slot, Own)
        if own is not None:
            yield v, own


def drawn(setup: Setup, state: State, step: int, v: int, own: Own) -> Floats:
    """Random numbers (p, NUMBERS) of an own mechanism at this step."""
    if own.numbers == 0:
        return still(np.zeros((state.depth.size, 0)))  # type: ignore[no-any-return]
    first = (v * len(_PLACES) + _PLACES[own.slot]) * _ROOM
    draws, count = state.draws, first + own.numbers
    found = uniforms(draws.seed, Stream.OWN, draws.paths, [step], count)
    return still(found[:, 0, first:])  # type: ignore[no-any-return]


def answer(state: State, v: int, own: Own, view: Any) -> Any:
    """The step's answer; makes the memory at the first one."""
    key = (v, own.slot)
    if key not in state.own.memory:
        state.own.memory[key] = begun(own, view, state.depth.size)
    return ask_with_memory(own, view, state.own.memory[key])


def feeds_of(setup: Setup, v: int) -> Ints:
    """Feeds (m,) of a venue but the quote currency's."""
    table = setup.table
    return np.flatnonzero((table.feed_venue == v) & (table.feed_asset != setup.quote))


def own_sources(setup: Setup, state: State, step: int, market: Floats) -> Floats:
    """Market prices (p, f), replaced where a venue measures them by a rule of its own.

    Paths of a fresh world see the market itself.
    """
    out = market
    for v, own in rules(setup, "oracle_source"):
        feed = feeds_of(setup, v)
        seen = np.ascontiguousarray(market[:, feed])
        view = OracleView(
            step=step,
            seconds=setup.step_seconds,
            start=still(setup.spot[setup.table.feed_asset[feed]]),
            market=still(seen),
            numbers=drawn(setup, state, step, v, own),
        )
        found = numbers(own, answer(state, v, own, view), seen.shape, 0.0, np.inf)
        far = (found * FURTHEST < seen) | (found > FURTHEST * seen)
        if far.any():
            p, m = np.argwhere(far)[0]
            raise OwnMechanismError(
                f"{own.file.name}: the step measured {found[p, m]:g} where the market is "
                f"{seen[p, m]:g}, expected a price above 0.",
                "O1",
            )
        out = out.copy() if out is market else out
        out[:, feed] = np.where(state.fresh[:, None], seen, found)
    return out


def own_factors(
    setup: Setup, state: State, step: int, thin: Floats, price: Floats, before: Floats
) -> None:
    """Set factors on margin by own rules, given depth lost (p, k), feed prices (p, f) and the
    factors ``before`` (p, f) this step.

    Their feeds are neutral columns of the scaling: it has just set them to 1.
    """
    if setup.scaling is None or state.scale is None:
        return
    for v, own in rules(setup, "dynamic_margin"):
        feed = feeds_of(setup, v)
        asset = setup.table.feed_asset[feed]
        longs, contracts = open_longs(setup.scaling, setup.table, state.holdings.size)
        interest = longs * price[:, setup.scaling.feed] + contracts
        column = np.searchsorted(setup.scaling.feed, feed)
        view = MarginView(
            step=step,
            seconds=setup.step_seconds,
            start=still(setup.spot[asset]),
            price=still(price[:, feed]),
            restlessness=still(state.restlessness[:, asset]),
            depth_loss=still(thin[:, asset]),
            open_interest=still(interest[:, column]),
            numbers=drawn(setup, state, step, v, own),
        )
        shape = (state.depth.size, feed.size)
        factor = numbers(own, answer(state, v, own, view), shape, 1.0, LARGEST_FACTOR)
        state.scale.factor[:, feed] = factor
        state.scale.turn[:, feed] = np.abs(factor - before[:, feed])


def own_halts(setup: Setup, state: State, step: int) -> None:
    """Ask own breakers who waits in this step."""
    for v, own in rules(setup, "halt"):
        feed = feeds_of(setup, v)
        view = HaltView(
            step=step,
            seconds=setup.step_seconds,
            start=still(setup.spot[setup.table.feed_asset[feed]]),
            market=still(venue_markets(setup, state)[:, feed]),
            price=still(state.quotes.price[:, feed]),
            numbers=drawn(setup, state, step, v, own),
        )
        found = answer(state, v, own, view)
        shape = (state.depth.size, feed.size)
        if not isinstance(found, np.ndarray) or found.dtype != bool or found.shape != shape:
            raise OwnMechanismError(
                f"{own.file.name}: the step answered {type(found).__name__}, expected an array of "
                f"True and False of shape {shape}.",
                "O1",
            )
        state.own.halted[v] = (feed, found.copy())


def halted_by_own(state: State, v: int) -> tuple[Ints, Bools] | None:
    """Feeds (m,) and mask (p, m) of a venue's own breaker in this step."""
    return state.own.halted.get(v)
