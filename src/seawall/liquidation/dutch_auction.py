"""Derive's liquidation auction: the whole account for sale in shares, at a falling price.

Idea: once net maintenance is below 0, anybody may buy a share of the account. While the account is
worth something, the buyer pays (value - reserved) x D, where D falls from near 1 to 0; only as much
is sold as restores a buffer above maintenance. Once nobody wants it for nothing, the buyer is paid.

    D(t): start -> cutoff, linear over fast_seconds, then cutoff -> 0, linear over slow_seconds
    buffer margin B = M + buffer (M - V), with V mark-to-market and M net maintenance
    largest share f = B / (B - V D - reserved (1 - D)) with B capped at 0
    paid to the bidder when insolvent: from max(0, -V) up to -M, linear over insolvent_seconds

``reserved`` is the cash that earlier bids of the same auction paid in: it is not for sale while the
account is solvent. A solvent auction ends when B is 0 or above, or when the largest share was
bought; one that runs out while M is below 0 goes on as an insolvent one, where all is for sale.
Source: Derive v2-core, DutchAuction.sol and SecurityModule.sol. Wrong for venues that sell
positions one by one, and while the oracle is stale. In the loop, without
the fee: the rule `dutch_account` of the slot `auction` (cascade/account_auction.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number, read_record
from seawall.foundation.section import Section
from seawall.venues import Rulebook

BUFFER = Quantity("a fraction from 0 to 1 (0.15 means 15%)", 0.0, 1.0)


@dataclass(frozen=True)
class DutchAuction:
    """Parameters.

    start, cutoff                 D at the start and after ``fast_seconds``
    fast_seconds, slow_seconds    lengths of the two falls
    buffer                        how far beyond maintenance a sale goes, of the gap V - M
    insolvent_seconds             length of the rise of the payment to the bidder; None: not known
    sell_all_below                value under which all may be sold, settlement asset
    fee                           share of (f at D = 1) x V paid to the security module at the start
    """

    start: float = number(FRACTION)
    cutoff: float = number(FRACTION)
    fast_seconds: float = number(POSITIVE_SECONDS)
    slow_seconds: float = number(POSITIVE_SECONDS)
    buffer: float = number(BUFFER)
    insolvent_seconds: float | None = number(POSITIVE_SECONDS, None)
    sell_all_below: float = number(AMOUNT, 0.0)
    fee: float = number(FRACTION, 0.0)

    def __post_init__(self) -> None:
        if self.cutoff > self.start:
            raise InputError(
                f"the auction's cutoff is {self.cutoff:g}, above its start {self.start:g}",
                expected="a price that falls",
            )


@dataclass(frozen=True)
class Quote:
    """What is for sale now, settlement asset.

    price      of the whole account, without reserved cash; below 0 the bidder is paid
    share      the largest share of the account that may be bought
    discount   D         buffer_margin   B         insolvent   True when the bidder is paid
    """

    price: float
    share: float
    discount: float
    buffer_margin: float
    insolvent: bool


@dataclass(frozen=True)
class Bid:
    """What a bid did, settlement asset.

    share          bought, of the account as it was     cash      paid by the bidder, 0 or above
    payout         paid to the bidder, 0 or above       quote     before the bid
    mark_to_market, maintenance  of the account after it, cash included
    reserved       cash not for sale in the rest of the auction
    ended          True when the account is back above its buffer or the largest share was bought
    """

    share: float
    cash: float
    payout: float
    mark_to_market: float
    maintenance: float
    reserved: float
    ended: bool
    quote: Quote


def read(rulebook: Rulebook) -> DutchAuction:
    """The auction of a rulebook, its table [margin.auction].

    Raises MissingRule when it has none, InputError for what is missing, unknown or too large.
    """
    table = Section(rulebook.margin, f"rulebook {rulebook.name!r}", ("margin",))
    if not table.has("auction"):
        raise MissingRule(f"rulebook {rulebook.name!r} has no auction; write [margin.auction].")
    return read_record(table.section("auction"), DutchAuction)


def discount(rule: DutchAuction, seconds: float) -> float:
    """D, the share of its value that the account is offered at, ``seconds`` after the start."""
    if seconds < 0.0:
        raise InputError(f"{seconds:g} seconds since the start", expected="0 or more")
    if seconds < rule.fast_seconds:
        return rule.start - (rule.start - rule.cutoff) * seconds / rule.fast_seconds
    slow = min((seconds - rule.fast_seconds) / rule.slow_seconds, 1.0)
    return rule.cutoff * (1.0 - slow)


def buffer_margin(rule: DutchAuction, mark_to_market: float, maintenance: float) -> float:
    """B = M + buffer (M - V): the auction goes on until it is 0 or above."""
    return maintenance + rule.buffer * (maintenance - mark_to_market)


def largest_share(
    rule: DutchAuction,
    mark_to_market: float,
    maintenance: float,
    offered: float,
    reserved: float = 0.0,
) -> float:
    """The share f of the account that restores the buffer when bought at D = ``offered``, 0 to 1.

    The cash paid stays and the rest shrinks: B (1 - f) + f (V D + reserved (1 - D)) = 0. All of it
    for an account worth less than ``sell_all_below``.
    """
    if mark_to_market < rule.sell_all_below:
        return 1.0
    capped = min(buffer_margin(rule, mark_to_market, maintenance), 0.0)
    if capped == 0.0:
        return 0.0
    bought = mark_to_market * offered + reserved * (1.0 - offered)
    return min(capped / (capped - max(bought, 0.0)), 1.0)


def start_fee(rule: DutchAuction, mark_to_market: float, maintenance: float) -> float:
    """What a solvent auction pays the security module at its start: f(D = 1) x V x fee."""
    if mark_to_market <= 0.0:
        return 0.0
    return largest_share(rule, mark_to_market, maintenance, 1.0) * mark_to_market * rule.fee


def quote(
    rule: DutchAuction,
    mark_to_market: float,
    maintenance: float,
    seconds: float,
    reserved: float = 0.0,
) -> Quote:
    """Price of the whole account and the largest share for sale, ``seconds`` after the start.

    mark_to_market and net maintenance as they are now. The bidder is paid for an account worth
    nothing, and once D has reached 0 with net maintenance below 0: the venue has that second
    auction started by a call, which is taken to come at once.
    """
    margin = buffer_margin(rule, mark_to_market, maintenance)
    solvent_seconds = rule.fast_seconds + rule.slow_seconds
    if mark_to_market <= 0.0 or (seconds >= solvent_seconds and maintenance < 0.0):
        since = seconds if mark_to_market <= 0.0 else seconds - solvent_seconds
        payout = insolvent_payout(rule, mark_to_market, maintenance, since)
        return Quote(-payout, 1.0, 0.0, margin, True)
    offered = discount(rule, seconds)
    share = largest_share(rule, mark_to_market, maintenance, offered, reserved)
    return Quote(max(mark_to_market - reserved, 0.0) * offered, share, offered, margin, False)


def insolvent_payout(
    rule: DutchAuction, mark_to_market: float, maintenance: float, seconds: float
) -> float:
    """What a bidder for the whole insolvent account is paid, 0 or above.

    From max(0, -V) at the start up to -M, linear over insolvent_seconds; nothing while M is 0 or
    above. Raises MissingRule when the rise is needed and its length is not known.
    """
    if maintenance >= 0.0:
        return 0.0
    low, high = max(0.0, -mark_to_market), max(0.0, -maintenance)
    if seconds <= 0.0 or high <= low:
        return low
    if rule.insolvent_seconds is None:
        raise MissingRule("the auction has no insolvent_seconds: write how long the payment rises.")
    return low + (high - low) * min(seconds / rule.insolvent_seconds, 1.0)


def bid(
    rule: DutchAuction,
    mark_to_market: float,
    maintenance: float,
    seconds: float,
    wanted: float,
    reserved: float = 0.0,
) -> Bid:
    """Buy a share of the account: the smaller of ``wanted`` (0 to 1) and the largest share.

    Solvent: with r reserved and f bought, value after = (V - r)(1 - f) + r + cash, likewise net
    maintenance; the cash is reserved. Insolvent: value after = V (1 - f) and the security module
    pays; that auction starts anew, so what was reserved goes with the rest. Raises InputError for a
    share outside 0 to 1.
    """
    if not 0.0 < wanted <= 1.0:
        raise InputError(f"a bid for {wanted:g} of the account", expected="above 0, at most 1")
    offer = quote(rule, mark_to_market, maintenance, seconds, reserved)
    share = min(wanted, offer.share)
    cash, payout = max(offer.price, 0.0) * share, max(-offer.price, 0.0) * share
    kept = 0.0 if offer.insolvent else reserved
    value = (mark_to_market - kept) * (1.0 - share) + kept + cash
    margin = (maintenance - kept) * (1.0 - share) + kept + cash
    restored = margin >= 0.0 if offer.insolvent else buffer_margin(rule, value, margin) >= 0.0
    return Bid(
        share=share,
        cash=cash,
        payout=payout,
        mark_to_market=value,
        maintenance=margin,
        reserved=kept + cash,
        ended=restored or share == offer.share,
        quote=offer,
    )
