"""What a withdrawal gate counts, on numbers worked by hand: quote, at any size of the venue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.instruments import Instrument, Perpetual
from seawall.venues import Collateral, Liquidation

# From less than a hundredth of a cent to more than there is; powers of two change no rounding.
SIZES = (2.0**-24, 1.0, 2.0**40)
LINEAR = perpetual("P", "BTC")


def closed(tape: Tape) -> list[tuple[int, int, int]]:
    """(path, step, unit) where a gate closed."""
    return [row[:3] for row in events(tape, EventKind.GATE_CLOSED)]


def crash(
    limits: dict[str, float],
    c: float = 1.0,
    *,
    settle: str = "USD",
    contract: Instrument = LINEAR,
    layers: tuple[str, ...] = ("fund", "socialised"),
    btc: Sequence[Sequence[float]] = ((100.0, 85.0, 80.0),),
    usdx: float = 1.0,
    **venue: object,
) -> tuple[Setup, Tape, State]:
    """Ten coins long at 100 with 100 lack 50 at 85; with 180 they lack 20 at 80. All times c."""
    each = c * (100.0 if settle == "BTC" else 1.0)
    size, per_coin = (c * 1_000.0, 100.0) if settle == "BTC" else (c * 10.0, 1.0)
    traders = [
        Trader("v", [Held("P", sign * size, 100.0)], {settle: cash * each / per_coin / per_coin})
        for sign, cash in ((1.0, 100.0), (1.0, 180.0), (-2.0, 5_000.0))
    ]
    capital = {name: 80.0 * c for name in ("fund", "backstop") if name in layers}
    gate = {**limits, **{k: limits[k] * c for k in ("outflow", "bad_debt") if k in limits}}
    rules = perpetuals_venue(layers, mechanisms={"withdrawal_gate": gate}, **capital, **venue)
    assets = {"BTC": coin(100.0), "USDX": coin(1.0)}
    case = tiny_case(traders, [contract], {"v": rules}, assets)
    prices = paths_of(case, BTC=btc, USDX=[[1.0] + [usdx] * (len(row) - 1) for row in btc])
    return run_case(case, prices)


@pytest.mark.parametrize("c", SIZES)
@pytest.mark.parametrize("layers", [("fund", "socialised"), ("backstop", "socialised")])
def test_a_payment_just_above_the_limit_closes_it(layers: tuple[str, ...], c: float) -> None:
    """50 of 80 are paid at 85. A limit a thousandth below that closes the gate, and the 20 of the
    next step are the others'; one a thousandth above lets the layer pay them as well: 70.
    """
    for limit, shut in ((49.95, True), (50.05, False)):
        _, tape, _ = crash({"outflow": limit}, c, layers=layers)
        # 70 in all is above both limits, so the second payment closes the wider one.
        assert closed(tape) == [(0, 1, 0)] if shut else [(0, 2, 1)]
        paid = float((tape.fund + tape.backstop).sum())
        assert paid == pytest.approx(c * (50.0 if shut else 70.0))
        assert float(tape.socialised.sum()) == pytest.approx(c * 70.0 - paid)


@pytest.mark.parametrize("c", SIZES)
def test_bad_debt_that_nobody_with_capital_paid_closes_it(c: float) -> None:
    """20 lack at 88, and the second account's 20 at 80."""
    for limit, steps in ((19.98, [1]), (20.02, [2])):
        prices = [[100.0, 88.0, 80.0]]
        _, tape, _ = crash({"bad_debt": limit}, c, layers=("socialised",), btc=prices)
        assert [step for _, step, _ in closed(tape)] == steps


def test_what_a_fund_pays_is_no_bad_debt() -> None:
    """With a fund of 30 for a deficit of 50, 20 are bad debt: not the 50, and not the 30."""
    trader = Trader("v", [Held("P", 10.0, 100.0)], {"USD": 100.0})
    for limit, count in ((19.98, 1), (20.02, 0)):
        rules = perpetuals_venue(fund=30.0, mechanisms={"withdrawal_gate": {"bad_debt": limit}})
        case = tiny_case([trader], [LINEAR], {"v": rules}, {"BTC": coin(100.0)})
        _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 85.0]))
        assert len(closed(tape)) == count


