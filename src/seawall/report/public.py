"""What of a result an outside reader gets: figures and methods, no positions.

A list of what is published, never of what is not: a key that no line below names stays inside, so
a block that is added to the result tomorrow is private until somebody lists it here. Numbers, words
of the program and names of the Case are told apart: text comes out only where its line says that
it is a word of Seawall's own, the name of the Case, of a venue, of an asset or of a currency, or
the source of a rulebook; of the Case's name and these sources none that holds a desk's name.

Desks become numbers ("desk:1"), limits get names made of their measure and scope, and what is
measured on positions (concentration, exits, other numbers of the user's choice) keeps its state,
not its value. Per-file hashes stay inside: a file of few rows could be guessed from its hash. The
hash over all files of the Case is published and binds it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from seawall.report import findings
from seawall.report.findings import Result

SCHEMA = "seawall/public/1"

Names = Mapping[str, str]  # scope of a desk -> the scope that is published
Shape = Callable[[Any, Names], Any]

FIGURE_MEASURES = frozenset(
    {"dre", "model_high", "expected_loss", "expected_shortfall", "fund_ruin", "bad_debt"}
    | {f"{kind}_{level}" for kind in ("var", "es") for level in ("95", "975", "99")}
)
LEFT_OUT = (
    "names of accounts and desks",
    "positions, balances and equity",
    "which account and leg breaks first, and at what price",
    "concentration and exits",
    "claims on counterparties",
    "the desks' part of the liquidation map, their profit and loss, paths of prices",
    "remedies, and what changed",
    "values of limits on any of these",
    "the texts of warnings",
    "the hashes of single files",
)


def public_result(result: Result) -> dict[str, Any]:
    """The published part of a result: schema `seawall/public/1`, otherwise keys as in docs/json.md.

    The original is not changed, and the two share nothing that can be changed.
    """
    published: dict[str, Any] = _RESULT(result, desk_names(result))
    published["schema"] = SCHEMA
    published["case"]["name"] = _case_name(result)
    published["limits"] = [_limit(limit, desk_names(result)) for limit in result["limits"]]
    for book in ((published.get("manifest") or {}).get("rulebooks") or {}).values():
        if _names_a_desk(str(book.get("source")), result):
            book["source"] = "stated in the Case"
    published["warning_count"] = len(result.get("warnings") or [])
    published["left_out"] = list(LEFT_OUT)
    return published


def _case_name(result: Result) -> str:
    """The Case's name, unless it holds a desk's; its hash then."""
    case = result["case"]
    name = str(case["name"])
    return f"Case {str(case['hash'])[:8]}" if _names_a_desk(name, result) else name


def _names_a_desk(text: str, result: Result) -> bool:
    """True where a text that the Case's author wrote holds the name of one of its desks."""
    owners = [str(desk["owner"]).casefold() for desk in result["case"].get("desks") or []]
    return any(owner and owner in text.casefold() for owner in owners)


def desk_names(result: Result) -> dict[str, str]:
    """The published name of each scope of a desk: "desk:harbour/loss" becomes "desk:1/loss"."""
    names: dict[str, str] = {}
    for number, desk in enumerate(result["case"].get("desks") or [], start=1):
        for tail in ("", "/loss"):
            names[f"desk:{desk['owner']}{tail}"] = f"desk:{number}{tail}"
    return names


