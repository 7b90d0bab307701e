"""The isolated market in mesa and radCAD, for the docs: `python benchmarks/agents.py`.

radCAD wants an older NumPy than Seawall does, so these run in an environment of their own:

    python benchmarks/agents.py --write market.npz     # here: the market, our answer and our time
    python benchmarks/agents.py --read market.npz      # where mesa or radcad is installed

Both are written as their manuals do it: an agent per account in mesa, a list of accounts in the
state and one block of updates in radCAD. Cost is per account and step; the answers must be equal.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

ACCOUNTS, STEPS = 1_000, 720


class MarketPrice:
    """Price, impact and oracle of one coin: plain Python, the same for both."""

    def __init__(self, given: dict[str, float], path: Iterable[float]) -> None:
        self.rules, self.path = given, iter(path)
        self.price = self.sent = float(next(self.path))
        self.seen = [self.sent] * (int(given["delay_steps"]) + 1)
        self.exogenous, self.age = self.price, 0
        self.temporary = self.permanent = 0.0
        self.restless = 1.0

    def tick(self) -> float:
        """The next step; returns what the oracle shows."""
        rules = self.rules
        self.exogenous = next(self.path)
        self.temporary *= rules["decay"]
        before, self.price = self.price, self.exogenous * factor(self.temporary + self.permanent)
        move = abs(self.price / before - 1.0) / rules["usual_move"]
        self.restless += rules["weight"] * (move - self.restless)
        self.age += 1
        far = abs(self.price - self.sent) >= rules["deviation"] * self.sent
        if far or self.age >= rules["heartbeat_steps"]:
            self.sent, self.age = self.price, 0
        self.seen = [*self.seen[1:], self.sent]
        return self.seen[0]

    def sell(self, size: float) -> float:
        """Sell (buy where below 0) this many coins; the mean price."""
        rules = self.rules
        thin = 1.0 + rules["thinning"] * max(self.restless - 1.0, 0.0)
        step = -size * self.price * thin / rules["depth"]
        first = self.temporary + self.permanent
        last = first + step
        middle = factor(0.5 * (first + last))
        self.temporary += (1.0 - rules["permanent_share"]) * step
        self.permanent += rules["permanent_share"] * step
        self.price = self.exogenous * factor(self.temporary + self.permanent)
        return self.exogenous * (factor(first) + 4.0 * middle + factor(last)) / 6.0


def factor(flow: float) -> float:
    """Price over the price without the outstanding flow."""
    x = abs(flow)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return 1.0 / power if flow < 0.0 else power


def below(size: float, cash: float, maintenance: float, price: float) -> bool:
    """Whether an account's equity is below its maintenance margin."""
    return cash + size * price < maintenance * abs(size) * price


def in_mesa(rules: dict[str, float], size: list, cash: list, path: list) -> Callable[[], tuple]:
    """A model with one agent per account; call it to run."""
    import mesa

    class Account(mesa.Agent):
        def __init__(self, model: Any, size: float, cash: float) -> None:
            super().__init__(model)
            self.size, self.cash = size, cash

        def check(self) -> None:
            if below(self.size, self.cash, self.model.maintenance, self.model.oracle):
                self.model.fallen.append(self)

    class Crowd(mesa.Model):
        def __init__(self) -> None:
            super().__init__(seed=1)
            self.market = MarketPrice(rules, path)
            self.maintenance, self.fund, self.closed = rules["maintenance"], rules["fund"], 0
            self.oracle, self.fallen = 0.0, []
            for q, c in zip(size, cash, strict=True):
                Account(self, q, c)

        def step(self) -> None:
            self.oracle, self.fallen = self.market.tick(), []
            self.agents.do("check")
            if self.fallen:
                paid = self.market.sell(sum(agent.size for agent in self.fallen))
                for agent in self.fallen:
                    self.fund += min(agent.cash + agent.size * paid, 0.0)
                    self.closed += 1
                    agent.remove()

    def run() -> tuple:
        model = Crowd()
        for _ in range(len(path) - 1):
            model.step()
        return model.closed, model.fund, model.market.price

    return run


