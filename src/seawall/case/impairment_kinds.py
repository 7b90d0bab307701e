"""The kinds of impairment of a desk, each with its sentence, and which of them a user counts."""

from __future__ import annotations

from enum import StrEnum

from seawall.foundation.errors import InputError


class ImpairmentKind(StrEnum):
    """The kinds of impairment that can count."""

    LIQUIDATION = "liquidation"
    NEGATIVE_EQUITY = "negative_equity"
    ADL = "adl"
    SOCIALISED = "socialised"
    CLAIMS_LOST = "claims_lost"
    LOSS_FRACTION = "loss_fraction"


KINDS = tuple(ImpairmentKind)

KIND_SENTENCES = {
    ImpairmentKind.LIQUIDATION: "the venue closes one of its accounts by force, in part or in full",
    ImpairmentKind.NEGATIVE_EQUITY: "the equity of one of its accounts falls below zero",
    ImpairmentKind.ADL: "a winning leg is closed by auto-deleveraging",
    ImpairmentKind.SOCIALISED: "one of its accounts pays part of a socialised loss",
    ImpairmentKind.CLAIMS_LOST: "claims on a venue that failed or was robbed are lost in part",
    ImpairmentKind.LOSS_FRACTION: "it loses more than the loss fraction (50% unless stated) of its "
    "starting equity in all",
}


def counted(names: tuple[str, ...], file: str | None = None) -> tuple[ImpairmentKind, ...]:
    """These kinds, in the enum's order, each once; ``file``: where the names stand.

    Raises InputError for a name that is no kind, and for none at all.
    """
    known = ", ".join(KINDS)
    for name in names:
        if name not in KINDS:
            raise InputError(
                f"{name!r} is no kind of impairment", file=file, expected=f"some of {known}"
            )
    if not names:
        raise InputError(
            "no kind of impairment counts", file=file, expected=f"one at least of {known}"
        )
    return tuple(kind for kind in KINDS if kind in names)
