"""What the pages say of kinds that count, of DRE by leg, asset and venue, and of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import findings, numbers
from seawall.report.findings import Result

OUT = {
    "leg": "A leg that is out was closed at the start at its margin price without cost; the "
    "account's equity is what it was. Cash stays, in coin where the account settles in coin.",
    "asset": "The price of an asset that is out stands still; orders and failures still move it.",
    "venue": "Accounts at a venue that is out are not there; theta is of the whole equity.",
}


def points_interval(low: float | None, high: float | None) -> str:
    """Both ends in points: "-0.12 to 1.40"."""
    return f"{numbers.points(low)} to {numbers.points(high)}"


def splits(result: Result) -> list[dict[str, Any]]:
    """One table per split that was asked for: title, rows (name, where, part, interval), a note."""
    out = []
    for by, block in (result.get("parts_by") or {}).items():
        parts = [
            {
                "name": row["name"],
                "where": row["account"] or "",
                "value": row["part"],
                "text": numbers.points(row["part"], signed=True),
                "interval": points_interval(row["low"], row["high"]),
                "total": False,
            }
            for row in block["parts"]
        ]
        ends = [_end("with none of them", block["none"]), _end("total", block["total"])]
        ends[1]["total"] = True
        out.append(
            {
                "by": by,
                "horizon": numbers.horizon(block["horizon_seconds"]),
                "rows": [*parts, *ends],
                "note": _how(result, block) + " " + OUT[by],
            }
        )
    return out


def _end(name: str, share: Mapping[str, float]) -> dict[str, Any]:
    return {
        "name": name,
        "where": "",
        "value": share["probability"],
        "text": numbers.points(share["probability"]),
        "interval": points_interval(share["low"], share["high"]),
        "total": False,
    }


def _how(result: Result, block: Mapping[str, Any]) -> str:
    """How the split was computed, in a sentence or two."""
    how = f"all {block['coalitions']} coalitions"
    if block["orders"]:
        how = (
            f"{block['orders']} orders of each path's own, {block['coalitions']} coalitions a path"
        )
    text = f"Shapley values by {how}, on {block['paths']:,}"
    text += f" of {result['paths']:,} paths; 95% intervals over paths"
    text += " and orders." if block["orders"] else "."
    if "rare" in result:
        text += " Plain paths alone: the DRE above also rests on tilted ones."
    if block["grouped"]:
        text += f" Grouped as the smallest: {', '.join(block['grouped'])}."
    return text


def kinds(result: Result) -> list[dict[str, Any]]:
    """Each kind of impairment: does it count, its sentence, and its share of paths."""
    head = findings.headline(result)
    shares = (result["dre"]["scopes"].get(head.scope) or {}).get("kinds") or {}
    out = []
    for name, row in (result["dre"].get("kinds") or {}).items():
        values = shares.get(name)
        share = values[head.index] if values else None
        shown = numbers.probability(share, None, numbers.none_seen(result["paths"]))
        out.append(
            {
                "name": findings.kind(name),
                "counts": bool(row["counts"]),
                "sentence": row["sentence"],
                "share": shown if share is not None else numbers.UNKNOWN,
            }
        )
    return out


def chosen(result: Result) -> bool:
    """True where the user counts some kinds and not others."""
    return any(not row["counts"] for row in kinds(result))


def accounts(result: Result) -> dict[str, Any] | None:
    """The accounts with most at stake, and how DRE is spread over all of them."""
    block = result.get("by_account")
    if not block:
        return None
    deciles = block["deciles"]
    return {
        "horizon": numbers.horizon(block["horizon_seconds"]),
        "summary": (
            f"{block['ever']:,} of {block['count']:,} accounts are closed by force on some of "
            f"{block['paths']:,} paths; mean {numbers.percent(block['mean'])}, "
            f"median {numbers.percent(deciles[5])}, worst tenth above "
            f"{numbers.percent(deciles[9])}, largest {numbers.percent(deciles[10])}. "
            f"Equity times probability sums to {numbers.money(block['equity_at_stake'])}. "
            "Forced liquidation alone is known of every account."
        ),
        "rows": [
            {
                "account": row["account"],
                "venue": row["venue"],
                "kind": row["kind"],
                "equity": numbers.money(row["equity"]),
                "dre": numbers.percent(row["probability"]),
                "interval": numbers.interval(row["low"], row["high"]),
                "stake": numbers.money(row["equity_at_stake"]),
            }
            for row in block["top"]
        ],
    }
