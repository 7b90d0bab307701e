"""What desks hold before any price moves, against sums by hand; signs that can hardly be meant."""

from __future__ import annotations

import pytest

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.casefile.folder import CaseFiles
from seawall.casefile.load import case_from_files
from seawall.casefile.sample_case import sample_case, sample_files
from seawall.exposure.at_the_start import desk_sizes, odd_signs

HEDGED = "t/p,ETH-PERP,-700,2790\n"
LOAN = "t/l,ETH,700\nt/l,USDC,-1350000\n"


def start(positions: str, balances: str) -> Setup:
    files = sample_files(0)
    files["limits.toml"] = b""
    accounts = "t/p,meridian,t,desk\nt/o,sextant,t,desk\nt/l,causeway,t,desk\n"
    files["accounts.csv"] = f"account,venue,owner,kind\n{accounts}".encode()
    files["positions.csv"] = f"account,instrument,size,entry_price\n{positions}".encode()
    files["balances.csv"] = f"account,asset,quantity\n{balances}".encode()
    return prepare(case_from_files(CaseFiles(files)))


def test_worth_size_and_debt_are_those_by_hand() -> None:
    (desk,) = desk_sizes(start(HEDGED, f"t/p,USDC,430000\n{LOAN}"))
    assert desk.owner == "t"
    # ETH stands at 2,760: the short gains 30 a coin, the loan holds 700 coins against its debt.
    assert desk.equity == pytest.approx(430_000 + 700 * 30 + 700 * 2_760 - 1_350_000)
    assert desk.notional == pytest.approx(700 * 2_760)
    assert desk.debt == pytest.approx(1_350_000)


@pytest.mark.parametrize(
    ("balances", "words"),
    [
        ("t/p,USDC,430000\nt/l,ETH,-700\nt/l,USDC,-1350000\n", "t/l owes 700 ETH and 1,350,000"),
        ("t/p,USDC,430000\nt/l,ETH,-700\nt/l,USDC,1350000\n", "t/l owes 700 ETH and is worth -582"),
        (f"t/p,USDC,-430000\n{LOAN}", "t/p owes 430,000 USDC and is worth -409,000 USDC"),
        (f"t/p,USDC,430000\nt/p,BTC,-1\n{LOAN}", "t/p owes 1 BTC at meridian"),
        (f"t/p,USDC,430000\nt/o,BTC,5\nt/o,USDC,-300000\n{LOAN}", "t/o owes 300,000 USDC at sext"),
    ],
)
def test_a_sign_that_can_hardly_be_meant_is_told(balances: str, words: str) -> None:
    said = odd_signs(start(HEDGED, balances))
    assert len(said) == 1
    assert said[0].startswith(words)


@pytest.mark.parametrize(
    ("positions", "balances"),
    [
        (HEDGED, f"t/p,USDC,430000\n{LOAN}"),
        # Cash below 0 against the profit of open positions: withdrawn gains, not a wrong sign.
        ("t/p,ETH-PERP,-700,3790\n", f"t/p,USDC,-10000\n{LOAN}"),
        (HEDGED, "t/p,USDC,430000\nt/l,USDC,3000000\nt/l,ETH,-700\n"),
    ],
)
def test_loans_and_withdrawn_gains_are_no_alarm(positions: str, balances: str) -> None:
    assert odd_signs(start(positions, balances)) == []


def test_the_sample_is_no_alarm() -> None:
    assert odd_signs(prepare(sample_case(0))) == []
