"""What brings a breached limit that is not on DRE under its bound, where a formula says it.

    share of open interest   size sold = (share - bound) x open interest
    days to exit             notional sold = (days - bound) x a tenth of the daily volume
    VaR, expected shortfall  every position reduced to bound / value of its size: losses are in
                             proportion to a book that nobody liquidates

Other measures (DRE of others, severity, bad debt, ruin of a fund, a model interval) have no such
formula; the limit is named, and nothing is sought. Wrong for VaR and ES of a book that is
liquidated on the way: a smaller book with the same cash is liquidated less often, so less than this
may do. Reducing for one limit moves the others: check the Case again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.cascade.setup import Setup
from seawall.exposure.concentration import PARTICIPATION
from seawall.exposure.limits import SHORTFALL, VALUE_AT_RISK

Row = Mapping[str, Any]
# A sale lands just within its bound, whatever the rounding.
WITHIN = 1.0 + 1e-9


def limit_actions(setup: Setup, limits: Sequence[Row], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One entry for each breached limit that is not on DRE.

    rows: `concentration` of the result. Entries: limit, measure, scope, sentence, and actions[] of
    account, asset, side, amount (the instrument's units), amount_quote; none where none is known.
    """
    out = []
    for limit in limits:
        if not limit["breached"] or limit["measure"] == "dre":
            continue
        if limit["measure"] == "open_interest_share":
            actions, said = _shares(setup, limit, rows)
        elif limit["measure"] == "days_to_exit":
            actions, said = _exits(setup, limit, rows)
        elif limit["measure"] in VALUE_AT_RISK | SHORTFALL:
            actions, said = [], _smaller_book(limit)
        else:
            actions, said = [], "no formula says what brings it under, and no search is made for it"
        out.append(
            {
                "limit": limit["name"],
                "measure": limit["measure"],
                "scope": limit["scope"],
                "sentence": said,
                "actions": actions,
            }
        )
    return out


def _in_scope(limit: Row, rows: Sequence[Row], key: str) -> list[Row]:
    return [
        row
        for row in rows
        if limit["scope"] in ("protocol", f"desk:{row['owner']}")
        and row[key] is not None
        and row[key] > limit["limit"]
    ]


def _shares(setup: Setup, limit: Row, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], str]:
    """Sales of what is too large a share of its open interest, from the largest account first."""
    over = _in_scope(limit, rows, "owner_open_interest_share")
    out: list[dict[str, Any]] = []
    for owner, name in dict.fromkeys((row["owner"], row["instrument"]) for row in over):
        held = [row for row in over if (row["owner"], row["instrument"]) == (owner, name)]
        interest = setup.case.market.instruments[name].open_interest or 0.0
        for side in ("long", "short"):  # each counts by itself: both may be too large
            left = (_size_of(held, side, interest) - limit["limit"] * interest) * WITHIN
            own = [row for row in held if row["side"] == side]
            for row in sorted(own, key=lambda r: -float(r["notional"])):
                size = float(row["open_interest_share"]) * interest
                amount = min(left, size)
                if amount > 0:
                    out.append(_sale(row, amount, amount / size * float(row["notional"])))
                left -= amount
    return out, "the excess over the bound, sold from the largest account first"


def _size_of(rows: Sequence[Row], side: str, interest: float) -> float:
    return sum(float(r["open_interest_share"]) * interest for r in rows if r["side"] == side)


def _exits(setup: Setup, limit: Row, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], str]:
    """Sales of what takes too long to close, from the largest leg of the net side first."""
    over = _in_scope(limit, rows, "owner_days_to_exit")
    underlying = {i.name: i.underlying for i in setup.book.instruments}
    out: list[dict[str, Any]] = []
    for owner, asset in dict.fromkeys((r["owner"], underlying[r["instrument"]]) for r in over):
        legs = [
            row for row in rows if row["owner"] == owner and underlying[row["instrument"]] == asset
        ]
        daily = PARTICIPATION * setup.case.market.assets[asset].daily_volume
        signed = [_delta_side(setup, row) * float(row["notional"]) for row in legs]
        left = (float(legs[0]["owner_days_to_exit"]) - limit["limit"]) * daily * WITHIN
        long = sum(signed) > 0
        own = [row for row, flow in zip(legs, signed, strict=True) if (flow > 0) == long]
        for row in sorted(own, key=lambda one: -float(one["notional"])):
            quote = min(left, float(row["notional"]))
            if quote > 0:
                size = _held(setup, row)
                out.append(_sale(row, quote / float(row["notional"]) * size, quote))
            left -= quote
    return out, "what is beyond the bound at a tenth of the daily volume, largest leg first"


def _delta_side(setup: Setup, row: Row) -> float:
    """+1 where a leg gains when its underlying rises."""
    put = any(
        i.name == row["instrument"] and not getattr(i, "call", True) for i in setup.book.instruments
    )
    return (1.0 if row["side"] == "long" else -1.0) * (-1.0 if put else 1.0)


def _held(setup: Setup, row: Row) -> float:
    """Size of a leg of the table, >= 0."""
    book = setup.book
    account = book.account_names.index(row["account"])
    name = [i.name for i in book.instruments].index(row["instrument"])
    sign = 1.0 if row["side"] == "long" else -1.0
    mine = (book.position_account == account) & (book.position_instrument == name)
    return float(abs(book.size[mine & (sign * book.size > 0)].sum()))


def _sale(row: Row, amount: float, quote: float) -> dict[str, Any]:
    return {
        "account": row["account"],
        "asset": row["instrument"],
        "side": row["side"],
        "amount": amount,
        "amount_quote": quote,
    }


def _smaller_book(limit: Row) -> str:
    share = 1.0 - float(limit["limit"]) / float(limit["value"])
    return (
        f"every position reduced by {share:.1%} would do: losses are in proportion to a book that "
        "is not liquidated on the way"
    )
