"""dYdX v4 deleveraging in whole numbers: a lost position is closed against the other side.

When an account's net collateral is below zero and neither the order book nor the insurance fund
takes its position, it is closed against accounts that hold the other side, at its own bankruptcy
price: the walk starts at a random account, ranks nobody, and takes as much of each as it can. An
offset that would leave either side riskier is refused: the two bankruptcy prices do not overlap. In
a market that is wound down (final settlement) accounts that are not below zero are closed at the
oracle price instead.
Source: dydxprotocol/v4-chain, x/clob/keeper/deleveraging and x/subaccounts/lib (facts restated).
Wrong for a block's limit on how many accounts are looked at: the caller gives those to look at.
The loop does not use it yet: it ranks winners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seawall.margin.protocols.dydx_exact import (
    Subaccount,
    account_risk,
    after_fill,
    bankruptcy_value,
    closes_part_of,
    net_notional,
    position_of,
    transition_allowed,
)


@dataclass(frozen=True)
class Offset:
    """One offset: what it was closed at, both accounts after it, or why it was refused.

    close_quote  quote quantums that the liquidated account receives (> 0) or pays (< 0)
    refused      a sentence; None when the offset was made. Refused: the accounts are unchanged
    """

    close_quote: int
    liquidated: Subaccount
    offsetting: Subaccount
    refused: str | None = None


@dataclass(frozen=True)
class Deleveraging:
    """Fills in the order in which they were made, {account: base quantums taken from it}.

    remaining  base quantums of the change asked for that nobody could offset
    """

    fills: Mapping[str, int]
    remaining: int
    liquidated: Subaccount
    others: Mapping[str, Subaccount]


def closing_price(account: Subaccount, final_settlement: bool) -> str | None:
    """``bankruptcy`` or ``oracle``: the price at which the account is deleveraged; None: it is not.

    final_settlement is a state of the market, not a choice.
    """
    if account_risk(account).net_collateral < 0:
        return "bankruptcy"
    return "oracle" if final_settlement else None


def oracle_value(account: Subaccount, name: str, delta: int) -> int:
    """Quote quantums received for ``delta`` at the oracle price, towards zero."""
    return net_notional(position_of(account, name).market, -delta)


def offset(liquidated: Subaccount, offsetting: Subaccount, name: str, delta: int) -> Offset:
    """Close ``delta`` (the liquidated position's change) at its bankruptcy price.

    Refused, with a reason, when delta does not close a part of both positions, or when either
    account would be riskier after it than before.
    """
    wrong = _wrong_size(liquidated, offsetting, name, delta)
    if wrong:
        return Offset(0, liquidated, offsetting, wrong)
    return _offset_at(
        bankruptcy_value(liquidated, name, delta), liquidated, offsetting, name, delta
    )


def offset_at_oracle(
    liquidated: Subaccount, offsetting: Subaccount, name: str, delta: int
) -> Offset:
    """Close ``delta`` at the oracle price, as in final settlement; refused as `offset` is."""
    wrong = _wrong_size(liquidated, offsetting, name, delta)
    if wrong:
        return Offset(0, liquidated, offsetting, wrong)
    return _offset_at(oracle_value(liquidated, name, delta), liquidated, offsetting, name, delta)


def deleverage(
    liquidated: Subaccount,
    others: Mapping[str, Subaccount],
    walk: Sequence[str],
    name: str,
    final_settlement: bool,
) -> Deleveraging:
    """Close the whole position in ``name`` against ``others``, visited in the order of ``walk``.

    The venue starts its walk at a random account; who calls draws it. Accounts on the same side are
    passed over, and so are those whose offset is refused. Nothing is done when the account is not
    below zero and the market is not in final settlement.
    """
    after = dict(others)
    fills: dict[str, int] = {}
    price = closing_price(liquidated, final_settlement)
    remaining = -position_of(liquidated, name).size
    if price is None:
        return Deleveraging(fills, remaining, liquidated, after)
    close = offset if price == "bankruptcy" else offset_at_oracle
    for account in walk:
        held = after[account].positions.get(name)
        if remaining == 0:
            break
        if held is None or held.size * remaining <= 0:
            continue
        delta = held.size if abs(held.size) < abs(remaining) else remaining
        made = close(liquidated, after[account], name, delta)
        if made.refused is None:
            liquidated, after[account] = made.liquidated, made.offsetting
            fills[account] = delta
            remaining -= delta
    return Deleveraging(fills, remaining, liquidated, after)


def _offset_at(
    close_quote: int, liquidated: Subaccount, offsetting: Subaccount, name: str, delta: int
) -> Offset:
    new_liquidated = after_fill(liquidated, name, delta, close_quote)
    new_offsetting = after_fill(offsetting, name, -delta, -close_quote)
    for before, after in ((liquidated, new_liquidated), (offsetting, new_offsetting)):
        if not transition_allowed(account_risk(before), account_risk(after)):
            reason = "an account would be riskier after it: the bankruptcy prices do not overlap"
            return Offset(close_quote, liquidated, offsetting, reason)
    return Offset(close_quote, new_liquidated, new_offsetting)


def _wrong_size(
    liquidated: Subaccount, offsetting: Subaccount, name: str, delta: int
) -> str | None:
    """Why ``delta`` is no change that both accounts can make, or None."""
    one, two = liquidated.positions.get(name), offsetting.positions.get(name)
    if one is None or not closes_part_of(one, delta):
        return f"a change of {delta} does not close a part of the liquidated position"
    if two is None or not closes_part_of(two, -delta):
        return f"a change of {-delta} does not close a part of the offsetting position"
    return None
