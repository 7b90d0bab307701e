"""A path of the loop with a liquidation, auto-deleveraging and funding, explained to the cent.

The fills come from the run's journal (who traded how much at what price) and from a plain sum of
funding; the later Case from what the loop's accounts hold at the end.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tiny_cases import AS_OF, Held, Trader, coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.tape import FORCED, EventKind
from seawall.exposure.pnl.fills import Fill
from seawall.exposure.pnl.two_cases import explain_cases
from seawall.market import InstrumentState
from seawall.venues import Liquidation

PATH = [100.0, 99.0, 85.0, 88.0, 86.5]
RATE = 100.0  # a year: 0.019% of notional in a step of 60 s
PERP = [perpetual("BTC-PERP", "BTC")]
TRADERS = [
    # Bankrupt at 90: closed against winners at 85, or sold; owes nothing afterwards.
    Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 100.0}, "bust"),
    # Equity below 2 at 85, below its maintenance of 8.5: sold at the market for a fee.
    Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 152.0}, "sold"),
    # Wins and is deleveraged.
    Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 200.0}, "short"),
    # Only pays funding.
    Trader("perps", [Held("BTC-PERP", 1.0, 100.0)], {"USD": 300.0}, "long"),
]


def _case(layers, traders=None, price=PATH[0], as_of=AS_OF):
    states = {"BTC-PERP": InstrumentState(mark=price, funding_rate=RATE)}
    venue = perpetuals_venue(layers, fund=10.0, liquidation=Liquidation("orderbook", fee=0.001))
    assets = {"BTC": coin(price)}
    case = tiny_case(traders or TRADERS, PERP, {"perps": venue}, assets, states=states)
    market = replace(case.market, as_of=as_of)
    return replace(case, as_of=as_of, market=market)


def _runs(layers):
    """The loop over ever longer starts of the path: what each step adds to the journal."""
    case = _case(layers)
    setup = prepare(case)
    found = []
    for last in range(1, len(PATH)):
        journal = Journal(cells_of(setup.table))
        tape, state = run(setup, paths_of(case, BTC=PATH[: last + 1]), journal=journal)
        found.append((tape, state, journal))
    return case, setup, found


def _columns(chunks, place):
    return np.concatenate([np.zeros(0), *(chunk[place] for chunk in chunks)])


@pytest.fixture(scope="module", params=[("adl",), ("fund", "socialised")], ids=" ".join)
def explained(request):
    case, setup, runs = _runs(request.param)
    table = setup.table
    tape, state, journal = runs[-1]
    rate = RATE / (365 * 86_400)
    account = table.units.account[table.rows.unit]
    cells = journal.cells
    unit_of = {int(a): u for u, a in enumerate(table.units.account.tolist())}
    kinds = {}
    for step, unit, kind in zip(tape.step, tape.unit, tape.kind, strict=True):
        if kind in FORCED or kind == EventKind.ADL_WINNER:
            name = "liquidation" if kind in FORCED else "adl"
            kinds[int(step), int(table.units.account[unit])] = name
    shared = {
        (int(step), int(table.units.account[unit]))
        for step, unit, kind in zip(tape.step, tape.unit, tape.kind, strict=True)
        if kind == EventKind.SOCIALISED
    }
    fills, accrued, paid = [], 0.0, dict.fromkeys(range(4), 0.0)
    size = {int(a): float(s) for a, s in zip(account, table.rows.size, strict=True)}
    done, moved = 0, 0
    for step, (_, _, upto) in enumerate(runs, start=1):
        # Each step's price counts for the step that ends there.
        accrued += PATH[step] * 60 * rate
        for a in size:
            paid[a] -= size[a] * PATH[step] * 60 * rate
        one, other, change, price = (_columns(upto.trades, n) for n in (1, 2, 3, 6))
        for n in range(done, one.size):
            for cell, sign in ((one[n], 1.0), (other[n], -1.0)):
                for row, a in enumerate(account.tolist()):
                    if cell == cells.row(row):
                        kind = kinds[step, a]
                        # Funding accrued so far is settled inside the journal's price.
                        quoted = float(price[n]) + accrued
                        bought = sign * float(change[n])
                        fills.append(Fill(f"t{a}", kind, "BTC-PERP", bought, quoted))
                        size[a] += bought
        done = one.size
        source, target, amount = (_columns(upto.moves, n) for n in (1, 2, 3))
        for n in range(moved, source.size):
            for cell, sign in ((source[n], -1.0), (target[n], 1.0)):
                for a, unit in unit_of.items():
                    if cell == cells.cash(unit):
                        got = sign * float(amount[n])
                        # A closed account that receives cash has its deficit covered.
                        kind = "liquidation" if got > 0 and (step, a) in kinds else "fee"
                        kind = "socialised" if (step, a) in shared else kind
                        fills.append(Fill(f"t{a}", kind, asset="USD", amount=got))
        moved = source.size
    fills += [Fill(f"t{a}", "funding", asset="USD", amount=value) for a, value in paid.items()]
    traders = []
    for a, trader in enumerate(TRADERS):
        (row,) = np.flatnonzero(account == a)
        held = float(state.holdings.size[0, row])
        # Equity = cash + size (price - accrued): the entry is arbitrary, funding is paid out.
        entry, cash = 97.0, float(state.holdings.cash[0, unit_of[a]])
        cash += held * (entry - accrued)
        positions = [Held("BTC-PERP", held, entry)] if held else []
        traders.append(Trader("perps", positions, {"USD": cash}, trader.owner))
    end = AS_OF + timedelta(seconds=60 * (len(PATH) - 1))
    after = _case(request.param, traders, PATH[-1], end)
    rows = {row["desk"]: row for row in explain_cases(case, after, fills)["desks"]}
    return rows, tape, kinds, fills, (case, after)


def test_every_desk_is_explained_to_the_cent(explained):
    rows, tape, _, _, _ = explained
    for n, row in enumerate(rows.values()):
        assert row["equity_after"] == pytest.approx(float(tape.desk_equity[0, -1, n]), abs=1e-9)
        assert row["unexplained"]["gross"] < 0.005, row
        assert row["trades_without_price"] == []
        total = sum(row["revalued"].values()) + sum(row["flows"].values())
        assert total == pytest.approx(row["change"], abs=0.005)


def test_parts_are_those_of_the_path(explained):
    rows, tape, kinds, fills, _ = explained
    if "adl" not in kinds.values():
        # Bankrupt by 50 and more at 85 with 10 in the fund: the others pay the rest in cash. The
        # account that is sold pays its fee in the same step, which the journal does not name.
        flows = [row["flows"]["socialised"] + row["flows"]["fee"] for row in rows.values()]
        assert sum(flows) < -30.0
        assert sum(flows) == pytest.approx(-float(tape.socialised.sum() + tape.fee.sum()))
        return
    assert {"liquidation", "adl"} == set(kinds.values()), "the path has both"
    step = 60 * RATE / (365 * 86_400)
    # The long held one coin through all four steps, and its spot move is 86.5 - 100.
    long = rows["long"]
    assert long["flows"]["funding"] == pytest.approx(-step * (99 + 85 + 88 + 86.5))
    assert long["revalued"]["spot"] == pytest.approx(86.5 - 100)
    # The short, until 85 with all of its ten coins, received funding.
    assert rows["short"]["flows"]["funding"] > step * 10 * (99 + 85) - 1e-9
    # It was bought back at the bankruptcy price, below which it would have earned more: less those
    # coins' fall from there to the later price.
    for name, kind in (("short", "adl"), ("bust", "liquidation"), ("sold", "liquidation")):
        mine = [f for f in fills if f.account == f"t{list(rows).index(name)}" and f.size]
        worth = sum(f.size * (86.5 - f.price) for f in mine)
        assert rows[name]["flows"][kind] == pytest.approx(worth)
        assert {f.kind for f in mine} == {kind}
    # Ten coins sold at 85 for a fee of 0.1%.
    assert rows["sold"]["flows"]["fee"] == pytest.approx(-0.85)
    assert rows["sold"]["flows"]["liquidation"] == pytest.approx(-15.0)


def test_without_the_funding_rows_exactly_the_funding_is_unexplained(explained):
    rows, _, _, fills, (case, after) = explained
    others = [fill for fill in fills if fill.kind != "funding"]
    for row in explain_cases(case, after, others)["desks"]:
        funding = rows[row["desk"]]["flows"]["funding"]
        assert funding != 0.0
        assert row["unexplained"]["unexplained_cash"] == pytest.approx(funding, abs=1e-9)
