"""Bad tables: files, columns, names, numbers, the book; and what each refusal has to say."""

from __future__ import annotations

from mutations import (
    Refusals,
    add,
    append,
    cell,
    drop,
    empty_book,
    loop,
    pipe,
    sub,
    truncated_parquet,
    write,
)

BAD_TABLES: Refusals = {
    # files
    "no_case_toml": (drop("case.toml"), r"case\.toml: the file is missing"),
    "no_market": (drop("market.toml"), r"market\.toml: the file is missing"),
    "no_positions": (drop("positions.csv"), r"positions\.csv: the file is missing"),
    "both_forms": (write("positions.parquet", b"PAR1"), r"positions\.parquet: stands beside"),
    "limits_as_a_table": (
        lambda folder: (folder / "limits.toml").rename(folder / "limits.csv") and None,
        r"limits\.csv: is not a file of a case; expected the name 'limits\.toml'",
    ),
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
}