def number(value: Any, names: Names) -> Any:
    """A number, a truth value or null, or a list of them; nothing else comes through."""
    if isinstance(value, list | tuple):
        return [number(item, names) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else None


def word(value: Any, names: Names) -> Any:
    """Text of the program or a name that is published, or a list of them."""
    if isinstance(value, list | tuple):
        return [word(item, names) for item in value]
    return value if value is None or isinstance(value, str) else None


def scope(value: Any, names: Names) -> Any:
    """A scope by its published name; null for a desk that has none."""
    return _published(str(value), names)


def _published(name: str, names: Names) -> str | None:
    return names.get(name) if name.startswith("desk:") else name


def listed(shapes: Mapping[str, Shape]) -> Shape:
    """An object of which the named keys come through, each in its shape, where they are there."""

    def take(value: Any, names: Names) -> Any:
        if not isinstance(value, Mapping):
            return None
        return {key: shape(value[key], names) for key, shape in shapes.items() if key in value}

    return take


def each(shape: Shape) -> Shape:
    """A list of things of one shape."""
    return lambda value, names: [shape(item, names) for item in value or []]


def keyed(shape: Shape) -> Shape:
    """An object whose keys are venues, assets, horizons or words of the program."""

    def take(value: Any, names: Names) -> Any:
        if not isinstance(value, Mapping):
            return None
        return {key: shape(item, names) for key, item in value.items()}

    return take


def by_scope(shape: Shape) -> Shape:
    """An object whose keys are scopes; desks by their published names, others as they are."""

    def take(value: Any, names: Names) -> Any:
        shown = {_published(str(key), names): item for key, item in (value or {}).items()}
        return {key: shape(item, names) for key, item in shown.items() if key is not None}

    return take


def _numbers(*keys: str) -> dict[str, Shape]:
    return dict.fromkeys(keys, number)


def _limit(limit: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A limit: measured on figures with its value, otherwise its state alone."""
    kept: dict[str, Any] = {"breached": bool(limit["breached"])}
    shown = _published(str(limit.get("scope")), names)
    if limit.get("measure") not in FIGURE_MEASURES or shown is None:
        state = {"value": None, "limit": None, "horizon_seconds": None, "withheld": True}
        return kept | state | {"name": "A limit on positions", "measure": "withheld", "scope": ""}
    kept |= {key: number(limit.get(key), names) for key in ("value", "limit", "horizon_seconds")}
    named = f"{findings.measure_name(limit)}, {shown}"
    kept |= {"name": named[:1].upper() + named[1:], "measure": limit["measure"], "scope": shown}
    return kept | {"withheld": False}


def _desk(value: Any, names: Names) -> Any:
    shown = names.get(f"desk:{value['owner']}", "")
    return {"owner": shown.removeprefix("desk:")}


def _tail_desk(value: Any, names: Names) -> Any:
    return _desk(value, names) | listed(_TAIL_DESK)(value, names)


def _map(value: Any, names: Names) -> Any:
    """The crowd's liquidation map: no bar of a desk, nothing from which one could be taken off."""
    if not value:
        return None
    shown: dict[str, Any] = listed({"moves": number, "assets": keyed(listed(_MAP))})(value, names)
    _alike(shown["assets"].values())
    for asset in shown["assets"].values():
        asset["desk"] = [0.0] * len(asset["crowd"])
    # The Case's own focus is the asset that breaks a desk first.
    return shown | {"focus": next(iter(shown["assets"]), "")}


def _alike(assets: Collection[dict[str, Any]]) -> None:
    """Leaves the shocks that every asset has: further ones mark the asset that breaks a desk."""
    found = [{shock["shock"] for shock in asset["shocks"]} for asset in assets]
    common = set.intersection(*found) if found else set()
    for asset in assets:
        asset["shocks"] = [
            shock | {"low": None, "high": None, "draws": 1} if len(found) > 1 else shock
            for shock in asset["shocks"]
            if shock["shock"] in common
        ]
        turns = asset["turning"]
        asset["turning"] = {k: t for k, t in turns.items() if {t["from"], t["to"]} <= common}


def _note(value: Any, names: Names) -> Any:
    """Why a row has no number may name a file: only that it has none."""
    del names
    return None if value is None else "not known"


_SHARES = _numbers("price", "liquidity", "crowd", "latency", "counterparty", "total")
_BEYOND = listed(_numbers("value", "low", "high"))
_PARTS = listed(
    {**_SHARES, "low": listed(_SHARES), "high": listed(_SHARES), "beyond_price": _BEYOND}
)
_CURVE = {
    **_numbers("probability", "low", "high", "model_low", "model_high"),
    **_numbers("expected_loss", "expected_loss_low", "expected_loss_high"),
    **_numbers("expected_shortfall", "expected_shortfall_low", "expected_shortfall_high"),
    **_numbers("expected_shortfall_level"),
    **_numbers("impaired_paths"),
    "kinds": keyed(number),
    "parts": each(_PARTS),
    "sentence": word,
}
_ENDS = ("", "_low", "_high")
_PAYERS = _numbers("account", "keeper", "backstop", "fund", "adl", "socialised")
_SYSTEM = {
    **_numbers("bad_debt_mean", "bad_debt_mean_low", "bad_debt_mean_high"),
    **_numbers("value_at_risk", "value_at_risk_low", "value_at_risk_high"),
    **_numbers("liquidations_at_risk", "liquidations_at_risk_low", "liquidations_at_risk_high"),
    **_numbers("liquidated_mean", "liquidated_mean_low", "liquidated_mean_high"),
    **_numbers("fund_ruin_probability"),
}
_QUANTILES = {
    **_numbers("value_at_risk", "value_at_risk_low", "value_at_risk_high"),
    **_numbers("expected_shortfall", "expected_shortfall_low", "expected_shortfall_high"),
}
_TAIL_ROW = {
    "method": word,
    "note": _note,
    **_QUANTILES,
    **_numbers("observations", "beyond", "threshold", "excesses", "exceeded", "power"),
    **_numbers("shape", "shape_low", "shape_high"),
}
_TAIL_DESK = {
    "windows": listed(_numbers("seconds", "count", "independent", "stretch")),
    "rows": each(listed(_TAIL_ROW)),
    "by_horizon": each(listed({**_QUANTILES, **_numbers("horizon_seconds")})),
}
_TURN = listed({"from": number, "to": number, "why": word})
_MAP = {
    **_numbers("price", "crowd"),
    "shocks": each(listed(_numbers("shock", "ratio", "low", "high", "draws"))),
    "turning": listed(dict.fromkeys(("falls", "rises"), _TURN)),
}
_CASE = {
    **dict.fromkeys(("name", "hash", "as_of", "quote", "venues"), word),
    "mechanisms": keyed(keyed(word)),
    "accounts": number,
    "desks": each(_desk),
}
_MANIFEST = {
    **dict.fromkeys(("case", "code", "written", "previous", "result", "seal"), word),
    "number": number,
    "rulebooks": keyed(listed({"source": word, "as_of": word})),
    "versions": keyed(word),
}
_RESULT = listed(
    {
        "schema": word,
        "case": listed(_CASE),
        "version": word,
        **_numbers("seed", "paths", "side_paths", "horizon_seconds", "step_seconds", "steps"),
        "headline": scope,
        "dre": listed(
            {
                **_numbers("horizons_seconds", "parts_paths"),
                "kinds": keyed(listed({"counts": number, "sentence": word})),
                "parts_channels": word,
                "scopes": by_scope(listed(_CURVE)),
            }
        ),
        "crowd_leverage": keyed(
            listed(_numbers("probability", "low", "high", "paths", "median_leverage"))
        ),
        **{f"who_pays{of}{end}": listed(_PAYERS) for of in ("", "_unconditional") for end in _ENDS},
        "who_pays_scope": scope,
        **_numbers(*(f"who_pays_loss{end}" for end in _ENDS)),
        "system": listed(
            {
                **_SYSTEM,
                "venues": keyed(listed({**_SYSTEM, "fund": number})),
                "amplification": keyed(each(listed(_numbers("shock", "ratio")))),
            }
        ),
        "tail": listed(
            {
                **_numbers("levels", "horizon_seconds", "judged_periods"),
                "history": listed({"bar_seconds": number, "first": word, "last": word}),
                "desks": each(_tail_desk),
            }
        ),
        "rare": listed(
            {
                **_numbers("plain_paths", "tilted_paths", "mean_weight"),
                "not_pushed": word,
                "scopes": by_scope(listed(_numbers("effective_paths", "plain_low", "plain_high"))),
            }
        ),
        "liquidation_map": _map,
        "assumptions": word,
        "manifest": listed(_MANIFEST),
    }
)
