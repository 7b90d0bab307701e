"""One path run again with some of its causes knocked out; what each run costs whom.

The random numbers, the accounts and every price that is not knocked out are those of the path as it
was, so a difference between two runs is what was knocked out and nothing else. With every cause in,
the run is the path of `seawall check`, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.absent import Absence
from seawall.cascade.draws import Draws
from seawall.cascade.pieces.compute import Engine
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, compile_setup
from seawall.cascade.state import PathWorlds
from seawall.cascade.switches import Switches
from seawall.cascade.tape import Tape
from seawall.exposure.explain.causes import (
    ATTACKER,
    CROWD,
    EXIT_COST,
    JUMPS,
    LATENCY,
    MUTUAL,
    Cause,
    edited,
    is_edit,
)
from seawall.exposure.explain.losses import losses


@dataclass(frozen=True)
class PathOf:
    """One path: its number, its exogenous prices (s + 1, k), and the same without common jumps.

    calm: None where no jump came
    """

    number: int
    seed: int
    prices: Floats
    calm: Floats | None = None


@dataclass
class Reruns:
    """Runs one path of a Case with chosen causes in; keeps the Cases it has compiled.

    came     failures (index in setup.failures.placed) that come on the path as it was; others
             come in no rerun
    engine   which loop; no bit of the answer depends on it
    """

    setup: Setup
    scope: str
    step: int
    engine: Engine = Engine.AUTO
    compiled: dict[frozenset[str], Setup] = field(default_factory=dict)

    def without(self, away: frozenset[str]) -> Setup:
        """The compiled Case without causes that stand in it."""
        if not away:
            return self.setup
        if away not in self.compiled:
            case = self.setup.case
            for key in sorted(away):
                case = edited(case, key)
            found = compile_setup(case, self.setup.book, self.setup.step_seconds)
            self.compiled[away] = found
        return self.compiled[away]

    def amounts(self, path: PathOf, causes: Sequence[Cause], present: Bools) -> Floats:
        """What each run lost (c, m): the loss of the scope first, then who bore what.

        present (c, n): which of the causes are in, in each run
        """
        keys = [one.key for one in causes]
        groups: dict[tuple[frozenset[str], frozenset[int], bool], list[int]] = {}
        for c, row in enumerate(present):
            inside = {key for key, there in zip(keys, row, strict=True) if there}
            away = frozenset(key for key in keys if is_edit(key) and key not in inside)
            came = frozenset(int(key[8:]) for key in inside if key.startswith("failure:"))
            groups.setdefault((away, came, ATTACKER in inside), []).append(c)
        out = None
        for (away, came, attacked), rows in groups.items():
            setup = self._in(away, came, attacked)
            found = losses(
                setup, self._run(setup, path, keys, present[rows]), self.scope, self.step
            )
            out = np.empty((present.shape[0], found.shape[1])) if out is None else out
            out[rows] = found
        return np.zeros((0, 1)) if out is None else out

    def within(self, came: frozenset[int]) -> Setup:
        """The compiled Case in which these failures come, and the attacker acts."""
        return self._in(frozenset(), came, True)

    def _in(self, away: frozenset[str], came: frozenset[int], attacked: bool) -> Setup:
        """The compiled Case in which these failures come, and the attacker acts or does not."""
        setup = self.without(away)
        rules = setup.failures
        if rules is not None:
            keep = [i for i in range(len(rules.placed)) if i in came]
            placed = tuple(rules.placed[i] for i in keep)
            rules = replace(rules, placed=placed, address=rules.address[keep]) if keep else None
        return replace(setup, failures=rules, attack=setup.attack if attacked else None)

    def _run(self, setup: Setup, path: PathOf, keys: list[str], present: Bools) -> Tape:
        count = present.shape[0]
        at = {key: n for n, key in enumerate(keys)}

        def is_in(key: str) -> Bools:
            """(c,) True where a cause is in; one that the path does not have acts as ever."""
            return present[:, at[key]] if key in at else np.ones(count, dtype=bool)

        moving = np.stack([is_in(f"price:{name}") for name in setup.table.assets], axis=1)
        exit_cost, crowd, slow = is_in(EXIT_COST), is_in(CROWD), is_in(LATENCY)
        worlds = PathWorlds(
            np.zeros(count, dtype=np.int64),
            np.where(exit_cost | crowd, 1.0, np.inf),
            ~slow,
            None,
            None,
            Switches(crowd, exit_cost, is_in(MUTUAL), ~slow),
        )
        prices = prices_with(path, moving, is_in(JUMPS))
        return self.tape(setup, path, prices, worlds)

    def tape(self, setup: Setup, path: PathOf, prices: Floats, worlds: PathWorlds) -> Tape:
        """The tape of reruns of one path at prices (c, s + 1, k)."""
        loop = run if self.engine is Engine.PLAIN else quickest(setup)
        draws = Draws(path.seed, np.full(prices.shape[0], path.number, dtype=np.int64))
        return loop(setup, prices, worlds=worlds, draws=draws)[0]

    def with_legs(self, setup: Setup, path: PathOf, absent: Absence, count: int) -> Floats:
        """Losses (c, m) of the path as it was with holdings away; ``setup`` watches them."""
        zeros = np.zeros(count, dtype=np.int64)
        worlds = PathWorlds(zeros, np.ones(count), zeros > 0, None, absent)
        prices = np.broadcast_to(path.prices, (count, *path.prices.shape))
        tape = self.tape(setup, path, np.ascontiguousarray(prices), worlds)
        return losses(setup, tape, self.scope, self.step)


def prices_with(path: PathOf, moving: Bools, jumping: Bools) -> Floats:
    """Exogenous prices (c, s + 1, k): assets that move (c, k), and whether common jumps come (c,).

    The price of an asset that does not move is that of the start, times its jumps where they come.
    """
    start = path.prices[:1]
    calm = path.prices if path.calm is None else path.calm
    jumps = path.prices / calm
    quiet = np.where(moving[:, None, :], calm[None], start[None])
    loud = np.where(moving[:, None, :], path.prices[None], start[None] * jumps[None])
    return np.ascontiguousarray(np.where(jumping[:, None, None], loud, quiet))
