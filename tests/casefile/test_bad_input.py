"""Every kind of input that cannot be used is refused in one sentence that says where it stands."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.casefile import folder as folder_module
from seawall.casefile import load_case, new_case
from seawall.foundation.errors import InputError, MissingRule, SeawallError, StaleError

Mutation = Callable[[Path], None]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return new_case(tmp_path / "case", crowd=10)


def sub(name: str, old: str, new: str) -> Mutation:
    """Replace a text that stands in the file once at least."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text, f"{old!r} is no longer in the sample's {name}"
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def cell(name: str, row: int, column: str, value: str) -> Mutation:
    """Put a value into one cell of a table, whatever the sample has there."""

    def change(folder: Path) -> None:
        lines = (folder / name).read_text().split("\n")
        cells = lines[row - 1].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[row - 1] = ",".join(cells)
        (folder / name).write_text("\n".join(lines))

    return change


def key(name: str, table: str, key: str, value: str) -> Mutation:
    """Put a value behind the first ``key =`` after a header, whatever the sample has there."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        pattern = rf"({re.escape(table)}.*?^{re.escape(key)} = )[^#\n]*"
        changed, count = re.subn(
            pattern, lambda found: found.group(1) + value, text, count=1, flags=re.S | re.M
        )
        assert count == 1, f"{table} {key} is no longer in the sample's {name}"
        (folder / name).write_text(changed)

    return change


def append(name: str, data: bytes) -> Mutation:
    def change(folder: Path) -> None:
        with (folder / name).open("ab") as stream:
            stream.write(data)

    return change


def add(name: str, line: str) -> Mutation:
    return append(name, f"{line}\n".encode())


def write(name: str, data: bytes) -> Mutation:
    return lambda folder: (folder / name).write_bytes(data) and None


def drop(name: str) -> Mutation:
    return lambda folder: (folder / name).unlink()


def empty_book(folder: Path) -> None:
    for name in ("positions.csv", "balances.csv"):
        header = (folder / name).read_text().splitlines()[0]
        (folder / name).write_text(header + "\n")


def truncated_parquet(folder: Path) -> None:
    import polars

    polars.read_csv(folder / "positions.csv").write_parquet(folder / "positions.parquet")
    data = (folder / "positions.parquet").read_bytes()
    (folder / "positions.parquet").write_bytes(data[: len(data) // 2])
    (folder / "positions.csv").unlink()


def loop(name: str) -> Mutation:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(folder / name)

    return change


def pipe(folder: Path) -> None:
    (folder / "balances.csv").unlink()
    os.mkfifo(folder / "balances.csv")


# (what is done, what the sentence has to say); a row number is that of an editor, header = 1
BAD: dict[str, tuple[Mutation, str]] = {
    # files
    "no_case_toml": (drop("case.toml"), r"case\.toml: the file is missing"),
    "no_market": (drop("market.toml"), r"market\.toml: the file is missing"),
    "no_positions": (drop("positions.csv"), r"positions\.csv: the file is missing"),
    "both_forms": (write("positions.parquet", b"PAR1"), r"positions\.parquet: stands beside"),
    "misspelt_file": (
        lambda folder: (folder / "limits.toml").rename(folder / "limit.toml") and None,
        r"limit\.toml.*'limits\.toml'",
    ),
    "no_rulebook": (
        lambda folder: [f.unlink() for f in (folder / "rulebooks").iterdir()] and None,
        r"rulebooks/: there are no rulebooks",
    ),
    "truncated_parquet": (truncated_parquet, r"positions\.parquet: is not a whole Parquet file"),
    "not_parquet": (
        lambda folder: (folder / "positions.csv").rename(folder / "positions.parquet") and None,
        r"positions\.parquet: is not a Parquet file",
    ),
    "symlink_loop": (loop("market.toml"), r"market\.toml: is a symbolic link that leads back"),
    "pipe": (pipe, r"balances\.csv: is not a regular file"),
    "folder_as_file": (
        lambda folder: (folder / "balances.csv").unlink() or (folder / "balances.csv").mkdir(),
        r"balances\.csv: is not a regular file",
    ),
    "zero_bytes": (write("positions.csv", b""), r"positions\.csv, row 1: is empty"),
    "binary": (write("positions.csv", b"\x7fELF\0\0" * 999), r"positions\.csv, row 1: .*binary"),
    "long_line": (write("positions.csv", b"a," * 99_999), r"positions\.csv, row 1: .*line of more"),
    "utf16": (write("market.toml", "a = 1".encode("utf-16")), r"market\.toml: is UTF-16"),
    "latin1": (
        append("accounts.csv", b"caf\xe9,meridian,x,desk\n"),
        r"accounts\.csv, row 20: .*UTF-8",
    ),
    # columns
    "missing_column": (
        sub("positions.csv", "entry_price,", ""),
        r"positions\.csv, row 1, column 'entry_price': the column is missing",
    ),
    "misspelt_column": (
        sub("positions.csv", "entry_price", "entry_prize"),
        r"positions\.csv, row 1, column 'entry_prize': .*'entry_price'",
    ),
    "extra_column": (
        sub("accounts.csv", "owner,kind", "owner,kind,colour"),
        r"accounts\.csv, row 1, column 'colour': the column is not known",
    ),
    "column_twice": (
        sub("balances.csv", "account,asset,quantity", "account,asset,asset"),
        r"balances\.csv, row 1, column 'asset': the column appears twice",
    ),
    "semicolons": (
        lambda folder: write(
            "balances.csv", (folder / "balances.csv").read_bytes().replace(b",", b";")
        )(folder),
        r"balances\.csv, row 1: separates columns by semicolons; expected commas",
    ),
    "short_row": (
        sub("balances.csv", "harbour/options,BTC,", "harbour/options,BTC"),
        r"balances\.csv, row 3: the row has 2 cells; expected 3",
    ),
    "empty_row": (
        sub("balances.csv", "harbour/options", "\nharbour/options"),
        r"balances\.csv, row 3: the row is empty",
    ),
    "open_quote": (sub("balances.csv", "BTC", '"BTC'), r"balances\.csv, row \d+: is not CSV"),
    # names
    "unknown_instrument": (
        sub("positions.csv", "SOL-PERP", "SOL-PREP"),
        r"positions\.csv, row 2, column 'instrument': 'SOL-PREP'.*'SOL-PERP'",
    ),
    "unknown_account": (
        sub("positions.csv", "harbour/perp-main", "harbor/perp-main"),
        r"positions\.csv, row 2, column 'account': 'harbor/perp-main'.*'harbour/perp-main'",
    ),
    "unknown_asset": (
        sub("balances.csv", "wstETH", "wsteth"),
        r"balances\.csv, row 4, column 'asset': 'wsteth'.*'wstETH'",
    ),
    "unknown_venue": (
        sub("accounts.csv", "meridian,harbour", "meridien,harbour"),
        r"accounts\.csv, row 2, column 'venue': 'meridien'.*'meridian'",
    ),
    "no_asset_of_underlying": (
        sub("instruments.csv", "perpetual,SOL", "perpetual,SOLX"),
        r"instruments\.csv, row 4, column 'underlying': 'SOLX'.*'SOL'",
    ),
    "kind_in_capitals": (
        sub("accounts.csv", "harbour,desk", "harbour,Desk"),
        r"accounts\.csv, row 2, column 'kind': 'Desk'.*'desk'",
    ),
    "unknown_kind": (
        sub("instruments.csv", "BTC-PERP,perpetual", "BTC-PERP,swap"),
        r"instruments\.csv, row 2, column 'kind': 'swap'.*perpetual",
    ),
    "owner_with_slash": (
        sub("accounts.csv", "meridian,harbour", "meridian,har/bour"),
        r"accounts\.csv, row 2, column 'owner'",
    ),
    "no_owner": (
        sub("accounts.csv", "meridian,harbour", "meridian,"),
        r"accounts\.csv, row 2, column 'owner': the cell is empty",
    ),
    "control_letters": (
        sub("accounts.csv", "harbour/loan", "harbour\x1b[31m"),
        r"accounts\.csv, row 4, column 'account'",
    ),
    # numbers
    "nan_size": (
        cell("positions.csv", 2, "size", "nan"),
        r"positions\.csv, row 2, column 'size': 'nan' cannot be used",
    ),
    "infinite_size": (
        cell("positions.csv", 2, "size", "-inf"),
        r"positions\.csv, row 2, column 'size': '-inf' cannot be used",
    ),
    "overflowing_size": (
        cell("positions.csv", 2, "size", "1e999"),
        r"positions\.csv, row 2, column 'size': '1e999'",
    ),
    "word_for_size": (
        cell("positions.csv", 2, "size", "many"),
        r"positions\.csv, row 2, column 'size': 'many' is not a number",
    ),
    "underscored_size": (
        cell("positions.csv", 2, "size", "142_000"),
        r"positions\.csv, row 2, column 'size': '142_000' is not a number",
    ),
    "zero_size": (
        cell("positions.csv", 2, "size", "0.0"),
        r"positions\.csv, row 2, column 'size': the size is 0",
    ),
    "negative_price": (
        cell("positions.csv", 2, "entry_price", "-121.9"),
        r"positions\.csv, row 2, column 'entry_price': '-121.9' cannot be used; expected a price",
    ),
    "zero_price": (
        cell("positions.csv", 2, "entry_price", "0"),
        r"positions\.csv, row 2, column 'entry_price'",
    ),
    "nan_balance": (
        cell("balances.csv", 4, "quantity", "NaN"),
        r"balances\.csv, row 4, column 'quantity': 'NaN'",
    ),
    # the book
    "duplicate_position": (
        add("positions.csv", "harbour/perp-main,SOL-PERP,1,100,cross,"),
        r"positions\.csv, row 10, column 'instrument': .*stand in row 2",
    ),
    "duplicate_account": (
        add("accounts.csv", "harbour/loan,causeway,harbour,desk"),
        r"accounts\.csv, row 20, column 'account': 'harbour/loan' is listed twice",
    ),
    "duplicate_balance": (
        add("balances.csv", "harbour/loan,wstETH,1"),
        r"balances\.csv, row 6, column 'asset': .*stand in row 4",
    ),
    "duplicate_instrument": (
        add("instruments.csv", "BTC-PERP,perpetual,BTC,USDC,,,"),
        r"instruments\.csv, row 15, column 'instrument': 'BTC-PERP' is listed twice",
    ),
    "empty_book": (empty_book, r"positions\.csv, row 2: the book is empty"),
    "spot_position": (
        add("positions.csv", "harbour/perp-main,BTC,1,84000,cross,"),
        r"positions\.csv, row 10, column 'instrument': 'BTC' is a spot asset.*balances",
    ),
    "isolated_without_margin": (
        cell("positions.csv", 2, "margin_mode", "isolated"),
        r"positions\.csv, row 2, column 'isolated_margin': the cell is empty",
    ),
    "margin_of_a_cross_position": (
        cell("positions.csv", 2, "isolated_margin", "5000"),
        r"positions\.csv, row 2, column 'isolated_margin': a cross position",
    ),
    "unknown_margin_mode": (
        cell("positions.csv", 2, "margin_mode", "crossed"),
        r"positions\.csv, row 2, column 'margin_mode': 'crossed'.*'cross'",
    ),
    "option_without_strike": (
        cell("instruments.csv", 7, "strike", ""),
        r"instruments\.csv, row 7, column 'strike': the cell is empty",
    ),
    "option_without_expiry": (
        sub("instruments.csv", "2026-02-27T08:00:00Z", ""),
        r"instruments\.csv, row 7, column 'expiry': the cell is empty",
    ),
    "option_without_type": (
        cell("instruments.csv", 7, "option_type", ""),
        r"instruments\.csv, row 7, column 'option_type'",
    ),
    "option_has_expired": (
        sub("instruments.csv", "2026-02-27", "2026-01-27"),
        r"instruments\.csv, row 7, column 'expiry': .*not after",
    ),
    "expiry_without_zone": (
        sub("instruments.csv", "08:00:00Z", "08:00:00"),
        r"instruments\.csv, row 7, column 'expiry': .*no time zone",
    ),
    "expiry_not_utc": (
        sub("instruments.csv", "08:00:00Z", "08:00:00+08:00"),
        r"instruments\.csv, row 7, column 'expiry': .*not UTC",
    ),
    "expiry_is_a_date": (
        sub("instruments.csv", "2026-02-27T08:00:00Z", "2026-02-27"),
        r"instruments\.csv, row 7, column 'expiry': .*not a time",
    ),
    "perpetual_with_strike": (
        sub("instruments.csv", "BTC,USDC,,,", "BTC,USDC,,90000,"),
        r"instruments\.csv, row 2, column 'strike': a perpetual has no strike",
    ),
    # market.toml
    "no_implied_volatility": (
        sub("market.toml", "implied_volatility =", "#"),
        r"market\.toml, row \d+: instruments\.BTC-27FEB26-76000-P\.implied_volatility is missing",
    ),
    "volatility_in_percent": (
        key("market.toml", "[assets.BTC]", "volatility", "50"),
        r"market\.toml, row 21: assets\.BTC\.volatility is 50; .*0\.55 means 55%",
    ),
    "implied_in_percent": (
        key("market.toml", "76000-P]", "implied_volatility", "54"),
        r"implied_volatility is 54; .*0\.55 means 55%",
    ),
    "negative_depth": (
        key("market.toml", "[assets.BTC]", "depth", "-9e9"),
        r"market\.toml, row 23: assets\.BTC\.depth is -9000000000\.0; expected an amount above 0",
    ),
    "infinite_depth": (key("market.toml", "[assets.BTC]", "depth", "inf"), r"assets\.BTC\.depth"),
    "negative_spot": (
        key("market.toml", "[assets.BTC]", "spot", "-84_000.0"),
        r"market\.toml, row 20: assets\.BTC\.spot is -84000\.0; expected a price above 0",
    ),
    "text_for_spot": (
        key("market.toml", "[assets.BTC]", "spot", '"84000"'),
        r"assets\.BTC\.spot is '84000', not a number",
    ),
    "truth_for_spot": (
        key("market.toml", "[assets.BTC]", "spot", "true"),
        r"assets\.BTC\.spot is True, not a number",
    ),
    "endless_number": (key("market.toml", "[assets.BTC]", "spot", "9" * 5000), r"market\.toml"),
    "large_whole_number": (
        key("market.toml", "[assets.BTC]", "spot", "9" * 400),
        r"assets\.BTC\.spot",
    ),
    "rate_in_percent": (
        key("market.toml", "[instruments.BTC-PERP]", "funding_rate", "11"),
        r"instruments\.BTC-PERP\.funding_rate is 11; expected an annual fraction",
    ),
    "borrow_rate_in_percent": (
        key("market.toml", "[assets.USDT]", "borrow_rate", "65"),
        r"assets\.USDT\.borrow_rate is 65",
    ),
    "premium_for_forward": (
        key("market.toml", "76000-P]", "mark", "0.02"),
        r"instruments\.BTC-27FEB26-76000-P\.mark is 0\.02 .*the forward",
    ),
    "open_interest_in_millions": (
        key("market.toml", "[instruments.SOL-PERP]", "open_interest", "5.46"),
        r"instruments\.SOL-PERP\.open_interest is 5\.46, less than the \d+",
    ),
    "unknown_instrument_in_market": (
        sub("market.toml", "[instruments.SOL-PERP]", "[instruments.SOL-PEPR]"),
        r"instruments\.SOL-PEPR is not in the instruments table; expected 'SOL-PERP'",
    ),
    "unknown_key_in_asset": (
        sub("market.toml", "daily_volume =", "daily_volum ="),
        r"market\.toml, row 8: assets\.USDC\.daily_volum is not a known key; .*'daily_volume'",
    ),
    "impossible_correlations": (
        key("market.toml", "[correlation]", "BTC.ETH", "-0.84"),
        r"market\.toml, row \d+: correlation is not a possible set of correlations",
    ),
    "correlation_above_one": (
        key("market.toml", "[correlation]", "BTC.ETH", "84"),
        r"correlation\.BTC\.ETH is 84; expected a correlation from -1 to 1",
    ),
    "correlation_twice": (
        sub("market.toml", "ETH.SOL =", "ETH.BTC ="),
        r"correlation gives ETH and BTC twice",
    ),
    "correlation_of_unknown": (
        sub("market.toml", "BTC.ETH =", "BTC.ETC ="),
        r"correlation names 'ETC'; expected 'ETH'",
    ),
    "unknown_model": (
        sub("market.toml", '"jump_diffusion"', '"jumpdiffusion"'),
        r"scenario\.model is 'jumpdiffusion'; expected 'jump_diffusion'",
    ),
    "branching_above_one": (
        key("market.toml", "[scenario]", "branching_ratio", "1.2"),
        r"scenario\.branching_ratio is 1\.2",
    ),
    "block_of_unknown_venue": (
        sub("market.toml", "sextant =", "sextent ="),
        r"block_seconds\.sextent is not a known key; expected 'sextant'",
    ),
    "market_without_time": (
        sub("market.toml", "as_of = 2026-01-30T16:00:00Z", ""),
        r"market\.toml: as_of is missing",
    ),
    # case.toml
    "misspelt_key": (
        sub("case.toml", "step_seconds", "step_second"),
        r"case\.toml, row 8: step_second is not a known key; expected 'step_seconds'",
    ),
    "invalid_toml": (
        sub("case.toml", 'name = "harbour"', "name = harbour"),
        r"case\.toml, row 5: is not valid TOML",
    ),
    "deep_toml": (add("case.toml", "x = " + "[" * 20_000), r"case\.toml"),
    "unknown_schema": (
        sub("case.toml", "seawall/case/1", "seawall/case/7"),
        r"case\.toml, row 4: schema is 'seawall/case/7'; expected 'seawall/case/1'",
    ),
    "time_without_zone": (
        sub("case.toml", "16:00:00Z", "16:00:00"),
        r"case\.toml, row 6: as_of is 2026-01-30T16:00:00, which has no time zone",
    ),
    "time_not_utc": (
        sub("case.toml", "16:00:00Z", "16:00:00+01:00"),
        r"case\.toml, row 6: as_of is .*, which is not UTC",
    ),
    "unknown_quote": (
        sub("case.toml", 'quote = "USDC"', 'quote = "USD"'),
        r"case\.toml, row 7: quote is 'USD', not an asset of market\.toml; expected 'USD[CT]'",
    ),
    "quote_not_one": (
        sub("case.toml", 'quote = "USDC"', 'quote = "ETH"'),
        r"market\.toml, row \d+: assets\.ETH\.spot is 2760 for the quote currency; expected 1",
    ),
    "zero_step": (
        key("case.toml", "", "step_seconds", "0"),
        r"case\.toml, row 8: step_seconds is 0",
    ),
    # rulebooks
    "unknown_rule_key": (
        sub("rulebooks/meridian.toml", "[waterfall]", "[waterfal]"),
        r"rulebooks/meridian\.toml, row \d+: waterfal is not a known key; expected 'waterfall'",
    ),
    "unknown_rule_in_table": (
        sub("rulebooks/causeway.toml", "gas =", "gass ="),
        r"rulebooks/causeway\.toml, row \d+: liquidation\.gass is not a known key; .*'gas'",
    ),
    "threshold_in_percent": (
        sub(
            "rulebooks/causeway.toml", "liquidation_threshold = 0.83", "liquidation_threshold = 83"
        ),
        r"rulebooks/causeway\.toml, row 9: collateral\.ETH\.liquidation_threshold is 83",
    ),
    "bonus_in_basis_points": (
        sub("rulebooks/causeway.toml", "liquidation_bonus = 0.05", "liquidation_bonus = 10500"),
        r"collateral\.ETH\.liquidation_bonus is 10500; .*10500 basis points is 0\.05",
    ),
    "rates_that_fall": (
        sub("rulebooks/meridian.toml", "max_leverage = 5 }", "max_leverage = 20 }"),
        r"rulebooks/meridian\.toml, row \d+: tiers\.HYPE\[2\]\.maintenance_rate falls",
    ),
    "unknown_preset": (
        sub("rulebooks/meridian.toml", '"hyperliquid"', '"hyperliqid"'),
        r"rulebooks/meridian\.toml, row 3: preset is 'hyperliqid'; expected 'hyperliquid'",
    ),
    "unknown_asset_in_rulebook": (
        sub("rulebooks/causeway.toml", "[collateral.BTC]", "[collateral.BTX]"),
        r"rulebooks/causeway\.toml, row \d+: collateral\.BTX is not an asset of market\.toml",
    ),
    "unknown_layer": (
        sub("rulebooks/sextant.toml", '["fund", "socialised"]', '["fund", "socialized"]'),
        r"waterfall\.layers holds 'socialized'; expected 'socialised'",
    ),
    # limits and crowd
    "unknown_measure": (
        sub("limits.toml", 'measure = "dre"', 'measure = "dree"'),
        r"limits\.toml, row 4: limit\[1\]\.measure is 'dree'; expected 'dre'",
    ),
    "unknown_scope": (
        sub("limits.toml", 'scope = "venue:meridian"', 'scope = "venue:meridan"'),
        r"limits\.toml, row \d+: limit\[6\]\.scope is 'venue:meridan'; expected 'venue:meridian'",
    ),
    "limit_in_percent": (
        key("limits.toml", "", "maximum", "2"),
        r"limits\.toml, row 6: limit\[1\]\.maximum is 2; expected a fraction",
    ),
    "horizon_without_unit": (
        sub("limits.toml", 'horizon = "24h"', "horizon = 24"),
        r"limits\.toml, row 7: limit\[1\]\.horizon is 24",
    ),
    "shares_above_one": (
        sub("crowd.toml", "wstETH = 0.", "wstETH = 0.9"),
        r"crowd\.toml, row \d+: crowd\[2\]\.collateral_mix adds up to 1\.",
    ),
    "weight_above_one": (
        key("crowd.toml", "[crowd.long_share]", "BTC-PERP", "54"),
        r"crowd\.toml, row \d+: crowd\[1\]\.long_share\.BTC-PERP is 54",
    ),
    "crowd_on_unknown_venue": (
        sub("crowd.toml", 'venue = "meridian"', 'venue = "meridiam"'),
        r"crowd\.toml, row 3: crowd\[1\]\.venue is 'meridiam'; expected 'meridian'",
    ),
    "crowd_without_base": (
        sub("crowd.toml", "base =", "bass ="),
        r"crowd\.toml, row \d+: crowd\[1\]\.leverage\.bass is not a known key; expected 'base'",
    ),
    "half_an_account": (
        sub("crowd.toml", "accounts = 10", "accounts = 10.5"),
        r"crowd\.toml, row 5: crowd\[1\]\.accounts is 10\.5; expected a whole number",
    ),
}


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
