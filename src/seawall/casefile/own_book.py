"""A Case of one table of holdings: the desk from it, the market, venues and crowd of the sample."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seawall.case import Case
from seawall.casefile.book_tables import (
    ACCOUNT_COLUMNS,
    BALANCE_COLUMNS,
    INSTRUMENT_COLUMNS,
    INSTRUMENT_OPTIONAL,
    MARGIN,
    POSITION_COLUMNS,
    POSITION_OPTIONAL,
    QUANTITY,
    SIZE,
    SYSTEM_KINDS,
)
from seawall.casefile.folder import RULEBOOKS, CaseFiles, read_file
from seawall.casefile.load import case_from_files
from seawall.casefile.market_file import OPEN_INTEREST
from seawall.casefile.sample_case import sample_files
from seawall.casefile.save import write_folder
from seawall.casefile.table import Row, columns, rows
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.quantity import PRICE, choices, did_you_mean
from seawall.foundation.section import is_name, parse_toml, shown
from seawall.venues import Rulebook
from seawall.venues.preset import rulebook_from

HOLDING_COLUMNS = ("venue", "instrument", "size")
HOLDING_OPTIONAL = ("entry_price", "account", *POSITION_OPTIONAL)
CONTRACTS = ("perpetual", "future", "option")
# What other programs call the columns, where the letters do not show it.
OTHER_NAMES = {
    "qty": "size",
    "quantity": "size",
    "amount": "size",
    "symbol": "instrument",
    "ticker": "instrument",
    "asset": "instrument",
    "coin": "instrument",
    "price": "entry_price",
    "exchange": "venue",
}
# The one limit of a new Case: a bound to start from, which its file says is to be changed.
FIRST_MAXIMUM = 0.02


@dataclass(frozen=True)
class _Listed:
    """An instrument of the sample; ``open_interest`` of one side, None where none is stated."""

    name: str
    kind: str
    underlying: str
    open_interest: float | None


@dataclass(frozen=True)
class _Bundled:
    """What the sample's market knows, by name: venues' rules, their presets, instruments."""

    rules: Mapping[str, Rulebook]
    presets: Mapping[str, str]
    instruments: Mapping[str, _Listed]


@dataclass
class _Desk:
    """Rows of the three tables, filled row by row; ``venue_of`` by account, in order.

    ``held`` is the size so far, 0 or more, by instrument and whether it is long.
    """

    venue_of: dict[str, str] = field(default_factory=dict)
    positions: list[tuple[str, ...]] = field(default_factory=list)
    balances: list[tuple[str, ...]] = field(default_factory=list)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    held: dict[tuple[str, bool], float] = field(default_factory=dict)


def new_case_of_book(
    book: str | os.PathLike[str], folder: str | os.PathLike[str], crowd: int | None = None
) -> Case:
    """Write to ``folder`` the Case of the holdings in the table ``book``, and return it.

    book    CSV or Parquet with the columns venue, instrument, size, and entry_price for contracts;
            size in coins, long above 0, short and debt below 0. account, margin_mode and
            isolated_margin may stand beside them; an account is else one for each venue.
    folder  a new or empty one; its name becomes that of the Case and of the desk
    crowd   as in `sample_case`

    The market, the venues' rules and the crowd are the sample's, and one limit is written: DRE of
    the desk over 24 hours. Raises InputError, with row and column of ``book``, for what the
    bundled market does not know or take; nothing is written then.
    """
    owner = _owner(folder)
    shown_name = str(book)
    if not Path(book).exists():
        raise InputError("there is no such file", file=shown_name, expected="a table of holdings")
    files = sample_files(crowd)
    desk = _holdings(read_file(Path(book), shown_name), shown_name, owner, files)
    files["case.toml"] = _case_toml(files["case.toml"].decode(), owner)
    files["limits.toml"] = _limits_toml(owner)
    accounts = ((name, venue, owner, "desk") for name, venue in desk.venue_of.items())
    files["accounts.csv"] = _table(ACCOUNT_COLUMNS, accounts)
    files["positions.csv"] = _table((*POSITION_COLUMNS, *POSITION_OPTIONAL), desk.positions)
    files["balances.csv"] = _table(BALANCE_COLUMNS, desk.balances)
    # Read before it is written: what the sample's venues refuse leaves no folder behind.
    try:
        case = case_from_files(CaseFiles(files))
    except (InputError, MissingRule) as error:
        raise InputError(f"does not fit the bundled market: {error}", file=shown_name) from error
    write_folder(files, folder)
    return case


def _owner(folder: str | os.PathLike[str]) -> str:
    """The desk's name: that of the folder, which must serve in scopes (desk:OWNER)."""
    name = Path(folder).resolve().name
    if not is_name(name) or any(mark in name for mark in ":/"):
        raise InputError(
            f"the folder's name {shown(name)} cannot be the name of a desk",
            expected="plain letters without ':'",
        )
    return name


