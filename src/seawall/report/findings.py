"""What the numbers say, in sentences: the verdict and the finding above each table.

Functions of the result dict of `seawall check` (docs/json.md); the terminal and the page print
the same findings. Nothing is computed here that the result does not hold, but sums and shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.report import numbers

Result = Mapping[str, Any]

NEAR = 0.85  # a limit used above this share is called near

KINDS = {
    "liquidation": "liquidation",
    "negative_equity": "negative equity",
    "adl": "ADL",
    "socialised": "socialised",
    "claims_lost": "claims lost",
    "loss_fraction": "loss fraction",
}

PAYERS = (
    ("account", "desk"),
    ("fund", "fund"),
    ("backstop", "backstop"),
    ("adl", "ADL"),
    ("socialised", "socialised"),
    ("keeper", "keepers"),
)

PERCENT_MEASURES = {"dre", "model_high", "open_interest_share", "fund_ruin"}


@dataclass(frozen=True)
class Headline:
    """The verdict's scope at the case's horizon; every field as in `dre.scopes` of the result."""

    scope: str
    sentence: str
    horizon: str
    index: int
    probability: float | None
    low: float | None
    high: float | None
    model_low: float | None
    model_high: float | None
    expected_loss: float | None
    expected_shortfall: float | None
    shortfall_level: float | None
    impaired: int | None

    @property
    def text(self) -> str:
        """The probability as printed."""
        return numbers.probability(self.probability, self.impaired, self.high)


def at(entry: Mapping[str, Any], key: str, index: int) -> Any:
    """``entry[key][index]``, or None when the list is absent, null or too short."""
    values = entry.get(key)
    if not isinstance(values, Sequence) or index >= len(values):
        return None
    return values[index]


def headline(result: Result) -> Headline:
    """The scope and horizon of the verdict."""
    horizons = result["dre"]["horizons_seconds"]
    seconds = result["horizon_seconds"]
    index = horizons.index(seconds) if seconds in horizons else len(horizons) - 1
    scope = result["headline"]
    entry = result["dre"]["scopes"].get(scope, {})
    return Headline(
        scope=scope,
        sentence=entry.get("sentence") or "",
        horizon=numbers.horizon(horizons[index]),
        index=index,
        probability=at(entry, "probability", index),
        low=at(entry, "low", index),
        high=at(entry, "high", index),
        model_low=at(entry, "model_low", index),
        model_high=at(entry, "model_high", index),
        expected_loss=at(entry, "expected_loss", index),
        expected_shortfall=at(entry, "expected_shortfall", index),
        shortfall_level=at(entry, "expected_shortfall_level", index),
        impaired=at(entry, "impaired_paths", index),
    )


def likeliest_scope(result: Result) -> tuple[str, str] | None:
    """Where no desk's account is named: the venue that breaks most often, else the headline.

    The scope and its chance at the headline's horizon, as printed; None where no path broke any.
    """
    head, scopes = headline(result), result["dre"]["scopes"]
    chances = {
        name: at(entry, "probability", head.index) or 0.0
        for name, entry in scopes.items()
        if name.startswith("venue:") or name == head.scope
    }
    best = max(chances, key=lambda name: (chances[name], name != head.scope), default="")
    if not best or not chances[best]:
        return None
    return best, numbers.percent(chances[best])


def has_value(limit: Mapping[str, Any]) -> bool:
    """True for a limit whose value is known, or known and not published (report.public)."""
    return bool(limit.get("withheld")) or numbers.known(limit["value"])


def is_headline_limit(limit: Mapping[str, Any], result: Result) -> bool:
    """True for the limit on DRE of the headline scope at the case's horizon."""
    return (
        limit["measure"] == "dre"
        and limit["scope"] == result["headline"]
        and limit.get("horizon_seconds") in (None, result["horizon_seconds"])
    )


def measure_name(limit: Mapping[str, Any]) -> str:
    """The measure of a limit in words, with its horizon."""
    words = {
        "dre": "DRE",
        "model_high": "model interval high end",
        "expected_loss": "expected loss",
        "expected_shortfall": "expected shortfall",
        "open_interest_share": "largest share of open interest",
        "days_to_exit": "longest exit",
        "fund_ruin": "fund ruin",
        "bad_debt": "mean bad debt",
        "var_95": "VaR 95%",
        "var_975": "VaR 97.5%",
        "var_99": "VaR 99%",
        "es_95": "ES 95%",
        "es_975": "ES 97.5%",
        "es_99": "ES 99%",
    }
    text = words.get(limit["measure"], str(limit["measure"]).replace("_", " "))
    text = (str(limit["name"]) if limit.get("number") else text) + {
        "low": " low end",
        "high": " high end",
    }.get(str(limit.get("end")), "")
    seconds = limit.get("horizon_seconds")
    return f"{text} {numbers.horizon(seconds)}" if seconds else text


def measure_value(limit: Mapping[str, Any], key: str) -> str:
    """The value or the bound of a limit in the measure's unit; "no value" when it is null."""
    value, measure = limit[key], limit["measure"]
    if limit.get("withheld"):
        return "not published"
    if not numbers.known(value):
        return "no value"
    unit = limit.get("unit") or ""
    if unit == "fraction" or measure in PERCENT_MEASURES:
        return numbers.percent(value)
    if unit == "days" or measure == "days_to_exit":
        return numbers.days(value) + " d"
    if unit == "seconds":
        return numbers.horizon(value)
    if unit == "ratio":
        return numbers.ratio(value)
    return numbers.amount(value) if unit == "number" else numbers.money(value)


def beyond(limit: Mapping[str, Any]) -> str:
    """How a breached limit stands to its bound: over a maximum, below a minimum."""
    return "below its limit" if limit.get("bound") == "minimum" else "over its limit"