def in_radcad(rules: dict[str, float], size: list, cash: list, path: list) -> Callable[[], tuple]:
    """State variables and one update block, with radCAD's default settings; call it to run."""
    from radcad import Experiment, Model, Simulation
    from radcad.engine import Backend, Engine

    def market_step(params: Any, substep: int, history: Any, state: Any) -> dict[str, Any]:
        market = state["market"]
        oracle = market.tick()
        fallen = [a for a in state["accounts"] if below(*a, rules["maintenance"], oracle)]
        fund = state["fund"]
        if fallen:
            paid = market.sell(sum(q for q, _ in fallen))
            fund += sum(min(c + q * paid, 0.0) for q, c in fallen)
        kept = [a for a in state["accounts"] if not below(*a, rules["maintenance"], oracle)]
        return {
            "accounts": kept if fallen else state["accounts"],
            "market": market,
            "fund": fund,
            "closed": state["closed"] + len(fallen),
        }

    def taking(name: str) -> Callable[..., tuple[str, Any]]:
        return lambda params, substep, history, state, signal: (name, signal[name])

    names = ("accounts", "market", "fund", "closed")

    def run() -> tuple:
        start = {
            "accounts": list(zip(size, cash, strict=True)),
            "market": MarketPrice(rules, path),
            "fund": rules["fund"],
            "closed": 0,
        }
        block = {"policies": {"step": market_step}, "variables": {n: taking(n) for n in names}}
        model = Model(initial_state=start, state_update_blocks=[block], params={})
        experiment = Experiment([Simulation(model=model, timesteps=len(path) - 1, runs=1)])
        experiment.engine = Engine(backend=Backend.SINGLE_PROCESS)
        last = experiment.run()[-1]
        return last["closed"], last["fund"], last["market"].price

    return run


def write(file: Path) -> None:
    """The market as numbers, the engine's answer and its seconds of one path."""
    import cascade_numpy
    from cascade_books import STEP_SECONDS, isolated_case, isolated_crowd
    from seawall.cascade.engine import BASE, Runs, draw, prepare
    from seawall.cascade.fast.engine import run_fast

    crowd = isolated_crowd(ACCOUNTS)
    setup = prepare(isolated_case(crowd))
    numbers = np.arange(64)
    exogenous = draw(setup, (BASE,), Runs(numbers, np.zeros_like(numbers)), STEPS, 7)
    run_fast(setup, exogenous)
    start = time.thread_time()
    run_fast(setup, exogenous)
    ours = (time.thread_time() - start) / numbers.size
    coin = setup.table.assets.index("COIN")
    path = exogenous[0, :, coin]
    market = cascade_numpy.market_numbers(crowd.impact, np.array([crowd.volatility]))
    rules = {
        "decay": market.decay,
        "weight": market.weight,
        "usual_move": float(market.usual[0]),
        "deviation": crowd.deviation,
        "heartbeat_steps": math.ceil(crowd.heartbeat_seconds / STEP_SECONDS),
        "delay_steps": round(crowd.delay_seconds / STEP_SECONDS),
        "thinning": crowd.impact.thinning,
        "permanent_share": crowd.impact.permanent_share,
        "depth": crowd.depth,
        "maintenance": crowd.maintenance,
        "fund": crowd.fund,
    }
    tape, state = run_fast(setup, exogenous[:1])
    answer = (
        int((tape.kind == 0).sum()),
        float(state.accounts.assets["fund"][0, 0, setup.quote]),
        float(tape.final[0, coin]),
    )
    np.savez(
        file,
        names=np.array(list(rules)),
        values=np.array(list(rules.values()), dtype=float),
        size=crowd.size,
        cash=crowd.margin - crowd.size * crowd.entry,
        path=path,
        answer=np.array(answer),
        ours=ours,
    )
    cost = ours / ACCOUNTS / STEPS
    print(f"seawall: {cost * 1e9:.3g} ns per account and step; closes, fund, price: {answer}")


def read(file: Path) -> None:
    """Run whichever of the two is installed on the market in the file."""
    given = np.load(file)
    rules = dict(zip(given["names"].tolist(), given["values"].tolist(), strict=True))
    size, cash, path = (given[name].tolist() for name in ("size", "cash", "path"))
    work = len(size) * (len(path) - 1)
    for name, make in (("mesa", in_mesa), ("radcad", in_radcad)):
        try:
            run = make(rules, size, cash, path)
        except ModuleNotFoundError as error:
            print(f"{name}: needs {error.name}, which is not installed")
            continue
        start = time.thread_time()
        answer = run()
        spent = time.thread_time() - start
        if not np.allclose(answer, given["answer"], rtol=1e-9):
            raise SystemExit(f"{name} answers {answer}, the engine {given['answer'].tolist()}")
        ratio = spent / float(given["ours"])
        print(f"{name}: {spent / work * 1e9:.4g} ns per account and step, {ratio:,.0f} times ours")


def main() -> None:
    """Write the market or run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--read", type=Path)
    given = parser.parse_args()
    if given.write:
        write(given.write)
    if given.read:
        read(given.read)


if __name__ == "__main__":
    main()
