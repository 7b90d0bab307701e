"""The laws that a user's mechanism is held against: id, sentence, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """sentence: what must hold; look_at: where a mechanism that breaks it is usually wrong."""

    sentence: str
    look_at: str


LAWS: Mapping[str, Law] = {
    "O1": Law(
        "a mechanism answers every question, in the form that is asked for",
        "the shape and type of what step() returns, and what it does with empty or zero inputs",
    ),
    "O2": Law(
        "a mechanism does not write to what it is shown",
        "assignments into a view, such as view.price[...] = or +=: work on a copy",
    ),
    "O3": Law(
        "every number is finite, whatever is zero",
        "divisions and logarithms: equity, notional, open interest and waiting may be zero",
    ),
    "O4": Law(
        "nobody closes, pays or takes more than there is, nor less than nothing",
        "signs of shorts, fractions above 1, withdrawals beyond equity less maintenance",
    ),
    "O5": Law(
        "a source shows the market price of its asset while the market stands still",
        "columns of view.market and view.start: one per asset; a price taken from another one",
    ),
    "O6": Law(
        "a mechanism that was never asked has not been tested",
        "whether the slot is the right one; more examples",
    ),
    "L10": Law(
        "same seed, same Case: same tape, whatever ran before",
        "np.random, random, time, hash(), id(), sets, global variables that step() changes",
    ),
    "L1": Law(
        "money and sizes are conserved over all accounts",
        "report it: the loop books every amount twice, so this should not be possible",
    ),
    "L2": Law(
        "an account that nothing has reached changes nothing when it is looked at",
        "state that counts how often step() is asked",
    ),
    "L4": Law(
        "each dollar of loss lands on exactly one payer, and nothing is paid twice",
        "what the parts sum to: at most the loss, or the contracts needed",
    ),
    "L5": Law(
        "without impact the market price is the exogenous price",
        "report it: only orders move the market, so this should not be possible",
    ),
    "L6": Law(
        "a path does not depend on the paths beside it, nor on how they are cut into chunks",
        "means, sorts, ranks or first rows along the first axis of (p, ...) arrays, or over the "
        "accounts of all paths in (n,) arrays",
    ),
    "L7": Law(
        "all money times c leaves every ratio unchanged",
        "amounts of money that stand in the code; those that are parameters are declared AMOUNT",
    ),
}
