"""How long an action takes until it counts, against when it must count.

    reduction            nothing: the order is sent at once
    inside one venue     INTERNAL_SECONDS
    repayment            the chain's time where the Case states it, else TRANSFER_SECONDS
    cash from outside    TRANSFER_SECONDS + the chain's time where the Case states it
    out of a venue       WITHDRAWAL_SECONDS more where it has an order book; a loan pays out at once
    chain's time         block_seconds x (1 + finality_blocks) of the venue's settlement, else the
                         block_seconds of the market file

The three constants are Seawall's own assumption (A14): no venue's words stand behind them. Wrong on
a day on which everybody withdraws.
"""

from __future__ import annotations

from seawall.cascade.setup import Setup
from seawall.exposure.remedy.action import Action, Kind, is_lender
from seawall.market.chain import Settlement

WITHDRAWAL_SECONDS = 3_600.0
TRANSFER_SECONDS = 900.0
INTERNAL_SECONDS = 60.0


def lead(setup: Setup, action: Action) -> tuple[float, str]:
    """Seconds until an action counts, and in words what they are made of."""
    if action.kind is Kind.REDUCE:
        return 0.0, "an order, at once"
    venues = setup.table.units.venue
    venue = int(venues[action.unit])
    if action.kind is Kind.MOVE and int(venues[action.source]) == venue:
        return INTERNAL_SECONDS, "inside the venue, assumed"
    chain = chain_seconds(setup, venue)
    seconds, words = TRANSFER_SECONDS + (chain or 0.0), "transfer, assumed"
    if chain is not None and is_lender(setup, action.unit):
        seconds, words = chain, "by the chain's blocks"
    elif chain is not None:
        words += ", and the chain's blocks"
    if action.kind is not Kind.MOVE or is_lender(setup, action.source):
        return seconds, words
    return seconds + WITHDRAWAL_SECONDS, f"withdrawal, assumed, and {words}"


def chain_seconds(setup: Setup, venue: int) -> float | None:
    """Seconds until a transfer on the venue's chain is final; None where the Case states none."""
    for rule in setup.mechanisms[venue].values():
        if isinstance(rule, Settlement):
            return rule.block_seconds * (1 + rule.finality_blocks)
    return setup.case.market.block_seconds.get(setup.table.venues[venue])
