"""A Case as files: tables in CSV, the rest in TOML, written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import cast

from seawall.book import Book
from seawall.case import Case
from seawall.case.impairment_kinds import KINDS
from seawall.casefile.book_tables import (
    ACCOUNT_COLUMNS,
    BALANCE_COLUMNS,
    INSTRUMENT_COLUMNS,
    INSTRUMENT_OPTIONAL,
    POSITION_COLUMNS,
    POSITION_OPTIONAL,
    SHARE_KINDS,
)
from seawall.casefile.history_file import history_csv
from seawall.casefile.load import SCHEMA
from seawall.casefile.own_mechanisms import as_written, code_of
from seawall.crowd import CrowdSpec
from seawall.foundation.errors import InputError
from seawall.instruments import (
    Future,
    Held,
    Instrument,
    LiquidityShare,
    Option,
    Perpetual,
    PoolShare,
    VaultShare,
)
from seawall.market import Market, Scenario
from seawall.venues import Rulebook, Tier
from seawall.venues.preset import SCHEMA as RULEBOOK_SCHEMA
from seawall.venues.preset import UNTIL_HEALTHY


def save_case(case: Case, folder: str | os.PathLike[str]) -> Path:
    """Write ``case`` to ``folder``, which must be absent or empty; loading it gives it back.

    Rulebooks are written out in full, without their preset. The digest of the written folder is its
    own: it is over bytes, and other bytes may say the same. Raises InputError when the folder is
    not empty or cannot be written; then nothing is left behind.
    """
    files = {
        "case.toml": _case_toml(case),
        "market.toml": _market_toml(case.market),
        **_book_csv(case.book),
        **{f"rulebooks/{venue}.toml": _rulebook_toml(r) for venue, r in case.rulebooks.items()},
        **code_of(case.rulebooks),
        **{name: history_csv(history) for name, history in case.market.histories.items()},
    }
    if case.limits:
        files["limits.toml"] = _limits_toml(case)
    if case.crowds:
        files["crowd.toml"] = "\n".join(_crowd_toml(crowd) for crowd in case.crowds)
    return write_folder({name: text.encode() for name, text in files.items()}, folder)


def write_folder(files: Mapping[str, bytes], folder: str | os.PathLike[str]) -> Path:
    """Write ``files`` (name to bytes) as a new folder, whole or not at all.

    They go to a temporary folder beside it, which is then renamed: a reader sees all or nothing.
    """
    target = Path(folder)
    shown = str(folder)
    expected = "the name of a folder that is new or empty"
    temporary: str | None = None
    try:
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise InputError("is a file, not a folder", file=shown, expected=expected)
        if target.is_dir() and any(target.iterdir()):
            raise InputError("the folder is not empty", file=shown, expected=expected)
        parent = target.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.mkdtemp(prefix=f".{target.absolute().name[:100]}.", dir=parent)
        for name, data in files.items():
            place = Path(temporary) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        # A temporary folder is made for its owner alone; the new one gets ordinary permissions.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o777 & ~mask)
        Path(temporary).replace(target)
        temporary = None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise InputError(f"cannot be written ({reason})", file=shown, expected=expected) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def _book_csv(book: Book) -> dict[str, str]:
    accounts = zip(
        book.account_names,
        book.account_venue,
        book.account_owner,
        (str(kind) for kind in book.account_kind),
        strict=True,
    )
    positions = (
        (
            book.account_names[account],
            book.instruments[instrument].name,
            repr(size),
            repr(entry),
            "isolated" if isolated else "cross",
            repr(margin) if isolated else "",
        )
        for account, instrument, size, entry, isolated, margin in zip(
            book.position_account.tolist(),
            book.position_instrument.tolist(),
            book.size.tolist(),
            book.entry.tolist(),
            book.isolated.tolist(),
            book.isolated_margin.tolist(),
            strict=True,
        )
    )
    balances = (
        (book.account_names[account], book.assets[asset], repr(quantity))
        for account, asset, quantity in zip(
            book.balance_account.tolist(),
            book.balance_asset.tolist(),
            book.quantity.tolist(),
            strict=True,
        )
    )
    return {
        "instruments.csv": _instruments_csv(book.instruments),
        "accounts.csv": _csv(ACCOUNT_COLUMNS, accounts),
        "positions.csv": _csv((*POSITION_COLUMNS, *POSITION_OPTIONAL), positions),
        "balances.csv": _csv(BALANCE_COLUMNS, balances),
    }


def _instruments_csv(instruments: Sequence[Instrument]) -> str:
    """The table; the column of quanto multipliers is left out where there are none."""
    columns = list(INSTRUMENT_OPTIONAL)
    if not any(isinstance(i, Perpetual | Future) and i.quanto for i in instruments):
        columns.remove("multiplier")
    header = (*INSTRUMENT_COLUMNS, *columns)
    found = (_instrument_cells(instrument) for instrument in instruments)
    return _csv(header, ([cells.get(column, "") for column in header] for cells in found))


def _instrument_cells(instrument: Instrument) -> dict[str, str]:
    """The cells of one row that are not empty, by column."""
    cells = {"instrument": instrument.name, "kind": _kind(instrument)}
    if not isinstance(instrument, LiquidityShare | VaultShare | PoolShare):
        cells["underlying"] = instrument.underlying
    if isinstance(instrument, Held):
        return cells
    cells["settle"] = instrument.settle
    if isinstance(instrument, Future | Option):
        cells["expiry"] = _time(instrument.expiry)
    if isinstance(instrument, Option):
        cells["strike"] = repr(instrument.strike)
        cells["option_type"] = "call" if instrument.call else "put"
    elif instrument.multiplier is not None:
        cells["multiplier"] = repr(instrument.multiplier)
    return cells


def _kind(instrument: Instrument) -> str:
    for name, form in SHARE_KINDS.items():
        if isinstance(instrument, form):
            return name
    return type(instrument).__name__.lower()


def _csv(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return stream.getvalue()


def _case_toml(case: Case) -> str:
    keys = ("name", "as_of", "quote", "step_seconds", "max_age_seconds", "loss_fraction")
    table = {"schema": SCHEMA, **{key: getattr(case, key) for key in keys}}
    if case.impairments != KINDS:
        table["impairments"] = [str(kind) for kind in case.impairments]
    return _table((), table)


def _limits_toml(case: Case) -> str:
    blocks = []
    for limit in case.limits:
        table = _without_none(asdict(limit))
        for key, usual in (("hysteresis", 0.1), ("after", 1)):
            if table[key] == usual:
                del table[key]
        if limit.number is not None:
            del table["measure"], table["scope"]
        seconds = cast(float | None, table.pop("horizon_seconds", None))
        if seconds is not None:
            table["horizon"] = _horizon(seconds)
        blocks.append(_table(("limit",), table, "[[{}]]"))
    return "\n".join(blocks)


def _crowd_toml(crowd: CrowdSpec) -> str:
    table = _without_none(asdict(crowd))
    if crowd.kind != "loans":
        del table["total_debt"]
    return _table(("crowd",), table, "[[{}]]")


def _horizon(seconds: float) -> str:
    """The shortest exact spelling that limits.toml reads: 24h, 7d, 90s."""
    for unit, length in (("d", 86_400.0), ("h", 3600.0), ("m", 60.0)):
        # A day is said as 24h: the field speaks of a 24-hour exposure.
        if seconds % length == 0.0 and not (unit == "d" and seconds == length):
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds!r}s" if seconds % 1.0 else f"{seconds:.0f}s"


def _market_toml(market: Market) -> str:
    nested: dict[str, dict[str, float]] = {}
    for (first, second), value in market.correlation.items():
        nested.setdefault(first, {})[second] = value
    instruments = {name: _without_none(asdict(state)) for name, state in market.instruments.items()}
    content: dict[str, object] = {
        "as_of": market.as_of,
        "history": market.history,
        "scenario": _scenario(market.scenario),
        "assets": {name: _without_none(asdict(state)) for name, state in market.assets.items()},
        "instruments": instruments,
        "correlation": nested,
        "jump_beta": dict(market.jump_beta),
        "block_seconds": dict(market.block_seconds),
        "shares": {name: _without_none(asdict(state)) for name, state in market.shares.items()},
    }
    if market.history is None:
        del content["history"]
    if not market.shares:
        del content["shares"]
    if market.mechanisms:
        content["mechanisms"] = dict(market.mechanisms)
    return _table((), content)


def _scenario(scenario: Scenario) -> dict[str, object]:
    """The scenario's own numbers, and a table of each model that has parameters."""
    plain = {key: value for key, value in asdict(scenario).items() if key != "parameters"}
    return {**plain, **scenario.parameters}


