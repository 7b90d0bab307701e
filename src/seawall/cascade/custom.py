"""What a user's own mechanism sees and answers: one view and one form of step for each slot.

An own mechanism is one Python file: a docstring with its idea, ``SLOT``, one frozen dataclass of
parameters (fields declared with `seawall.foundation.record`), and a function ``step``. A slot that
acts in every step may keep a memory: a dataclass of arrays whose first axis is the path, which
``begin`` makes and which alone may be written to.

Views are copies that cannot be written to. The step says what it wants, the loop checks it and
books it, with two sides to every amount: an own mechanism moves no money by itself. It sees
nothing of what is to come, because a view holds the present step and no more.

Letters: p paths, n accounts or positions in question, m feeds of the venue (prices of its assets
but the quote currency), u margin accounts of the venue, r positions in them. Money in quote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class AdlView:
    """Slot ``adl``: holders of the other side of one contract on one path, (n,) each.

    size            signed contracts, all of one sign; available: contracts >= 0 that may be closed
    mark, entry     contract prices; notional, profit: quote
    equity, maintenance   of the whole account
    needed          contracts > 0 to be found; deficit: what they lack at the mark, quote >= 0
    """

    size: Floats
    available: Floats
    mark: Floats
    entry: Floats
    notional: Floats
    profit: Floats
    equity: Floats
    maintenance: Floats
    needed: float
    deficit: float


class AdlStep(Protocol):
    """Contracts closed (n,), at the bankruptcy price: 0 to ``available``, ``needed`` in all."""

    def __call__(self, rule: Any, view: AdlView, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class SocialiseView:
    """Slot ``socialise``: a loss on one path and the accounts of the venue, (n,) each.

    loss      > 0, what no layer covered
    equity    of each account; notional: of its positions at margin prices
    """

    loss: float
    equity: Floats
    notional: Floats


class SocialiseStep(Protocol):
    """What each account bears (n,) >= 0, at most ``loss`` in all; the rest stays outside."""

    def __call__(self, rule: Any, view: SocialiseView, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class SizingView:
    """Slot ``sizing``: breached accounts of an order-book venue, (n,) each.

    equity, maintenance, notional of all positions; tried: forced closes so far
    """

    equity: Floats
    maintenance: Floats
    notional: Floats
    tried: Ints


class SizingStep(Protocol):
    """Fraction (n,) of each account's positions to close now, 0 to 1."""

    def __call__(self, rule: Any, view: SizingView, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class AuctionView:
    """Slot ``auction`` of a lending venue: calls on loans, (n,) each.

    waited    seconds since the loan could first be called
    bonus     fixed bonus of the collateral, a fraction of the debt repaid
    """

    waited: Floats
    bonus: Floats


class AuctionStep(Protocol):
    """Bonus (n,) on the debt repaid: above -1, at most 10; below 0 the keeper pays more."""

    def __call__(self, rule: Any, view: AuctionView, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class MarginView:
    """Slot ``dynamic_margin``: feeds of a venue of derivatives, (p, m) each; start (m,).

    step, seconds   the step, from 1, and its length
    price           seen by the venue; start: at the start
    restlessness    moving average of |return| over its expectation, 1 in calm markets
    depth_loss      depth at the start over depth now
    open_interest   notional of all longs of traders
    numbers         (p, NUMBERS) random numbers in (0, 1), of this path and step alone
    """

    step: int
    seconds: float
    start: Floats
    price: Floats
    restlessness: Floats
    depth_loss: Floats
    open_interest: Floats
    numbers: Floats


class MarginStep(Protocol):
    """Factor (p, m) on maintenance, 1 to 1000; at the start it is 1."""

    def __call__(self, rule: Any, view: MarginView, memory: Any, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class OracleView:
    """Slot ``oracle_source``: feeds of a venue, (p, m) each; start (m,).

    step, seconds   the step, from 1, and its length
    market          market price now; start: at the start
    numbers         (p, NUMBERS) random numbers in (0, 1), of this path and step alone
    """

    step: int
    seconds: float
    start: Floats
    market: Floats
    numbers: Floats


class OracleStep(Protocol):
    """Price (p, m) > 0 that is measured; the stages behind it send, cap and delay it."""

    def __call__(self, rule: Any, view: OracleView, memory: Any, /) -> Floats:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class HaltView:
    """Slot ``halt``: feeds of a venue, (p, m) each; start (m,).

    step, seconds   the step, from 1, and its length
    market, price   market price, and the price that the venue sees; start: at the start
    numbers         (p, NUMBERS) random numbers in (0, 1), of this path and step alone
    """

    step: int
    seconds: float
    start: Floats
    market: Floats
    price: Floats
    numbers: Floats


class HaltStep(Protocol):
    """True (p, m) where forced orders and keepers' calls in a feed's asset wait this step."""

    def __call__(self, rule: Any, view: HaltView, memory: Any, /) -> Bools:
        """The answer to one view."""
        ...


@dataclass(frozen=True)
class AgentView:
    """Slot ``agent``: margin accounts of an order-book venue, before they are checked.

    step, seconds          the step, from 1, and its length
    equity, maintenance    (p, u); desk (u,): True where the account is a desk's, not the crowd's
    size, notional         (p, r) signed contracts, and their notional at margin prices
    price, start           (p, r) contract price that margins the position, and (r,) at the start
    account                (r,) which of the u accounts holds the position
    numbers                (p, NUMBERS) random numbers in (0, 1), of this path and step alone
    """

    step: int
    seconds: float
    equity: Floats
    maintenance: Floats
    desk: Bools
    size: Floats
    notional: Floats
    price: Floats
    start: Floats
    account: Ints
    numbers: Floats


@dataclass(frozen=True)
class Wishes:
    """What the owners of accounts do.

    close     (p, r) fraction of each position to sell into the order book, 0 to 1
    pay_in    (p, u) quote from the outside world; below 0 it is taken out, at most equity less
              maintenance
    """

    close: Floats
    pay_in: Floats


class AgentStep(Protocol):
    """What owners do before the check; they may close positions, not open any."""

    def __call__(self, rule: Any, view: AgentView, memory: Any, /) -> Wishes:
        """The answer to one view."""
        ...