def _holdings(data: bytes, file: str, owner: str, files: Mapping[str, bytes]) -> _Desk:
    """The desk's rows, each checked as the tables of a Case are, under the name of its file."""
    bundled = _bundled(files)
    kept = {f"{venue}/{kind}" for venue in bundled.rules for kind in SYSTEM_KINDS}
    desk = _Desk()
    _check_columns(columns(data, file), file)
    for row in rows(data, file, HOLDING_COLUMNS, HOLDING_OPTIONAL):
        venue, listed = _known(row, bundled)
        account = f"{owner}/{venue}" if row.blank("account") else row.name("account")
        if account in kept:
            raise row.refuse("account", f"{account!r} is the venue's own", "another name")
        other = desk.venue_of.setdefault(account, venue)
        if other != venue:
            raise row.refuse("account", f"{account!r} stands on {other} above", "one venue for it")
        name, mode = listed.name, row.word("margin_mode", ("cross", "isolated"), "cross")
        first = desk.seen.setdefault((account, name, mode), row.number)
        if first != row.number:
            raise row.refuse("instrument", f"{name!r} stands in row {first} too", "one row for it")
        if listed.kind in CONTRACTS:
            _check_venue(row, venue, listed, bundled)
            desk.positions.append((account, name, *_position(row, mode)))
            _check_open_interest(row, listed, desk)
        else:
            desk.balances.append((account, name, _balance(row)))
    if not desk.venue_of:
        raise InputError(f"{file} has no rows", expected="a row for each holding")
    return desk


def _bundled(files: Mapping[str, bytes]) -> _Bundled:
    prefix, ending = f"{RULEBOOKS}/", ".toml"
    rules, presets = {}, {}
    for file in sorted(name for name in files if name.startswith(prefix)):
        section = parse_toml(files[file], file)
        venue = file.removeprefix(prefix).removesuffix(ending)
        rules[venue] = rulebook_from(section.values, file=file, text=section.text)
        presets[venue] = section.name("preset")
    states = parse_toml(files["market.toml"], "market.toml").section("instruments")
    instruments = {}
    for row in rows(
        files["instruments.csv"], "instruments.csv", INSTRUMENT_COLUMNS, INSTRUMENT_OPTIONAL
    ):
        name = row.name("instrument")
        interest = states.section(name).optional_number("open_interest", OPEN_INTEREST)
        instruments[name] = _Listed(name, row.name("kind"), row.name("underlying"), interest)
    return _Bundled(rules, presets, instruments)


def _check_columns(header: Sequence[str], file: str) -> None:
    """Refuse an unknown column that another program's table has for one of ours.

    A header of one column is left to the reader of tables, which knows other separators.
    """
    known = (*HOLDING_COLUMNS, *HOLDING_OPTIONAL)
    for column in header if len(header) > 1 else ():
        near = OTHER_NAMES.get(column.lower()) or did_you_mean(column, known)
        if column not in known and near is not None and near not in header:
            raise InputError(
                f"the column is not known (is it {near}?)", file=file, row=1, column=column[:60]
            )


def _known(row: Row, bundled: _Bundled) -> tuple[str, _Listed]:
    """Venue and instrument of a row, or a sentence that says which ones the bundled market has."""
    venue, name = row.name("venue"), row.name("instrument")
    if venue not in bundled.rules:
        has = ", ".join(f"{known} ({preset}'s rules)" for known, preset in bundled.presets.items())
        raise row.refuse("venue", f"{shown(venue)} is not a venue of the bundled market", has)
    if name not in bundled.instruments:
        near = choices(name, bundled.instruments)
        raise row.refuse(
            "instrument",
            f"{shown(name)} is not in the bundled market",
            f"{near}; for another, write a market of your own (docs/tutorial.md)",
        )
    return venue, bundled.instruments[name]


