"""Incident files and at-risk lists: what is read, what is left out, what is refused."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from seawall.cli.app import run
from seawall.exposure.counterparty.at_risk import (
    ASSUMED,
    Covariates,
    assumed_list,
    exposure,
    known_on,
    read_list,
)
from seawall.exposure.counterparty.covariates import fit_covariates, match
from seawall.exposure.counterparty.fitted import fit_until, shown_exposure
from seawall.exposure.counterparty.incidents import Incidents, read_incidents
from seawall.exposure.counterparty.kinds import KINDS, Kind, kind_of
from seawall.exposure.counterparty.loss_given import Claim, losses
from seawall.exposure.counterparty.months import last_whole_month, month_number
from seawall.foundation.errors import InputError

HEAD = "date,name,technique,amount,bridgeHack,targetType,returnedFunds\n"
ROWS = (
    "2020-03-01,Alpha,Reentrancy,2000000,False,DeFi Protocol,\n"
    "2020-01-15,Venue,Private Key Compromised,5e6,False,CEX,1e6\n"
    "2020-04-02,Link,Proof Verifier Bug,,True,CEX,\n"
    "2020-04-02,Link,Proof Verifier Bug,3e5,True,DeFi Protocol,\n"
    "2020-05-01,Beta,Flashloan Price Oracle Attack,4e5,False,DeFi Protocol,\n"
    "2020-06-01,Purse,Phishing,9e5,False,Wallet,\n"
    "2020-06-02,Small,Reentrancy,5e4,False,DeFi Protocol,\n"
    "2020-06-03,Odd,Reentrancy,5e5,False,Spaceship,\n"
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_kinds_and_what_is_left_out(tmp_path: Path) -> None:
    found = read_incidents([write(tmp_path / "a.csv", HEAD + ROWS)])
    kinds = [KINDS[k] for k in found.kind]
    assert found.name == ("Venue", "Alpha", "Link", "Link", "Beta")
    assert kinds == [Kind.VENUE, Kind.CONTRACT, Kind.BRIDGE, Kind.BRIDGE, Kind.ORACLE]
    assert found.rows == 8 and sum(found.left_out.values()) == 3
    assert np.isnan(found.amount[2]) and found.returned[0] == 1e6
    assert kind_of({"bridgeHack": "False", "targetType": "", "technique": ""})[0] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,name,cause,lost,src\n2020-01-01,a,b,c,d\n", "without technique"),
        (HEAD + "soon,Alpha,x,1e6,False,CEX,\n", "'soon' is no date"),
        (HEAD + "2020-01-01,Alpha,x,lots,False,CEX,\n", "'lots' is no amount"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_incidents([write(tmp_path / "a.csv", text)])


def test_list_and_its_exposure(tmp_path: Path) -> None:
    head = "entity,kind,start,end,value_locked\n"
    listed = read_list(
        write(
            tmp_path / "l.csv",
            head + "A,venue,2020-01-01,,1e6\nB,venue,2020-02-01,2020-03-01,4e6\n"
            "C,contract,2019-12-16,2020-01-16,\n",
        )
    )
    months = [month_number(date(2020, m, 1)) for m in (1, 2, 3)]
    # C: 15 of January's 31 days; B: all of February (29 days), no day of March.
    found = exposure(listed, months) * 12
    assert found[:, 0].tolist() == pytest.approx([1.0, 2.0, 1.0])
    assert found[:, KINDS.index(Kind.CONTRACT)].tolist() == pytest.approx([15 / 31, 0.0, 0.0])
    # Typical value sqrt(1e6 x 4e6) = 2e6: with elasticity 1/2, A weighs sqrt(1/2), B sqrt(2).
    sized = exposure(listed, months, Covariates(size=0.5)) * 12
    assert sized[1, 0] == pytest.approx(0.5**0.5 + 2**0.5)
    for wrong in ("A,shop,2020-01-01,,\n", "A,venue,2020-02-01,2020-01-01,\n", "A,venue,x,,\n"):
        with pytest.raises(InputError, match="row 2"):
            read_list(write(tmp_path / "w.csv", head + wrong))


def test_assumed_list_follows_its_law() -> None:
    listed = assumed_list((date(2024, 1, 1) - date(1970, 1, 1)).days)
    begin, middle = (np.array([(date(y, 1, 1) - date(1970, 1, 1)).days]) for y in (2022, 2023))
    contracts = listed.kind == KINDS.index(Kind.CONTRACT)
    law = ASSUMED[Kind.CONTRACT]
    assert (listed.start[contracts] <= begin).sum() == pytest.approx(law.count, abs=2)
    grown = law.count * np.exp(law.growth / np.log(2.0) * 0.5)
    assert (listed.start[contracts] <= middle).sum() == pytest.approx(grown, abs=2)


def _picked(elasticity: float, seed: int) -> tuple[Incidents, Path, str]:
    rng = np.random.default_rng(seed)
    value = np.exp(rng.normal(16.0, 2.0, 120))
    text = "entity,kind,start,end,value_locked\n"
    text += "".join(f"P{n},contract,2019-01-01,,{v:.0f}\n" for n, v in enumerate(value))
    chance = value**elasticity
    who = rng.choice(120, 150, p=chance / chance.sum())
    day = np.sort(rng.integers(18_262, 18_992, 150))
    lost = 0.4 * value[who]
    names = tuple(f"p{n}" for n in who)
    kind = np.full(150, KINDS.index(Kind.CONTRACT))
    return Incidents(day, kind, names, lost, np.full(150, np.nan), {}, 150), Path(), text


def test_size_is_found_where_it_matters(tmp_path: Path) -> None:
    incidents, _, text = _picked(0.5, 3)
    listed = read_list(write(tmp_path / "l.csv", text))
    matched = match(incidents, listed)
    assert matched.count == 150
    found = fit_covariates(incidents, listed, matched)
    assert found.error is not None
    assert abs(found.chosen.size - 0.5) < 1.5 * found.error.size
    assert found.error.size < 0.15
    # Every incident lost two fifths of what its entity held.
    loss = losses(incidents.kind, matched.lost)
    assert loss[Claim.POOL_SHARE].mean == pytest.approx(0.4, abs=1e-6)
    assert loss[Claim.POOL_SHARE].source == "measured" and loss[Claim.POOL_SHARE].count == 150
    assert loss[Claim.DEPOSITOR].source == "assumed"


def _history(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    lines = []
    for month in range(48):
        for n in range(rng.poisson(3)):
            day = f"{2019 + month // 12}-{month % 12 + 1:02d}-{n % 28 + 1:02d}"
            lines.append(f"{day},E{n},Reentrancy,1e6,False,DeFi Protocol,\n")
    return write(tmp_path / "history.csv", HEAD + "".join(lines))


def test_command_judges_later_years_and_says_what_it_rests_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = _history(tmp_path), tmp_path / "out.json"
    call = ["backtest", "--incidents", str(file), "--fitted", "2021-12-31"]
    assert run([*call, "--json", str(out)]) == 0
    page = capsys.readouterr().out
    assert "ASSUMED" in page and "log score by month" in page
    found = json.loads(out.read_text())
    assert found["fitted"]["until"] == "2021-12" and found["judged"]["from"] == "2022-01"
    assert found["judged"]["months"] == 12
    total = found["judged"]["frozen"]["total"]
    assert total["model"]["coverage"]["95%"]["inside"] > 0.7
    assert [row["factor"] for row in found["growth"]] == [1.0, 0.5, 2.0]
    # A list of one's own, and no growth to doubt.
    listed = write(
        tmp_path / "l.csv", "entity,kind,start,end,value_locked\nE0,contract,2018-01-01,,\n"
    )
    assert run([*call, "--list", str(listed), "--json", str(out)]) == 0
    again = json.loads(out.read_text())
    assert again["growth"] is None and again["list"]["source"] == "file"
    assert 20.0 < again["hazards"]["contract"]["hazard_per_year"] < 60.0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--fitted", "2030-01-31"], "incidents run from"),
        (["--fitted", "soon"], "is no date"),
        (["--prices", "x.csv"], "are given"),
    ],
)
def test_command_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert run(["backtest", "--incidents", str(_history(tmp_path)), *more]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("until", "last"),
    [((2021, 12, 31), 12), ((2021, 12, 30), 11), ((2021, 12, 1), 11), ((2024, 2, 29), 26 + 12)],
)
def test_a_month_counts_once_it_is_over(until: tuple[int, int, int], last: int) -> None:
    assert last_whole_month(date(*until)) == month_number(date(2021, 1, 1)) + last - 1


def test_rows_that_begin_after_the_fit_say_nothing_of_what_is_ahead(tmp_path: Path) -> None:
    """50 venues, of which one ends in 2023; 100 that come in 2022 are not known at the end of 2021,
    nor is that end: 50 a month are expected to be there.
    """
    text = "entity,kind,start,end,value_locked\n" + "".join(
        f"{name}{n},venue,{start},{'2023-06-01' if name == 'V' and n == 0 else ''},\n"
        for name, start, many in (("V", "2018-01-01", 50), ("N", "2022-01-15", 100))
        for n in range(many)
    )
    rows = "".join(
        f"{2019 + n // 12}-{n % 12 + 1:02d}-20,E{n},x,1e6,False,CEX,\n" for n in range(48)
    )
    incidents = read_incidents([write(tmp_path / "i.csv", HEAD + rows)])
    listed = read_list(write(tmp_path / "l.csv", text))
    first, last = month_number(date(2019, 1, 1)), month_number(date(2021, 12, 1))
    found = fit_until(incidents, listed, first, last, 1)
    later = shown_exposure(found.listed, np.array([last + 1, last + 24]), Covariates())
    assert 12.0 * later[:, 0] == pytest.approx([50.0, 50.0])
    # One a month came, and one a month is expected: the others would make it three.
    assert found.ahead(24).total().expected == pytest.approx(np.ones(24), rel=0.1)
    with pytest.raises(InputError, match="no row begins by 2017-01-01"):
        known_on(listed, int(np.datetime64("2017-01-01", "D").astype(int)))