@pytest.mark.parametrize(
    ("settle", "contract", "usdx", "paid"),
    [
        # 1,000 dollars of contracts from 100 with 1 BTC: 1,000 (1/85 - 1/100) - 1 = 0.765 BTC.
        ("BTC", perpetual("P", "BTC", inverse=True), 1.0, (1_000.0 * (1 / 85 - 1 / 100) - 1) * 85),
        # 50 of a stablecoin that is worth 0.9.
        ("USDX", Perpetual("P", "BTC", "USDX"), 0.9, 45.0),
    ],
    ids=["in coin", "in a stablecoin"],
)
def test_it_counts_quote_whatever_accounts_settle_in(
    settle: str, contract: Instrument, usdx: float, paid: float
) -> None:
    for limit, count in ((0.999 * paid, 1), (1.001 * paid, 0)):
        how = {"settle": settle, "contract": contract, "usdx": usdx, "btc": [[100.0, 85.0]]}
        _, tape, _ = crash({"outflow": limit}, **how)
        assert tape.fund.sum() == pytest.approx(paid)
        assert len(closed(tape)) == count


def test_one_path_does_not_close_the_gate_of_another() -> None:
    """On the second path nothing is lost at step 1, so the fund pays at step 2."""
    prices = [[100.0, 85.0, 80.0], [100.0, 95.0, 80.0], [100.0, 100.0, 100.0]]
    _, tape, state = crash({"outflow": 40.0}, btc=prices)
    assert [row[:2] for row in closed(tape)] == [(0, 1), (1, 2)]
    assert state.accounts.assets["fund"][:, 0, 0] == pytest.approx([30.0, 0.0, 80.0])


LOAN = Trader("l", (), {"ETH": 10.0, "DAI": -800.0})
TERMS = {"ETH": Collateral(0.8, 0.83, 0.05), "DAI": Collateral(0.8, 0.83, 0.05)}


@pytest.mark.parametrize(("limit", "paid"), [(719.0, 0.0), (721.0, 720.0)])
def test_a_lenders_reserve_keeps_its_money_behind_a_closed_gate(limit: float, paid: float) -> None:
    """ETH falls to nothing while a DAI is worth 0.9: each loan leaves 720 of quote. The reserve of
    1,000 pays the first, and the second, a step later, only where that left the gate open.
    """
    second = Trader("l", (), {"BTC": 1.0, "DAI": -800.0})
    rules = lending_venue(
        {**TERMS, "BTC": TERMS["ETH"]}, fund=1_000.0, liquidation=Liquidation("keeper")
    )
    rules = replace(rules, mechanisms={"withdrawal_gate": {"outflow": limit}})
    assets = {"ETH": coin(100.0), "BTC": coin(1_000.0), "DAI": coin(1.0)}
    case = tiny_case([LOAN, second], [], {"l": rules}, assets)
    prices = paths_of(case, ETH=[100.0, 1e-9, 1e-9], BTC=[1e3, 1e3, 1e-9], DAI=[1.0, 0.9, 0.9])
    _, tape, state = run_case(case, prices)
    cover = tape.kind == EventKind.COVER
    assert tape.fund[cover] == pytest.approx([720.0, min(paid, 280.0)])
    assert tape.socialised[cover] == pytest.approx([0.0, 720.0 - min(paid, 280.0)])
    assert np.isclose(state.accounts.assets["fund"][0, 0, 0], 280.0 - min(paid, 280.0))


def test_behind_a_closed_gate_winners_are_reduced_though_the_fund_is_full() -> None:
    """The fund of 80 pays 50 at 85, which closes the gate for a day. At 80 the second account lacks
    20 and the fund has 30: it is deleveraged all the same. Where the gate is open the fund pays.
    """
    layers = ("fund", "adl", "socialised")
    for limit, fund, adl in ((49.0, 50.0, 20.0), (51.0, 70.0, 0.0)):
        _, tape, _ = crash({"outflow": limit}, layers=layers)
        assert (tape.fund.sum(), tape.adl.sum()) == pytest.approx((fund, adl))
        assert len(events(tape, EventKind.ADL_BANKRUPT)) == (adl > 0)
        assert tape.socialised.sum() == 0.0
