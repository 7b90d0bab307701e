"""`seawall scenarios failures`: hazards of a Case's counterparties as its failures, added once."""

from __future__ import annotations

import math
import tomllib
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_incident_files import HEAD, write

from seawall.casefile import load_case
from seawall.cli.app import run
from seawall.exposure.counterparty.at_risk import Covariates, read_list
from seawall.exposure.counterparty.covariates import CovariateFit
from seawall.exposure.counterparty.kinds import Kind
from seawall.exposure.counterparty.loss_given import ASSUMED_LOSS, Claim
from seawall.exposure.counterparty.months import month_number
from seawall.exposure.counterparty.tables import (
    Exposed,
    _weight,
    failure_tables,
    wrong_way_rows,
)
from seawall.exposure.counterparty.written import appended, written
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.failure.slot import Failures
from seawall.scenario.failure.venue import VenueInsolvency


def exposed(name: str, hazard: float) -> Exposed:
    loss = ASSUMED_LOSS[Claim.DEPOSITOR]
    return Exposed(name, Kind.VENUE, Claim.DEPOSITOR, hazard, 0.01, 0.1, loss, "fitted")


TWO = [exposed("a", 0.05), exposed("b", 0.02)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
def test_common_shock_and_own_hazard_add_up_to_the_hazard(share: float) -> None:
    tables = failure_tables(TWO, share, 0.0, "BTC")
    shock = sum(row["rate_per_year"] for row in tables.get("shock", []))
    for one, row in zip(TWO, tables["venue_insolvency"], strict=True):
        whole = row.get("rate_per_year", 0.0) + shock * row.get("shock_probability", 0.0)
        assert whole == pytest.approx(one.hazard)
        assert row["recovery"] == 0.5 and row["rate_source"] == "fitted"
    if share:
        # Marshall and Olkin: both at once at s p_a p_b = 2 c h_a x 1/2 x h_b / (2 h_a) = c h_b / 2.
        together = shock * math.prod(r["shock_probability"] for r in tables["venue_insolvency"])
        assert together == pytest.approx(share * 0.02 / 2.0)


def test_tables_are_read_back_as_failures() -> None:
    found = tomllib.loads(written(failure_tables(TWO, 0.1, 3.0, "BTC"), TWO, "made up"))
    rows = found["mechanisms"]["failures"]["venue_insolvency"]
    slot = Failures(
        venue_insolvency=tuple(VenueInsolvency(**row | {"shock": None}) for row in rows)
    )
    assert [one.venue for one in slot.venue_insolvency] == ["a", "b"]
    assert slot.venue_insolvency[0].wrong_way == 3.0


@pytest.mark.parametrize("turn", [1, -1])
def test_an_entity_weighs_as_its_row_at_the_end_of_the_fit_does(tmp_path: Path, turn: int) -> None:
    """Values 1e6, then 1e8, then 1e10, beside two of 1e8: in 2022 a typical one, in any order."""
    rows = ["A,venue,2019-01-01,2021-01-01,1e6", "A,venue,2021-01-01,2024-01-01,1e8"]
    rows += ["A,venue,2024-01-01,,1e10", "B,venue,2019-01-01,,1e8", "C,venue,2024-01-01,,1e9"]
    rows += ["D,venue,2019-01-01,,1e7"]
    text = "\n".join(["entity,kind,start,end,value_locked", *rows[::turn]])
    found = SimpleNamespace(
        listed=read_list(write(tmp_path / "l.csv", text)),
        covariates=CovariateFit(Covariates(0.5, 0.0), None),
        last=month_number(date(2022, 12, 1)),
    )
    # C is not there yet; D has a tenth of the typical value, to the power of a half.
    weights = [_weight(found, name, 0) for name in "ABCD"]
    assert weights == pytest.approx([1.0, 1.0, 1.0, 0.1**0.5])


def test_what_is_there_is_not_added_again() -> None:
    new = written(failure_tables(TWO, 0.1, 3.0, "BTC"), TWO, "made up")
    once = appended("[assets]\n", new, "market.toml")
    assert tomllib.loads(once)["mechanisms"]["failures"]["shock"][0]["name"] == "counterparties"
    with pytest.raises(InputError, match="there already"):
        appended(once, new, "market.toml")
    with pytest.raises(InputError, match="cannot be added"):
        appended("[mechanisms]\nfailures = {}\n", new, "market.toml")


def test_wrong_way_chances_are_those_of_the_integrated_hazard() -> None:
    # Half the paths stand, half fall at once by 40% and stay: a week of 7 steps.
    day = 86_400.0
    price = np.array([[100.0] * 8, [100.0] + [60.0] * 7])
    rows = wrong_way_rows(0.05, price, day, 3.0)
    week = 7.0 * day / SECONDS_PER_YEAR
    assert rows[0]["probability"] == pytest.approx(-math.expm1(-0.05 * week))
    fallen = -math.expm1(-0.05 * week / 7.0 * (1.0 + 6.0 * math.exp(6.0 * 0.4)))
    assert rows[2]["probability_in_worst"] == pytest.approx(fallen)
    still = rows[0]["probability"]
    assert rows[2]["probability"] == pytest.approx(0.5 * (still + fallen))


def test_command_writes_into_a_case_that_then_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(
        f"{2020 + n // 12}-{n % 12 + 1:02d}-03,E{n},x,1e6,False,{kind},\n"
        for n in range(30)
        for kind in ("CEX", "DeFi Protocol")
    )
    file = write(tmp_path / "i.csv", HEAD + rows)
    folder = tmp_path / "case"
    assert run(["case", "new", str(folder)]) == 0
    market = folder / "market.toml"
    call = ["scenarios", "failures", str(folder), "--incidents", str(file)]
    assert run([*call, "--bridge", "wormgate=wstETH", "--write", str(market)]) == 0
    page = capsys.readouterr().out
    assert "ASSUMED" in page and "wrong_way" in page
    slot = load_case(folder).market.mechanisms["failures"]
    assert {"shock", "venue_insolvency", "admin_key", "stablecoin_depeg", "bridge"} <= set(slot)
    before = market.read_text()
    assert run([*call, "--write", str(market)]) == 1
    assert market.read_text() == before
    assert run([*call, "--stablecoin", "USDX"]) == 1
    assert "USDX" in capsys.readouterr().err


def test_fit_until_a_date_takes_nothing_from_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two incidents on the 20th of each month: by 1 December 2021, 23 months are over."""
    rows = "".join(
        f"{2020 + n // 12}-{n % 12 + 1:02d}-20,E{n},x,1e6,False,{kind},\n"
        for n in range(30)
        for kind in ("CEX", "DeFi Protocol")
    )
    file, folder = write(tmp_path / "i.csv", HEAD + rows), tmp_path / "case"
    assert run(["case", "new", str(folder)]) == 0
    call = ["scenarios", "failures", str(folder), "--incidents", str(file)]
    assert run([*call, "--until", "2021-12-01"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "46 incidents of i.csv, 2020-01 to 2021-11" in page