def _check_venue(row: Row, venue: str, listed: _Listed, bundled: _Bundled) -> None:
    """Refuse a contract at a venue whose rules have no margin for it."""
    takers = [name for name, rules in bundled.rules.items() if _takes(rules, listed)]
    if venue in takers:
        return
    lends = bundled.rules[venue].liquidation.style == "keeper"
    does = "lends only and takes no contracts such as" if lends else "does not take"
    raise row.refuse("venue", f"{venue!r} {does} {listed.name!r}", " or ".join(takers))


def _takes(rules: Rulebook, listed: _Listed) -> bool:
    if rules.liquidation.style == "keeper":
        return False
    if rules.option_margin is None:
        tiered = listed.underlying in rules.tiers or bool(rules.default_tiers)
        return listed.kind != "option" and tiered
    try:
        return listed.kind == "option" or bool(rules.option_margin.perp(listed.underlying))
    except MissingRule:
        return False


def _position(row: Row, mode: str) -> tuple[str, str, str, str]:
    """Size, entry price, margin mode and margin of a contract, as they were written."""
    if row.number_in("size", SIZE) == 0.0:
        raise row.refuse("size", "the size is 0", "no row for a closed position")
    _check_column(row, "entry_price", "contracts")
    row.number_in("entry_price", PRICE)
    if mode == "isolated":
        _check_column(row, "isolated_margin", "isolated positions")
        row.number_in("isolated_margin", MARGIN)
    elif not row.blank("isolated_margin"):
        raise row.refuse("isolated_margin", "a cross position has no own margin", "an empty cell")
    return row.cells["size"], row.cells["entry_price"], mode, row.cells.get("isolated_margin", "")


def _check_column(row: Row, column: str, who: str) -> None:
    """Refuse a row of a table without ``column``; an empty cell is another mistake."""
    if column not in row.cells:
        raise InputError(
            f"there is no column {column!r}, which {who} need",
            file=row.file,
            row=row.number,
            expected="it in the header, row 1",
        )


def _check_open_interest(row: Row, listed: _Listed, desk: _Desk) -> None:
    """Refuse more of one side than there is of it: mostly a size in money."""
    size = row.number_in("size", SIZE)
    side = (listed.name, size > 0.0)
    above = desk.held.get(side, 0.0)
    desk.held[side] = held = above + abs(size)
    most = listed.open_interest
    if most is not None and held > most * (1.0 + 1e-9):
        rest = " with the rows above" if above else ""
        raise row.refuse(
            "size",
            f"{held:,.12g} {listed.underlying}{rest} is more than the open interest of "
            f"{most:,.12g}; size is in coins or contracts, not in money",
        )


def _balance(row: Row) -> str:
    """Quantity of a coin as it was written; what only a contract has would go unread in silence."""
    for column in ("entry_price", *POSITION_OPTIONAL):
        if not row.blank(column):
            coin = row.cells["instrument"]
            raise row.refuse(column, f"{coin!r} is a coin, which has none", "an empty cell")
    if row.number_in("size", QUANTITY) == 0.0:
        raise row.refuse("size", "the size is 0", "no row for a coin that is not held")
    return row.cells["size"]


def _case_toml(text: str, owner: str) -> bytes:
    """The sample's case.toml under the desk's name, with what is invented said on top."""
    settings = re.sub(r"\A(?:#[^\n]*\n)+", "", text)
    named = re.sub(
        r'(?m)^name = "[^"\n]*"',
        lambda _: f"name = {json.dumps(owner, ensure_ascii=False)}",
        settings,
        count=1,
    )
    head = (
        "# Your desk in the market that comes with Seawall.\n"
        "# PRICES, DEPTH, VENUES AND CROWD ARE INVENTED: put yours into market.toml, rulebooks/\n"
        "# and crowd.toml before you act on an answer.\n"
    )
    return (head + named).encode()


def _limits_toml(owner: str) -> bytes:
    return (
        "# The one bound to start from: change maximum to the probability that you will not\n"
        "# accept. docs/limits.md lists what else can have a bound.\n"
        "[[limit]]\n"
        'name = "DRE 24 h"\n'
        'measure = "dre"\n'
        f"scope = {json.dumps(f'desk:{owner}', ensure_ascii=False)}\n"
        f"maximum = {FIRST_MAXIMUM}\n"
        'horizon = "24h"\n'
    ).encode()


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return stream.getvalue().encode()
