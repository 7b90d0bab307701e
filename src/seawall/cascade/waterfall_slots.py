"""Which slots of the waterfall a rulebook may fill: those that its layers and its style know."""

from __future__ import annotations

from dataclasses import MISSING, fields

from seawall.cascade.table import Chosen
from seawall.foundation.errors import InputError
from seawall.venues import Rulebook
from seawall.waterfall.depositor_haircut import DepositorHaircut

_LAYER = {"adl": "adl", "fund": "fund", "socialise": "socialised"}


def check_slots(rulebook: Rulebook, mechanisms: Chosen) -> None:
    """Raise InputError for a slot that nothing would ever ask.

    A slot needs its layer, but for a rule that is all at its defaults: a preset may hold one for a
    waterfall that a Case then shortens. A haircut of depositors needs a lending market, and a
    lending market no other rule.
    """
    where, layers = f"rulebook {rulebook.name}", rulebook.waterfall.layers
    for slot, layer in _LAYER.items():
        if slot in mechanisms and layer not in layers and not _usual(mechanisms[slot]):
            raise InputError(
                f"[mechanisms.{slot}] is given and the waterfall has no layer {layer!r}",
                file=where,
                expected=f"{layer!r} among [waterfall] layers, or no [mechanisms.{slot}]",
            )
    lends = rulebook.liquidation.style == "keeper"
    if lends and "adl" in mechanisms:
        raise InputError(
            "[mechanisms.adl] is given and the venue lends", file=where, expected="no ADL"
        )
    if "socialise" in mechanisms and lends != isinstance(mechanisms["socialise"], DepositorHaircut):
        raise InputError(
            f"[mechanisms.socialise] does not fit a venue of style {rulebook.liquidation.style!r}",
            file=where,
            expected="'depositor_haircut' where the style is 'keeper', another rule elsewhere",
        )


def _usual(rule: object) -> bool:
    """True for a rule of which nothing was written but its name."""
    needed = [field for field in fields(rule) if field.default is MISSING]  # type: ignore[arg-type]
    return not needed and rule == type(rule)()
