"""Every kind of input that cannot be used is refused in one sentence that says where it stands."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from bad_settings import BAD_SETTINGS
from bad_tables import BAD_TABLES
from mutations import add, append, sub, write

from seawall.casefile import folder as folder_module
from seawall.casefile import load_case, new_case
from seawall.foundation.errors import InputError, MissingRule, SeawallError, StaleError

BAD = BAD_TABLES | BAD_SETTINGS


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return new_case(tmp_path / "case", crowd=10)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_one_sentence_with_its_place(case: Path, name: str) -> None:
    change, sentence = BAD[name]
    change(case)
    with pytest.raises(InputError) as caught:
        load_case(case)
    message = str(caught.value)
    assert re.search(sentence, message), message
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 500
    assert str(case) not in message


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("meridian", "taker_fee"),
        ("causeway", "gas"),
        ("causeway", "deviation"),
        ("sextant", "partial_fraction"),
        ("sextant", "layers"),
    ],
)
def test_a_number_that_the_preset_could_not_source_must_be_supplied(
    case: Path, name: str, key: str
) -> None:
    place = case / "rulebooks" / f"{name}.toml"
    kept = [line for line in place.read_text().split("\n") if not line.startswith(f"{key} ")]
    # The fund goes with its layers: capital without a layer is another error.
    kept = [line for line in kept if key != "layers" or not line.startswith("fund ")]
    place.write_text("\n".join(kept))
    with pytest.raises(MissingRule) as caught:
        load_case(case)
    assert re.search(rf"rulebooks/{name}\.toml: .*{key}.*write '{key}'", str(caught.value))


def test_an_underlying_without_tier_is_refused_by_name(case: Path) -> None:
    place = case / "rulebooks" / "sextant.toml"
    add("positions.csv", "harbour/loan,SOL-PERP,1,100,cross,")(case)
    assert place.exists()
    with pytest.raises(MissingRule, match=r"causeway\.toml: has no tiers\.SOL.*SOL-PERP"):
        load_case(case)


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("2026-01-30T16:00:01Z", "1 s after"),
        ("2026-01-30T14:59:59Z", "3,601 s before"),
        ("2020-01-30T16:00:00Z", "before"),
    ],
)
def test_there_is_no_verdict_on_a_stale_market(case: Path, stamp: str, words: str) -> None:
    sub("market.toml", "2026-01-30T16:00:00Z", stamp)(case)
    with pytest.raises(StaleError, match=words) as caught:
        load_case(case)
    assert str(caught.value).startswith("market.toml: ")


def test_a_market_of_the_oldest_age_allowed_is_read(case: Path) -> None:
    sub("market.toml", "2026-01-30T16:00:00Z", "2026-01-30T15:00:00Z")(case)
    assert load_case(case).max_age_seconds == 3600.0


@pytest.mark.parametrize("path", ["nowhere", "case/case.toml", "case/\0", "x" * 5000])
def test_a_path_that_is_no_folder_is_refused(case: Path, path: str) -> None:
    with pytest.raises(InputError):
        load_case(case.parent / path)


def test_a_file_that_may_not_be_read_is_refused(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read everything, so the refusal of the system is played.
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"case\.toml: cannot be read, permission is denied"):
        load_case(case)


def test_a_file_above_the_cap_is_refused_by_its_size_alone(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "LARGEST_TABLE", 10)
    with pytest.raises(InputError, match=r"instruments\.csv: is 0 MB large; expected at most"):
        load_case(case)


def test_a_huge_file_of_garbage_is_refused_fast(case: Path) -> None:
    with (case / "positions.csv").open("wb") as stream:
        stream.write(os.urandom(4096))
        stream.truncate(400 * 2**20)  # sparse: 400 MB to read, nothing on the disk
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"positions\.csv, row \d+: "):
        load_case(case)
    assert time.perf_counter() - start < 1.0


def test_garbage_behind_a_good_header_stops_at_its_first_row(case: Path) -> None:
    header = b"account,asset,quantity\n"
    write("balances.csv", header + b"x,y,1\n" * 500_000)(case)
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"balances\.csv, row 2, column 'account': 'x'"):
        load_case(case)
    assert time.perf_counter() - start < 1.0


def test_a_line_without_end_behind_the_first_megabyte_is_refused(case: Path) -> None:
    names = [f"trader-{number}" for number in range(40_000)]
    accounts = "".join(f"{name},meridian,crowd,crowd\n" for name in names)
    append("accounts.csv", accounts.encode())(case)
    append("accounts.csv", b"x" * 2**20)(case)
    with pytest.raises(InputError, match=r"accounts\.csv, row 40020: has a line of more than"):
        load_case(case)


def test_millions_of_blank_lines_are_refused_fast(case: Path) -> None:
    write("balances.csv", b"account,asset,quantity\n" + b"\n" * 20_000_000)(case)
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"balances\.csv, row 2: the row is empty"):
        load_case(case)
    assert time.perf_counter() - start < 1.0


def test_byte_order_marks_and_windows_line_ends_are_accepted(case: Path) -> None:
    reference = load_case(case)
    for name in ("positions.csv", "accounts.csv", "market.toml", "case.toml"):
        data = (case / name).read_bytes().replace(b"\n", b"\r\n")
        write(name, b"\xef\xbb\xbf" + data)(case)
    again = load_case(case)
    assert again.book.account_names == reference.book.account_names
    assert again.market == reference.market
    assert again.digest != reference.digest


def test_blank_lines_at_the_end_are_accepted(case: Path) -> None:
    add("positions.csv", "\n\n")(case)
    assert load_case(case).book.size.size == 8


def test_every_refusal_is_a_seawall_error() -> None:
    assert all(issubclass(kind, SeawallError) for kind in (InputError, StaleError, MissingRule))
