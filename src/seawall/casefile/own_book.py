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
)
from seawall.casefile.folder import RULEBOOKS, CaseFiles, read_file
from seawall.casefile.load import case_from_files
from seawall.casefile.sample_case import sample_files
from seawall.casefile.save import write_folder
from seawall.casefile.table import Row, rows
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.quantity import PRICE, choices
from seawall.foundation.section import is_name, parse_toml, shown

HOLDING_COLUMNS = ("venue", "instrument", "size")
HOLDING_OPTIONAL = ("entry_price", "account", *POSITION_OPTIONAL)
CONTRACTS = ("perpetual", "future", "option")
# The one limit of a new Case: a bound to start from, which its file says is to be changed.
FIRST_MAXIMUM = 0.02


@dataclass
class _Desk:
    """Rows of the three tables, filled row by row; ``venue_of`` by account, in order."""

    venue_of: dict[str, str] = field(default_factory=dict)
    positions: list[tuple[str, ...]] = field(default_factory=list)
    balances: list[tuple[str, ...]] = field(default_factory=list)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)


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
    bundled market does not know; nothing is written then.
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
    except MissingRule as error:
        raise InputError(f"does not fit the bundled venues: {error}", file=shown_name) from error
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
    kinds = {
        row.name("instrument"): row.name("kind")
        for row in rows(
            files["instruments.csv"], "instruments.csv", INSTRUMENT_COLUMNS, INSTRUMENT_OPTIONAL
        )
    }
    venues = _rules_by_venue(files)
    desk = _Desk()
    for row in rows(data, file, HOLDING_COLUMNS, HOLDING_OPTIONAL):
        venue, name = _known(row, venues, kinds)
        account = f"{owner}/{venue}" if row.blank("account") else row.name("account")
        other = desk.venue_of.setdefault(account, venue)
        if other != venue:
            raise row.refuse("account", f"{account!r} stands on {other} above", "one venue for it")
        mode = row.word("margin_mode", ("cross", "isolated"), "cross")
        first = desk.seen.setdefault((account, name, mode), row.number)
        if first != row.number:
            raise row.refuse("instrument", f"{name!r} stands in row {first} too", "one row for it")
        if kinds[name] in CONTRACTS:
            desk.positions.append((account, name, *_position(row, mode)))
        else:
            desk.balances.append((account, name, _balance(row)))
    return desk


def _known(row: Row, venues: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[str, str]:
    """Venue and instrument of a row, or a sentence that says which ones the bundled market has."""
    venue, name = row.name("venue"), row.name("instrument")
    if venue not in venues:
        has = ", ".join(f"{known} ({preset}'s rules)" for known, preset in venues.items())
        raise row.refuse("venue", f"{shown(venue)} is not a venue of the bundled market", has)
    if name not in kinds:
        raise row.refuse(
            "instrument",
            f"{shown(name)} is not in the bundled market",
            f"{choices(name, kinds)}; for another, write a market of your own (docs/tutorial.md)",
        )
    return venue, name


def _rules_by_venue(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name of the preset behind each venue of the sample."""
    prefix, ending = f"{RULEBOOKS}/", ".toml"
    return {
        name.removeprefix(prefix).removesuffix(ending): parse_toml(data, name).name("preset")
        for name, data in sorted(files.items())
        if name.startswith(prefix)
    }


def _position(row: Row, mode: str) -> tuple[str, str, str, str]:
    """Size, entry price, margin mode and margin of a contract, as they were written."""
    if row.number_in("size", SIZE) == 0.0:
        raise row.refuse("size", "the size is 0", "no row for a closed position")
    row.number_in("entry_price", PRICE)
    if mode == "isolated":
        row.number_in("isolated_margin", MARGIN)
    elif not row.blank("isolated_margin"):
        raise row.refuse("isolated_margin", "a cross position has no own margin", "an empty cell")
    return row.cells["size"], row.cells["entry_price"], mode, row.cells.get("isolated_margin", "")


def _balance(row: Row) -> str:
    """Quantity of a coin as it was written; what only a contract has would go unread in silence."""
    for column in ("entry_price", *POSITION_OPTIONAL):
        if not row.blank(column):
            coin = row.cells["instrument"]
            raise row.refuse(column, f"{coin!r} is a coin, which has none", "an empty cell")
    row.number_in("size", QUANTITY)
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
