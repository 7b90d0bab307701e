"""L6 where the compiled loop does at home what it once handed over: a vault's takeovers, deficits
that it covers, and loans that nobody calls. Same tape and state, and the plain loop is not asked.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_l6_compiled import assert_engines_agree
from tiny_cases import (
    Floats,
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast import engine as compiled
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind
from seawall.case import Case
from seawall.venues import Collateral, Liquidation

DRAWS = np.random.default_rng(8)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Steps at which the plain loop was asked for something."""
    steps: list[int] = []
    own = compiled._Run._go_on

    def noted(self: compiled._Run, group: Floats, step: int) -> None:
        steps.append(step)
        own(self, group, step)

    monkeypatch.setattr(compiled._Run, "_go_on", noted)
    return steps


def crowd_with_a_vault(backstop: float, accounts: int = 120) -> Case:
    """Longs and shorts of 5 to 40 times leverage, with a coin as collateral on some accounts."""
    traders = []
    for n in range(accounts):
        size = float(DRAWS.normal()) * 20.0
        cash = abs(size) * 100.0 / float(DRAWS.uniform(5.0, 40.0))
        balances = {"USD": cash} if n % 5 else {"USD": cash, "ETH": 0.2 * cash / 100.0}
        traders.append(Trader("v", (Held("ETH-PERP", size, 100.0),), balances))
    venue = perpetuals_venue(
        ("backstop", "fund", "adl", "socialised"),
        fund=1e6,
        backstop=backstop,
        liquidation=Liquidation(
            "orderbook", backstop_ratio=2 / 3, fee=0.002, partial_fraction=0.5, partial_above=900.0
        ),
        taker_fee=0.0004,
        collateral={"ETH": Collateral(0.8, 0.9, 0.0)},
    )
    return tiny_case(traders, [perpetual("ETH-PERP", "ETH")], {"v": venue}, {"ETH": coin(100, 3e5)})


def waves(case: Case, paths: int, steps: int, size: float) -> Floats:
    """Random walks of the coin with steps of this size."""
    moves = DRAWS.normal(size=(paths, steps + 1)) * size
    moves[:, 0] = 0.0
    return paths_of(case, ETH=(100.0 * np.exp(np.cumsum(moves, axis=1))).tolist())


def test_a_solvent_vault_takes_over_and_covers(asked: list[int]) -> None:
    case = crowd_with_a_vault(backstop=1e6)
    setup, prices = prepare(case), waves(case, 6, 60, 0.012)
    assert_engines_agree(setup, prices)
    tape, _ = run_fast(setup, prices)
    kinds = np.bincount(tape.kind, minlength=6)
    assert kinds[EventKind.BACKSTOP] > 20
    assert kinds[EventKind.COVER] > 3, "some must fall through zero between steps"
    assert np.all(tape.fund[tape.kind == EventKind.COVER] == 0.0), "the vault is first"
    assert asked == []


@pytest.mark.parametrize("backstop", [0.0, 40.0, 400.0])
def test_a_vault_that_may_run_dry(backstop: float, asked: list[int]) -> None:
    """What is left of it decides; where rounding could, or it cannot pay, the plain loop does."""
    case = crowd_with_a_vault(backstop)
    assert_engines_agree(prepare(case), waves(case, 6, 40, 0.02))
    assert asked, "a vault that cannot pay is the plain loop's"


def small_loans(gas: float, accounts: int = 80, fund: float = 0.0) -> Setup:
    """Loans in debt 1 to 1,000 against a coin, near their threshold, called for this gas."""
    traders = []
    for _ in range(accounts):
        debt = float(np.exp(DRAWS.uniform(0.0, np.log(1_000.0))))
        coins = debt / (0.83 * float(DRAWS.uniform(0.9, 1.0)) * 100.0)
        more = {"BTC": debt * 1e-4 / 1_000.0} if DRAWS.uniform() < 0.3 else {}
        traders.append(Trader("l", (), {"ETH": coins, "USD": -debt, **more}))
    terms = Collateral(0.8, 0.83, 0.05)
    rule = Liquidation("keeper", gas=gas, close_factor=0.5, full_below=0.95)
    venue = lending_venue({"ETH": terms, "BTC": terms}, fund=fund, liquidation=rule)
    assets = {"ETH": coin(100.0, 1e6), "BTC": coin(1_000.0, 1e6)}
    return prepare(tiny_case(traders, [], {"l": venue}, assets))


def test_loans_too_small_to_call_are_left_alone(asked: list[int]) -> None:
    setup = small_loans(gas=60.0)  # 5% of the whole debt of 1,000 is 50
    falling = np.linspace(100.0, 96.5, 41)
    # The second path falls by 6.5% in its first step, and comes back in part.
    rising = [100.0, *(falling[-2::-1] - 3.0).tolist()]
    prices = paths_of(setup.case, ETH=[falling.tolist(), rising])
    assert_engines_agree(setup, prices)
    tape, state = run_fast(setup, prices)
    assert tape.path.size == 0
    assert np.count_nonzero(state.ready) > 20, "many are below their threshold"
    assert asked == []


@pytest.mark.parametrize("gas", [0.0, 0.5, 5.0, 25.0])
def test_whoever_may_be_called_is_searched(gas: float, asked: list[int]) -> None:
    """Loans on both sides of the gas, calls that move the market, debts that end hopeless."""
    setup = small_loans(gas, fund=10.0)
    case = setup.case
    assert_engines_agree(setup, waves(case, 4, 60, 0.01))
    assert_engines_agree(setup, waves(case, 3, 40, 0.2))
    assert asked
