"""Cases whose accounts behave: the slots that a Case has, or assumed ones added; concert set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from seawall.cascade.account_slots import ACCOUNT_SLOTS
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.venues import Rulebook

# Assumed numbers, all of them: nothing that is public says how often owners act. They serve to ask
# what behaviour of a stated kind does, not to say how a crowd behaves.
ASSUMED: Mapping[str, Mapping[str, Any]] = {
    "top_up": {
        "trigger": 1.5, "restore": 2.5, "budget": 0.5, "delay_seconds": 900.0, "probability": 0.5
    },
    "delever": {"trigger": 8.0, "target": 5.0, "delay_seconds": 900.0, "probability": 0.5},
    "stops": {"share": 0.2, "median": 0.06, "log_sd": 0.5, "herd": 0.5, "digits": 2},
}  # fmt: skip
ASSUMED_POOL: Mapping[str, Any] = {
    "rule": "pool", "utilisation": 0.85, "base": 0.05, "on_loss": 50.0, "on_fall": 3.0,
    "on_withdrawn": 2.0, "rate_at_full": 1.0,
}  # fmt: skip
ASSUMED_VAULT: Mapping[str, Any] = {
    "rule": "vault", "base": 0.05, "on_loss": 10.0, "on_fall": 3.0, "on_withdrawn": 2.0,
}  # fmt: skip


def with_assumed(case: Case, slots: Sequence[str]) -> Case:
    """The Case with assumed behaviour in these slots, at each venue that has room for it.

    A slot that a venue already fills stays as it is. Raises InputError for an unknown slot.
    """
    for slot in slots:
        if slot not in ACCOUNT_SLOTS:
            raise InputError(
                f"behaviour {slot!r}", file="--with", expected=choices(slot, list(ACCOUNT_SLOTS))
            )
    rulebooks = {
        name: replace(rules, mechanisms={**_assumed(rules, slots), **rules.mechanisms})
        for name, rules in case.rulebooks.items()
    }
    return replace(case, rulebooks=rulebooks)


def _assumed(rules: Rulebook, slots: Sequence[str]) -> dict[str, Any]:
    lends = rules.liquidation.style == "keeper"
    out: dict[str, Any] = {}
    for slot in slots:
        if slot == "run" and lends:
            out[slot] = dict(ASSUMED_POOL)
        elif slot == "run" and "backstop" in rules.waterfall.layers:
            out[slot] = dict(ASSUMED_VAULT)
        elif slot in ASSUMED and (slot == "top_up" or not lends):
            out[slot] = dict(ASSUMED[slot])
    return out


def behaviours(case: Case) -> dict[str, tuple[str, ...]]:
    """Slots of accounts' behaviour by venue, of the venues that fill one."""
    found = {
        name: tuple(slot for slot in rules.mechanisms if slot in ACCOUNT_SLOTS)
        for name, rules in case.rulebooks.items()
    }
    return {name: slots for name, slots in found.items() if slots}


def refuse_without(case: Case) -> None:
    """Raise InputError for a Case in which nobody behaves."""
    if not behaviours(case):
        raise InputError(
            f"no rulebook of case {case.name} says how accounts behave",
            expected=f"[mechanisms] of {', '.join(ACCOUNT_SLOTS)} at one venue at least, or "
            "assumed ones: --with",
        )


def in_concert(case: Case, concert: float) -> Case:
    """The Case with ``concert`` in every rule of behaviour; no marginal chance changes."""
    rulebooks = {}
    for name, rules in case.rulebooks.items():
        slots = dict(rules.mechanisms)
        for slot, given in rules.mechanisms.items():
            if slot in ACCOUNT_SLOTS and isinstance(given, Mapping):
                slots[slot] = {**given, "concert": concert}
        rulebooks[name] = replace(rules, mechanisms=slots)
    return replace(case, rulebooks=rulebooks)


def keys_of(slot: str) -> set[str]:
    """Keys that the rules of a slot know."""
    return {field.name for rule in ACCOUNT_SLOTS[slot].values() for field in fields(rule)}