def _rulebook_toml(rulebook: Rulebook) -> str:
    table = _without_none(asdict(rulebook))
    table.pop("preset", None)  # what it gave is written out
    table["schema"] = RULEBOOK_SCHEMA
    if rulebook.liquidation.partial_steps is None:
        cast(dict[str, object], table["liquidation"])["partial_steps"] = UNTIL_HEALTHY
    table["tiers"] = {asset: list(tiers) for asset, tiers in rulebook.tiers.items()}
    table["coin_tiers"] = {asset: list(tiers) for asset, tiers in rulebook.coin_tiers.items()}
    table["mechanisms"] = as_written(rulebook.mechanisms)
    if not rulebook.mechanisms:
        del table["mechanisms"]
    table["default_tiers"] = list(rulebook.default_tiers)
    if not rulebook.default_tiers:
        del table["default_tiers"]
    # A key that nobody supplied must stay unwritten, or its default would pass for a number.
    for key in rulebook.needs:
        *path, last = key.split(".")
        place = table
        for part in path:
            place = cast(dict[str, object], place[part])
        place.pop(last, None)
    return _table((), table)


def _without_none(table: dict[str, object]) -> dict[str, object]:
    """The table without its absent values: TOML has no null, an absent key says the same."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _table(path: tuple[str, ...], table: Mapping[str, object], header: str = "[{}]") -> str:
    """One TOML table and its sub-tables; simple values first, as TOML demands."""
    simple = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [header.format(".".join(_key(part) for part in path))] if path and simple else []
    if path and not simple and not table:
        lines = [header.format(".".join(_key(part) for part in path))]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in simple.items()]
    blocks = ["\n".join(lines)] if lines else []
    for key, value in table.items():
        if isinstance(value, Mapping):
            blocks.append(_table((*path, key), value).rstrip("\n"))
    return "\n\n".join(blocks) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _quoted(str(value))
    if isinstance(value, Tier) or (is_dataclass(value) and not isinstance(value, type)):
        value = _without_none(asdict(value))
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    items = cast(Iterable[object], value)
    return f"[{', '.join(_value(item) for item in items)}]"


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
