"""Which words of the page are explained, by which definition, resting on which assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.case.definitions import lookup


@dataclass(frozen=True)
class Term:
    """A word of the page: its title, the name it is defined under, its place in the JSON, marks."""

    title: str
    name: str
    place: str
    marks: tuple[str, ...] = ()


TERMS: dict[str, Term] = {
    "dre": Term(
        "DRE, Derivative Risk Exposure", "dre", "dre.scopes.*.probability", ("A1", "A2", "A3")
    ),
    "model": Term(
        "Model interval, 95%",
        "model_low",
        "dre.scopes.*.model_low, model_high",
        ("A2", "A4", "A5", "A7"),
    ),
    "simulation": Term("Simulation interval, 95%", "low", "dre.scopes.*.low, high", ("A3",)),
    "loss": Term(
        "Expected loss given impairment", "expected_loss", "dre.scopes.*.expected_loss", ("A1",)
    ),
    "shortfall": Term(
        "Expected shortfall", "expected_shortfall", "dre.scopes.*.expected_shortfall", ("A1",)
    ),
    "impairment": Term("Impairment", "impairment", "dre.scopes.*.sentence", ("A1",)),
    "first": Term("First to break", "first_to_break", "first_to_break[].probability", ("A1", "A3")),
    "kind": Term("Kind of impairment", "kind", "first_to_break[].kind", ("A1",)),
    "liquidation": Term(
        "Liquidation price", "liquidation_price", "first_to_break[].liquidation_price", ("A9",)
    ),
    "distance": Term("Distance", "distance", "first_to_break[].distance.fraction", ("A9",)),
    "sigmas": Term(
        "Distance in daily sigmas",
        "daily_sigmas",
        "first_to_break[].distance.daily_sigmas",
        ("A3",),
    ),
    "parts": Term("Parts of DRE", "parts", "dre.scopes.*.parts", ("A3", "A4", "A5", "A7")),
    "parts_by": Term("Parts by leg, asset or venue", "parts_by", "parts_by", ("A3", "A7")),
    "equity_at_stake": Term(
        "DRE times equity", "equity_at_stake", "by_account.top[].equity_at_stake", ("A3",)
    ),
    "crowd": Term("DRE under another crowd", "crowd_leverage", "crowd_leverage", ("A7",)),
    "pays": Term("Who pays", "who_pays", "who_pays", ("A9",)),
    "bad_debt": Term("Expected bad debt", "bad_debt_mean", "system.bad_debt_mean", ("A7", "A9")),
    "value_at_risk": Term(
        "Protocol value at risk", "value_at_risk", "system.value_at_risk", ("A7",)
    ),
    "liquidations": Term(
        "Liquidations at risk", "liquidations_at_risk", "system.liquidations_at_risk", ("A7",)
    ),
    "fund": Term("Insurance fund", "insurance fund", "system.venues.*.fund", ("A9",)),
    "ruin": Term(
        "Fund ruin", "fund_ruin_probability", "system.fund_ruin_probability", ("A7", "A9")
    ),
    "tail_var": Term(
        "Value at risk of a desk", "value_at_risk", "tail.desks[].rows[].value_at_risk", ("A13",)
    ),
    "tail_es": Term(
        "Expected shortfall of a desk", "tail", "tail.desks[].rows[].expected_shortfall", ("A13",)
    ),
    "tail_method": Term("Method", "method", "tail.desks[].rows[].method", ("A3", "A12", "A13")),
    "tail_slow": Term(
        "Out slowly",
        "liquidity_horizon_var",
        "tail.desks[].exit.liquidity_horizon_var",
        ("A6", "A13"),
    ),
    "tail_once": Term(
        "Out at once",
        "liquidity_adjusted_var",
        "tail.desks[].exit.liquidity_adjusted_var",
        ("A6", "A13"),
    ),
    "tail_spread": Term(
        "By the spread alone", "spread_cost", "tail.desks[].exit.spread_cost", ("A13",)
    ),
    "counterparty": Term("Counterparties", "counterparty", "counterparty", ("A10",)),
    "claims": Term("Claims", "claims", "counterparty.counterparties[].claims"),
    "hazard_per_year": Term(
        "Hazard a year",
        "hazard_per_year",
        "counterparty.counterparties[].hazard_per_year",
        ("A10",),
    ),
    "loss_given_failure": Term(
        "Loss given failure",
        "loss_given_failure",
        "counterparty.counterparties[].loss_given_failure",
        ("A10",),
    ),
    "remove_one": Term(
        "Each venue in turn", "remove_one", "counterparty.remove_one", ("A3", "A10")
    ),
    "amplification": Term(
        "Amplification", "amplification", "system.amplification", ("A4", "A5", "A7")
    ),
    "liquidation_map": Term(
        "Liquidation map", "liquidation_map", "liquidation_map.assets", ("A4", "A5", "A7", "A9")
    ),
    "pnl_grid": Term("P&L over price and volatility", "pnl_grid", "pnl_grid", ("A9",)),
    "fan": Term("Fan of prices", "fan", "fan", ("A3", "A4", "A5")),
    "notional": Term("Notional", "notional", "concentration[].notional"),
    "share": Term(
        "Share of open interest", "open_interest_share", "concentration[].open_interest_share"
    ),
    "depth": Term("Times depth", "depth_multiple", "concentration[].depth_multiple", ("A5",)),
    "days": Term("Days to exit", "days_to_exit", "concentration[].days_to_exit", ("A6",)),
    "exit": Term("Cost of a full exit", "exit_cost", "concentration[].exit_cost", ("A6",)),
    "limit": Term("Limit", "limits", "limits[]"),
    "remedy": Term("Remedy", "remedy", "remedy", ("A3", "A11")),
    "cost": Term("Cost of the remedy", "cost", "remedy.cost", ("A6", "A11")),
    "deadline": Term("In place by", "deadline_seconds", "remedy.deadline_seconds", ("A11",)),
    "since_last": Term("What changed", "since_last", "since_last.drivers[]", ("A3", "A17")),
    "equity": Term("Equity", "equity", "case.desks[].equity"),
    "hash": Term("Hash", "hash", "case.hash, manifest.files"),
    "paths": Term("Paths", "paths", "paths", ("A3",)),
}


def meaning(key: str) -> str | None:
    """The definition behind a term, or None where none is written yet."""
    found = lookup(TERMS[key].name) if key in TERMS else None
    return found.text if found else None


def explained(key: str, stated: tuple[str, ...]) -> str:
    """The text shown beside a number: title, meaning, the assumptions it rests on, JSON key."""
    term = TERMS[key]
    lines = [term.title, meaning(key) or ""]
    marks = [mark for mark in term.marks if mark in stated]
    lines.append(" ".join(["Rests on", *marks]) if marks else "")
    lines.append(f"JSON: {term.place}")
    return "\n".join(line for line in lines if line)
