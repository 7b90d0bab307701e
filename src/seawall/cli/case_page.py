"""What `seawall case show` prints: the Case as tables, as text or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

from seawall.book import Book
from seawall.case import Case

MOST_ROWS = 40  # of a table in text; the JSON has them all, and cells in full
WIDEST_CELL = 48

Row = Mapping[str, Any]


def tables(case: Case) -> dict[str, list[Row]]:
    """The Case's content by title, one mapping per row, in the order of the files."""
    return {
        "accounts": _accounts(case.book),
        "positions": _positions(case.book),
        "balances": _balances(case.book),
        "assets": [
            {
                "asset": name,
                "spot": state.spot,
                "volatility": state.volatility,
                "depth": state.depth,
                "daily_volume": state.daily_volume,
            }
            for name, state in case.market.assets.items()
        ],
        "rulebooks": [
            {
                "venue": venue,
                "rulebook": rules.name,
                "as_of": rules.as_of.isoformat(),
                "margin_price": str(rules.margin_price),
                "source": rules.source,
            }
            for venue, rules in case.rulebooks.items()
        ],
        "mechanisms": [
            *_slots("market", case.market.mechanisms),
            *(
                row
                for venue, rules in case.rulebooks.items()
                for row in _slots(venue, rules.mechanisms)
            ),
        ],
        "crowds": [
            {
                "venue": crowd.venue,
                "kind": crowd.kind,
                "accounts": crowd.accounts,
                "seed": crowd.seed,
                "leverage": ", ".join(
                    f"{name} {mix.median:g}x" for name, mix in crowd.leverage.items()
                ),
            }
            for crowd in case.crowds
        ],
        "limits": [
            {
                "limit": limit.name,
                "measure": limit.number or limit.measure,
                "scope": limit.scope,
                "maximum": limit.maximum,
                "minimum": limit.minimum,
                "horizon_seconds": limit.horizon_seconds,
            }
            for limit in case.limits
        ],
    }


def as_json(case: Case) -> str:
    """The tables and the head of the Case as JSON."""
    from json import dumps

    head = {
        "schema": "seawall/case-show/1",
        "name": case.name,
        "as_of": case.as_of.isoformat(),
        "quote": case.quote,
        "step_seconds": case.step_seconds,
        "max_age_seconds": case.max_age_seconds,
        "loss_fraction": case.loss_fraction,
        "impairments": [str(kind) for kind in case.impairments],
        "hash": case.digest,
    }
    return dumps({**head, **tables(case)}, indent=2, ensure_ascii=False, default=str)


def as_text(case: Case) -> str:
    """The Case in columns; long tables are cut and say so."""
    lines = [
        f"{case.name}, {case.as_of:%Y-%m-%d %H:%M} UTC, money in {case.quote}, "
        f"steps of {case.step_seconds:g} s, hash {case.digest[:12]}",
        f"A desk is impaired when it loses more than {case.loss_fraction:.0%} of its equity; "
        f"no verdict on data older than {case.max_age_seconds / 3600.0:g} h.",
    ]
    for title, rows in tables(case).items():
        lines += ["", f"{title} ({len(rows)})"]
        lines += _columns(rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            lines.append(f"  ... and {len(rows) - MOST_ROWS} more; --json has them all")
    return "\n".join(lines)


def _slots(where: str, mechanisms: Mapping[str, object]) -> list[Row]:
    """What fills the slots of a venue or of the market, with what is not left at its default."""
    from seawall.cascade.table import rules_named

    rows: list[Row] = []
    for slot, rule in rules_named(mechanisms).items():
        written = mechanisms[slot]
        parameters = dict(written) if isinstance(written, Mapping) else {}
        parameters.pop("rule", None)
        parameters.pop("file", None)
        told = ", ".join(f"{key} = {value}" for key, value in parameters.items())
        rows.append({"of": where, "slot": slot, "rule": rule, "parameters": told or None})
    return rows


def _accounts(book: Book) -> list[Row]:
    columns = zip(
        book.account_names,
        book.account_venue,
        book.account_owner,
        book.account_kind,
        strict=True,
    )
    return [
        {"account": name, "venue": venue, "owner": owner, "kind": str(kind)}
        for name, venue, owner, kind in columns
    ]


def _positions(book: Book) -> list[Row]:
    return [
        {
            "account": book.account_names[account],
            "instrument": book.instruments[instrument].name,
            "size": float(size),
            "entry_price": float(entry),
            "margin": float(margin) if isolated else "cross",
        }
        for account, instrument, size, entry, isolated, margin in zip(
            book.position_account,
            book.position_instrument,
            book.size,
            book.entry,
            book.isolated,
            book.isolated_margin,
            strict=True,
        )
    ]


def _balances(book: Book) -> list[Row]:
    columns = zip(book.balance_account, book.balance_asset, book.quantity, strict=True)
    return [
        {
            "account": book.account_names[account],
            "asset": book.assets[asset],
            "quantity": float(quantity),
        }
        for account, asset, quantity in columns
    ]


def _columns(rows: Sequence[Row]) -> list[str]:
    """Rows as text columns: numbers to the right, the rest to the left."""
    if not rows:
        return ["  none"]
    names = list(rows[0])
    lines = [names, *([_cell(row[name]) for name in names] for row in rows)]
    columns = []
    for index, name in enumerate(names):
        column = [line[index] for line in lines]
        numeric = all(isinstance(row[name], float | int) for row in rows)
        width = max(map(len, column))
        columns.append([text.rjust(width) if numeric else text.ljust(width) for text in column])
    return ["  " + "  ".join(line).rstrip() for line in zip(*columns, strict=True)]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return shorten(str(value), WIDEST_CELL, placeholder=" ...")
