"""The mechanisms that a Case may name: slot, rule and parameters, read and refused here.

A rulebook has one table per slot, a market likewise:

    [mechanisms.adl]
    rule = "pro_rata_contracts"

A slot that is left out keeps what the rulebook's other tables say (its feed, its liquidation, its
waterfall) and costs the loop nothing. Where a slot knows one rule only, ``rule`` may be left out.
Adding a mechanism is its own file, one line here, one test file and one line in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from seawall.agents.attacker import Attacker
from seawall.agents.hedgers import HEDGER_RULES
from seawall.agents.makers import Makers
from seawall.breaker.open_interest_cap import OpenInterestCap
from seawall.breaker.price_band import PriceBand
from seawall.breaker.rate_limit import RateLimit
from seawall.breaker.staleness import Staleness
from seawall.breaker.velocity import Velocity
from seawall.breaker.withdrawal_gate import WithdrawalGate
from seawall.cascade.account_slots import ACCOUNT_SLOTS
from seawall.cascade.liquidation_slots import LIQUIDATION_SLOTS
from seawall.cascade.oracle_slots import ORACLE_SLOTS
from seawall.cascade.own.code import OWN_ONLY, OWN_SLOTS, OwnFile, own_rule
from seawall.foundation.errors import InputError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section, shown
from seawall.impact.amm import Amm
from seawall.impact.book_walk import BookWalk
from seawall.impact.concentrated_amm import ConcentratedAmm
from seawall.impact.depth import Resilience
from seawall.impact.depth_schedule import DepthSchedule
from seawall.impact.links import Links
from seawall.margin.dynamic.scaling import DepthScaled, OpenInterestScaled, VolatilityScaled
from seawall.scenario.failure.slot import Failures
from seawall.waterfall.adl_rules import ADL_RULES
from seawall.waterfall.insurance import InsuranceFund
from seawall.waterfall.socialise_rules import SOCIALISE_RULES

# Slot -> rule -> frozen dataclass of its parameters (fields declared with foundation/record.py).
VENUE_SLOTS: Mapping[str, Mapping[str, type]] = {
    "price_band": {"price_band": PriceBand},
    "velocity": {"velocity": Velocity},
    "staleness": {"staleness": Staleness},
    "open_interest_cap": {"open_interest_cap": OpenInterestCap},
    "withdrawal_gate": {"withdrawal_gate": WithdrawalGate},
    "liquidation_rate_limit": {"liquidation_rate_limit": RateLimit},
    "dynamic_margin": {
        "volatility_scaled": VolatilityScaled,
        "depth_scaled": DepthScaled,
        "open_interest_scaled": OpenInterestScaled,
    },
    **LIQUIDATION_SLOTS,
    **ORACLE_SLOTS,
    "adl": ADL_RULES,
    "socialise": SOCIALISE_RULES,
    "fund": {"insurance_fund": InsuranceFund},
    **ACCOUNT_SLOTS,
    **OWN_ONLY,
}
MARKET_SLOTS: Mapping[str, Mapping[str, type]] = {
    "impact": {"book_walk": BookWalk, "amm": Amm, "concentrated_amm": ConcentratedAmm},
    "depth": {"resilience": Resilience},
    "depth_schedule": {"depth_schedule": DepthSchedule},
    "links": {"arbitrage": Links},
    "failures": {"failures": Failures},
    "attacker": {"attacker": Attacker},
    "hedgers": HEDGER_RULES,
    "makers": {"makers": Makers},
}

Chosen = Mapping[str, object]
T = TypeVar("T")


def read_mechanisms(section: Section, slots: Mapping[str, Mapping[str, type]]) -> Chosen:
    """The parameters of each slot that ``section`` fills, {slot: dataclass}.

    Raises InputError naming file, line and key for an unknown slot, rule or parameter, a slot of
    the other kind of file, and for a number out of bounds.
    """
    for slot in section.values:
        for others, home in ((MARKET_SLOTS, "market.toml"), (VENUE_SLOTS, "a rulebook")):
            if slot in others and slot not in slots:
                raise section.refuse(slot, "stands in the wrong file", f"it in {home}")
    section.only(*slots)
    return {slot: _read_slot(section.section(slot), slot, slots[slot]) for slot in section.values}


def _read_slot(section: Section, slot: str, rules: Mapping[str, type]) -> object:
    if slot in OWN_SLOTS and section.has("file"):
        return _own(section, slot)
    if not rules:
        raise section.refuse("file", "is missing", "the file of an own mechanism: my_rule.py")
    only = next(iter(rules)) if len(rules) == 1 else None
    name = section.word("rule", tuple(rules), only) if only else section.word("rule", tuple(rules))
    parameters = {key: value for key, value in section.values.items() if key != "rule"}
    rest = Section(parameters, section.file, section.path, section.text)
    try:
        return read_record(rest, rules[name])
    except InputError as error:
        if error.file is not None:
            raise
        # Numbers that do not fit together: the rule knows its sentence, not its place.
        raise rest.refuse(None, f"cannot be used: {error}") from None


def _own(section: Section, slot: str) -> object:
    """An own mechanism, where somebody trusts its file; a name in a table is only a name."""
    file = section.values["file"]
    if not isinstance(file, OwnFile):
        raise section.refuse(
            "file",
            f"names {shown(file)}, code that is run only where you trust it",
            "--trust-mechanisms of a command that runs the Case, or SEAWALL_TRUST_MECHANISMS=1 for "
            "every command, once you have read the file",
        )
    try:
        return own_rule(slot, file, section)
    except InputError as error:
        if error.file is not None:
            raise
        raise section.refuse(None, f"cannot be used: {error}") from None


def compile_mechanisms(
    raw: Mapping[str, object], slots: Mapping[str, Mapping[str, type]], where: str
) -> Chosen:
    """The same for tables of a Case in memory; ``where`` names them in refusals."""
    return read_mechanisms(Section(dict(raw), where, ("mechanisms",), ""), slots)


def rules_named(raw: Mapping[str, object]) -> dict[str, str]:
    """The rule that fills each slot of tables as written, {slot: rule}."""
    known = {**VENUE_SLOTS, **MARKET_SLOTS}
    out = {}
    for slot, written in raw.items():
        rule = written.get("file", written.get("rule")) if isinstance(written, Mapping) else None
        out[slot] = str(rule or next(iter(known[slot])))
    return out


def chosen(mechanisms: Chosen, slot: str, rule: type[T]) -> T | None:
    """What fills ``slot`` where it is a ``rule``, else None."""
    found = mechanisms.get(slot)
    return found if isinstance(found, rule) else None


def refuse_both(slot: str, key: str, file: str) -> InputError:
    """The refusal of a slot that contradicts an older key of the same file."""
    return InputError(
        f"[mechanisms.{slot}] and {key} are both given",
        file=file,
        expected="one of the two",
    )
