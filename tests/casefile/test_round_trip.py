"""What is saved is what is loaded; the sample is the desk that its documentation describes."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.book import AccountKind
from seawall.case import Case
from seawall.case.case import LIMIT_MEASURES
from seawall.casefile import load_case, new_case, sample_case, save_case
from seawall.casefile import save as save_module
from seawall.crowd import CrowdSpec
from seawall.foundation.errors import InputError
from seawall.instruments import Future, Option, Perpetual
from seawall.venues import Tier


def same(one: Case, two: Case) -> None:
    """Every field equal but the hashes: they are over bytes, and a saved rulebook has no preset."""
    for field in dataclasses.fields(Case):
        if field.name == "book":
            for column in dataclasses.fields(one.book):
                left, right = getattr(one.book, column.name), getattr(two.book, column.name)
                if isinstance(left, np.ndarray):
                    assert left.dtype == right.dtype, column.name
                    np.testing.assert_array_equal(left, right, err_msg=column.name)
                else:
                    assert left == right, column.name
        elif field.name not in ("digest", "files"):
            assert getattr(one, field.name) == getattr(two, field.name), field.name


def test_a_saved_case_loads_as_the_same_case(tmp_path: Path) -> None:
    case = sample_case()
    loaded = load_case(save_case(case, tmp_path / "saved"))
    same(case, loaded)
    again = load_case(save_case(loaded, tmp_path / "again"))
    same(loaded, again)
    assert again.digest == loaded.digest  # the written form is a fixed point


def test_all_that_a_case_can_hold_survives_saving(tmp_path: Path) -> None:
    case = sample_case(crowd=10)
    expiry = case.book.instruments[5].expiry  # type: ignore[union-attr]
    book = dataclasses.replace(
        case.book,
        account_names=('a "quoted", name', *case.book.account_names[1:]),
        instruments=(*case.book.instruments, Future("BTC-27FEB26", "BTC", "BTC", expiry)),
        isolated=np.array([True] + [False] * 7),
        isolated_margin=np.array([123456.789] + [0.0] * 7),
    )
    rulebook = dataclasses.replace(
        case.rulebooks["meridian"],
        default_tiers=(Tier(0.0, 3.0, 1 / 6), Tier(1e5, 2.0, 0.3)),
        feeds={"BTC": dataclasses.replace(case.rulebooks["causeway"].feed, deviation=1 / 3)},
    )
    instruments = {**case.market.instruments}
    instruments["BTC-27FEB26"] = dataclasses.replace(instruments["BTC-PERP"], open_interest=None)
    limit = dataclasses.replace(case.limits[0], horizon_seconds=90.5)
    changed = dataclasses.replace(
        case,
        name='a "name" with \\ and é',
        book=book,
        market=dataclasses.replace(case.market, instruments=instruments),
        rulebooks={**case.rulebooks, "meridian": rulebook},
        limits=(limit, *case.limits[1:]),
    )
    same(changed, load_case(save_case(changed, tmp_path / "saved")))


@given(
    size=st.floats(-1e20, 1e20).filter(lambda x: x != 0.0),
    entry=st.floats(1e-17, 1e17),
    volatility=st.floats(0.0, 10.0),
)
@settings(max_examples=25, deadline=None)
def test_every_number_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, size: float, entry: float, volatility: float
) -> None:
    case = sample_case(crowd=0)
    sizes, entries = case.book.size.copy(), case.book.entry.copy()
    place = [i.name for i in case.book.instruments].index("SOL-PERP")
    sizes[0], entries[0] = size, entry
    assets = dict(case.market.assets)
    assets["SOL"] = dataclasses.replace(assets["SOL"], volatility=volatility)
    states = dict(case.market.instruments)
    states["SOL-PERP"] = dataclasses.replace(states["SOL-PERP"], open_interest=None)
    assert case.book.position_instrument[0] == place
    case = dataclasses.replace(
        case,
        book=dataclasses.replace(case.book, size=sizes, entry=entries),
        market=dataclasses.replace(case.market, assets=assets, instruments=states),
    )
    same(case, load_case(save_case(case, tmp_path_factory.mktemp("r") / "case")))


def test_tables_in_parquet_say_the_same_as_in_csv(tmp_path: Path) -> None:
    import polars

    folder = new_case(tmp_path / "case")
    reference = load_case(folder)
    for stem in ("instruments", "accounts", "positions", "balances"):
        frame = polars.read_csv(folder / f"{stem}.csv", try_parse_dates=stem == "instruments")
        frame.write_parquet(folder / f"{stem}.parquet")
        (folder / f"{stem}.csv").unlink()
    same(reference, load_case(folder))


def test_the_digest_is_of_the_bytes_of_every_file(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case")
    before = load_case(folder).digest
    assert before == sample_case().digest
    (folder / "notes.md").write_text("not a file of the case")
    assert load_case(folder).digest == before
    (folder / "limits.toml").write_text((folder / "limits.toml").read_text() + "# later\n")
    assert load_case(folder).digest != before


def test_a_new_case_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(InputError, match="the folder is not empty"):
        new_case(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.txt"]
    (tmp_path / "empty").mkdir()
    assert load_case(new_case(tmp_path / "empty")).name == "harbour"
    with pytest.raises(InputError, match="is a file"):
        new_case(tmp_path / "kept.txt")


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0
    write_bytes = Path.write_bytes

    def fail_later(self: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written > 3:
            raise OSError(28, "No space left on device")
        return write_bytes(self, data)

    monkeypatch.setattr(save_module.Path, "write_bytes", fail_later)
    with pytest.raises(InputError, match="cannot be written"):
        new_case(tmp_path / "case")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("crowd", "counts"), [(None, [5000, 500]), (5, [5, 1]), (70, [70, 7])])
def test_the_crowd_of_the_sample_can_be_chosen(
    tmp_path: Path, crowd: int | None, counts: list[int]
) -> None:
    case = sample_case(crowd)
    assert [spec.accounts for spec in case.crowds] == counts
    assert load_case(new_case(tmp_path / "case", crowd)).digest == case.digest
    assert all(isinstance(spec, CrowdSpec) for spec in case.crowds)


def test_a_crowd_of_nobody_and_a_crowd_below_nobody() -> None:
    assert sample_case(0).crowds == ()
    for wrong in (-1, 10**9, True):
        with pytest.raises(InputError, match="the crowd is"):
            sample_case(wrong)


def test_the_sample_is_the_desk_it_is_said_to_be() -> None:
    case = sample_case()
    assert case.as_of.isoformat() == "2026-01-30T16:00:00+00:00"
    assert (case.name, case.quote, case.step_seconds) == ("harbour", "USDC", 300.0)
    desk = [
        name
        for name, kind in zip(case.book.account_names, case.book.account_kind, strict=True)
        if kind is AccountKind.DESK
    ]
    assert desk == ["harbour/perp-main", "harbour/options", "harbour/loan"]
    perpetuals = [i for i in case.book.instruments if isinstance(i, Perpetual)]
    assert [i.underlying for i in perpetuals] == ["BTC", "ETH", "SOL", "XRP", "HYPE"]
    assert all(i.inverse for i in case.book.instruments if isinstance(i, Option))
    crowd = case.crowds[0]
    assert crowd.accounts >= 5000
    assert set(crowd.long_share or {}) == {i.name for i in perpetuals}
    for size, place in zip(case.book.size, case.book.position_instrument, strict=True):
        instrument = case.book.instruments[place]
        interest = case.market.instruments[instrument.name].open_interest
        assert interest is not None
        assert 0.003 < abs(size) / interest < 0.05
    assert len(case.limits) == 7
    assert {limit.measure for limit in case.limits} <= set(LIMIT_MEASURES)


def test_the_sample_loan_has_the_health_factor_it_is_said_to_have() -> None:
    case = sample_case()
    held = {
        case.book.assets[asset]: quantity
        for account, asset, quantity in zip(
            case.book.balance_account, case.book.balance_asset, case.book.quantity, strict=True
        )
        if case.book.account_names[account] == "harbour/loan"
    }
    threshold = case.rulebooks["causeway"].collateral["wstETH"].liquidation_threshold
    collateral = held["wstETH"] * case.market.assets["wstETH"].spot
    assert 1.1 < threshold * collateral / -held["USDC"] < 1.2


def test_system_accounts_that_are_not_listed_are_added(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case")
    text = (folder / "accounts.csv").read_text().splitlines()
    (folder / "accounts.csv").write_text("\n".join(text[:4]) + "\n")
    book = load_case(folder).book
    assert len(book.account_names) == 3 + 5 * 3
    for venue in ("causeway", "meridian", "sextant"):
        for kind in ("book", "outside", "keeper", "backstop", "fund"):
            place = book.account_names.index(f"{venue}/{kind}")
            assert (book.account_venue[place], book.account_kind[place]) == (venue, kind)


def test_a_crowd_without_a_desk_is_a_case(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case")
    for name in ("accounts", "positions", "balances"):
        header = (folder / f"{name}.csv").read_text().splitlines()[0]
        (folder / f"{name}.csv").write_text(header + "\n")
    (folder / "limits.toml").unlink()
    case = load_case(folder)
    assert "desk" not in case.book.account_kind
    assert case.book.size.size == 0
    assert [spec.venue for spec in case.crowds] == ["meridian", "causeway"]


def test_correlations_as_a_list_say_the_same_as_a_table(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case")
    reference = load_case(folder).market.correlation
    text = (folder / "market.toml").read_text()
    start, end = text.index("[correlation]"), text.index("[block_seconds]")
    pairs = ", ".join(f'["{b}", "{a}", {v!r}]' for (a, b), v in reference.items())
    (folder / "market.toml").write_text(f"correlation = [{pairs}]\n" + text[:start] + text[end:])
    assert load_case(folder).market.correlation == reference


def test_the_sample_loads_in_a_quarter_of_a_second() -> None:
    sample_case()
    start = time.perf_counter()
    sample_case()
    assert time.perf_counter() - start < 0.25