def why_no_value(result: Result, limit: Mapping[str, Any]) -> str:
    """Why a limit on severity has no value: "8 paths" that are too few for one; else "no value"."""
    if limit["measure"] in ("es_95", "es_975", "es_99"):
        return "too few paths"
    if limit["measure"] not in ("expected_shortfall", "expected_loss"):
        return "no value"
    dre = result["dre"]
    seconds = limit.get("horizon_seconds") or result["horizon_seconds"]
    entry = dre["scopes"].get(limit["scope"], {})
    if seconds not in dre["horizons_seconds"]:
        return "no value"
    count = at(entry, "impaired_paths", dre["horizons_seconds"].index(seconds))
    return "no value" if count is None else paths_text(count)


def used(limit: Mapping[str, Any]) -> float | None:
    """Value over limit, a minimum over the value; None when either is missing or not above zero."""
    value, bound = limit["value"], limit["limit"]
    if limit.get("bound") == "minimum":
        value, bound = bound, value
    if not (numbers.known(value) and numbers.known(bound)) or bound <= 0:
        return None
    return float(value) / float(bound)


def limit_state(limit: Mapping[str, Any]) -> str:
    """State in a word: "breached", "near" (above 85% of the limit), "within", "not resolved" (its
    interval reaches beyond) or "no value".
    """
    if limit["breached"]:
        return "breached"
    if not has_value(limit):
        return "no value"
    if limit.get("state") == "not resolved":
        return "not resolved"
    share = used(limit)
    return "near" if share is not None and share >= NEAR else "within"


def kind(name: str) -> str:
    """The kind of impairment in words."""
    return KINDS.get(name, str(name).replace("_", " "))


def leg(row: Mapping[str, Any]) -> str:
    """Instrument and side: "SOL-PERP long"."""
    return f"{row.get('instrument') or ''} {row.get('side') or ''}".strip() or "-"


def break_chance(row: Mapping[str, Any]) -> str:
    """How often a row is the first to break: "0.75%", or "0 paths" for the nearest that never was.

    Not "<1%": the row's place in the sum is zero, whatever the account's own risk may be.
    """
    if row["probability"] == 0 or row.get("paths") == 0:
        return paths_text(0)
    return numbers.percent(row["probability"])


def shortfall(entry: Mapping[str, Any], index: int, with_level: bool) -> str:
    """Expected shortfall, or "12 paths" where there are too few of them for one."""
    value = at(entry, "expected_shortfall", index)
    if numbers.known(value):
        level = at(entry, "expected_shortfall_level", index)
        text = numbers.money(value)
        return f"{text} ({level_text(level)})" if with_level and numbers.known(level) else text
    return paths_text(at(entry, "impaired_paths", index))


def paths_text(count: int | None) -> str:
    """Why there is no number: "12 paths"."""
    if count is None:
        return numbers.UNKNOWN
    return "1 path" if count == 1 else f"{count:,} paths"


def level_text(level: float) -> str:
    """0.975 as "97.5%"."""
    return f"{level * 100:g}%"


def shortfall_levels(entry: Mapping[str, Any]) -> list[float]:
    """The distinct levels at which expected shortfall is quoted, in order."""
    levels = entry.get("expected_shortfall_level") or []
    return sorted({level for level in levels if numbers.known(level)}, reverse=True)


def payer_amounts(pays: Mapping[str, Any] | None, owner: str) -> list[tuple[str, str, float]]:
    """(key, name, amount) of each payer, loss > 0; unknown amounts are left out.

    What would be printed as 0.00 in the scale of the others, or is rounding left of a sum, is 0.
    """
    known = [float(value) for value in (pays or {}).values() if numbers.known(value)]
    scale, _ = numbers.money_scale(known)
    least = max(0.005 * scale, 1e-9 * sum(map(abs, known)))
    rows = []
    for key, name in PAYERS:
        value = (pays or {}).get(key)
        if numbers.known(value):
            amount = float(value) if abs(value) >= least else 0.0  # type: ignore[arg-type]
            rows.append((key, owner if key == "account" else name, amount))
    return rows


def bad_debt_ends(system: Mapping[str, Any]) -> str:
    """The 95% interval of mean bad debt, of a venue or all: "280k to 630k"; nothing where no path
    has any, for then nothing is known of how much there can be.
    """
    if not system.get("bad_debt_mean"):
        return ""
    low, high = (system.get(f"bad_debt_mean_{end}") for end in ("low", "high"))
    return numbers.money_interval(low, high)


def payers_total(pays: Mapping[str, Any] | None) -> float | None:
    """Sum over the payers; None when no amount is known."""
    amounts = [value for value in (pays or {}).values() if numbers.known(value)]
    return float(sum(amounts)) if amounts else None


def own_name(result: Result) -> str:
    """Whose equity pays first: "desk" when the scope is one, "accounts" otherwise."""
    return "desk" if str(result.get("who_pays_scope", "")).startswith("desk:") else "accounts"


def parts_row(result: Result) -> tuple[str, Mapping[str, Any]] | None:
    """(horizon, parts) of the headline: at its horizon, or the longest one that has parts.

    None where the total is all there is: a whole of one part shows nothing.
    """
    head = headline(result)
    entry = result["dre"]["scopes"].get(head.scope, {})
    horizons = result["dre"]["horizons_seconds"]
    for index in [head.index, *range(len(horizons) - 1, -1, -1)]:
        parts = at(entry, "parts", index)
        if parts and set(parts) != {"total"}:
            return numbers.horizon(horizons[index]), parts
    return None


PART_NAMES = {
    "price": "price only",
    "liquidity": "own exit cost",
    "crowd": "crowd feedback",
    "latency": "latency",
    "counterparty": "external failure",
    "total": "total",
}
