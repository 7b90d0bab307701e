"""What every answer of this version rests on: the numbered assumptions A1 to A12.

The marks beside the numbers of a report (A7, ...) point here. docs/assumptions.md prints the same
texts; a test holds the two equal, so this dictionary is the one place to edit. A number is never
reused: an assumption that is dropped leaves a gap.
"""

from __future__ import annotations

ASSUMPTIONS: dict[str, str] = {
    "A1": (
        "Impairment is the first of: forced liquidation; equity below zero; forced reduction by "
        "auto-deleveraging or a socialised loss; loss of more than theta of starting equity. Theta "
        "is the case's loss_fraction, 50% unless stated. A venue or the protocol is impaired when "
        "bad debt exceeds what its insurance layer holds."
    ),
    "A2": (
        "Model interval: volatility and depth are redrawn from a stated bootstrap and the same "
        "random numbers are run again; it holds the error of those inputs and no other."
    ),
    "A3": (
        "Prices are diffusions with jumps, with the correlations of the case, in fixed time steps; "
        "one seed fixes every path. Simulation intervals are Wilson intervals at 95%."
    ),
    "A4": (
        "Fitted history already holds the crowd's feedback. Paths labelled total run with that "
        "feedback off; only paths labelled exogenous run with it on."
    ),
    "A5": (
        "Depth is the case's, gets thinner when volatility rises and refills at a stated rate "
        "after it is taken."
    ),
    "A6": (
        "Liquidation and exit orders move the price by the case's impact rule; an exit uses at "
        "most a tenth of an instrument's daily volume."
    ),
    "A7": (
        "Accounts of the crowd are generated from open interest, long/short skew, a distribution "
        "of leverage and a concentration of sizes, unless the case holds the real ones; light and "
        "heavy crowds differ in leverage alone."
    ),
    "A8": (
        "The oracle publishes when the price leaves its deviation threshold or its heartbeat is "
        "over, and each update arrives after a fixed delay."
    ),
    "A9": (
        "Venues act by their rulebooks as of the dates in the manifest; which price governs "
        "margin, liquidation and auto-deleveraging is read from there."
    ),
    "A10": (
        "Venues, bridges, stablecoins and contracts do not fail in this version; the loss of "
        "claims on them is not in any number."
    ),
    "A11": (
        "A remedy acts at the start of the horizon and nobody else reacts to it. Its deadline is "
        "the time at which the chance of having broken reaches a third of the limit."
    ),
    "A12": (
        "Implied volatility moves with the spot price by a fixed rule; skew and term structure "
        "keep their shape."
    ),
}
