"""Quantos and shares in files: read as written, saved as read, refused with their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bad_shares import BAD_SHARES
from share_folder import add_shares
from test_round_trip import same

from seawall.casefile import load_case, new_case, sample_case, save_case
from seawall.foundation.errors import InputError
from seawall.instruments import Future, LiquidityShare, Perpetual, PoolShare, Staked, VaultShare
from seawall.market import LiquidityState, PoolMarket, PoolState, StakedState, VaultState


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = new_case(tmp_path / "case", crowd=10)
    add_shares(folder)
    return folder


def test_everything_is_read_as_it_is_written(case: Path) -> None:
    found = load_case(case)
    by_name = {item.name: item for item in found.book.instruments}
    assert by_name["ETH-QUANTO"] == Perpetual("ETH-QUANTO", "ETH", "BTC", 1e-6)
    future = by_name["ETH-Q27"]
    assert isinstance(future, Future)
    assert (future.multiplier, future.quanto, future.inverse) == (1e-6, True, False)
    assert [by_name[name] for name in ("wstETH", "LP", "VLT", "GM")] == [
        Staked("wstETH", "ETH"),
        LiquidityShare("LP"),
        VaultShare("VLT"),
        PoolShare("GM"),
    ]
    assert found.market.shares == {
        "wstETH": StakedState(1.2258, 0.028),
        "LP": LiquidityState({"ETH": 1_000.0, "USDC": 2.76e6}, 1e4),
        "VLT": VaultState({"wstETH": 10.0, "LP": 5.0, "USDC": -1_000.0}, 100.0),
        "GM": PoolState(
            {"ETH": 1_000.0, "USDC": 2e6},
            4e6,
            {"ETH": PoolMarket(400.0, 2_500.0, 100.0, 3_000.0, 0.9, "ETH", 0.9, "USDC")},
        ),
    }


def test_what_is_saved_is_what_is_loaded(case: Path, tmp_path: Path) -> None:
    found = load_case(case)
    saved = save_case(found, tmp_path / "saved")
    same(found, load_case(saved))
    assert "multiplier" in (saved / "instruments.csv").read_text()


def test_a_case_without_quantos_is_saved_without_their_column(tmp_path: Path) -> None:
    saved = save_case(sample_case(0), tmp_path / "saved")
    header = (saved / "instruments.csv").read_text().splitlines()[0]
    assert header == "instrument,kind,underlying,settle,expiry,strike,option_type"


def test_a_side_without_open_interest_needs_no_entry(case: Path) -> None:
    text = (case / "market.toml").read_text()
    kept = text.replace("short_size = 100\nshort_entry = 3_000\n", "")
    assert kept != text
    (case / "market.toml").write_text(kept)
    state = load_case(case).market.shares["GM"]
    assert isinstance(state, PoolState)
    assert state.markets["ETH"].short_size == 0.0


def test_tables_in_parquet_say_the_same(case: Path) -> None:
    import polars

    reference = load_case(case)
    frame = polars.read_csv(case / "instruments.csv", try_parse_dates=True)
    frame.write_parquet(case / "instruments.parquet")
    (case / "instruments.csv").unlink()
    same(reference, load_case(case))


@pytest.mark.parametrize("name", BAD_SHARES)
def test_bad_contents_are_refused_in_one_sentence_with_their_place(case: Path, name: str) -> None:
    change, sentence = BAD_SHARES[name]
    change(case)
    with pytest.raises(InputError) as caught:
        load_case(case)
    message = str(caught.value)
    assert re.search(sentence, message), message
    assert "\n" not in message
    assert message.endswith(".")
    assert not message.endswith("..")
    assert str(case) not in message
