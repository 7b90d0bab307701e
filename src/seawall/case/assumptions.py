"""What every answer of this version rests on: the numbered assumptions A1 to A17.

The marks beside the numbers of a report (A7, ...) point here. docs/assumptions.md prints the same
texts; a test holds the two equal, so this dictionary is the one place to edit. A number is never
reused: an assumption that is dropped leaves a gap.
"""

from __future__ import annotations

ASSUMPTIONS: dict[str, str] = {
    "A1": (
        "Impairment of a desk is the first of: forced liquidation, in part or in full, of any of "
        "its margin accounts; equity below zero of any; forced reduction by auto-deleveraging or "
        "a socialised loss; claims lost on a venue that failed or was robbed; loss over all its "
        "accounts of more than theta of starting equity. "
        "Theta is the case's loss_fraction, 50% unless stated; where the case or --counts names "
        "kinds of impairment, only those count. A venue or the protocol is "
        "impaired when bad debt exceeds what its insurance layer holds: at the first deleveraging "
        "or socialised loss, when a vault of last resort has paid more than its capital and the "
        "equity it took over, or when debt beyond collateral is still open at the end and larger "
        "than what fund and vault hold; or when claims on it are lost. Open debt counts at the end "
        "of the run only."
    ),
    "A2": (
        "Model interval: volatility (jumps with it) and depth have a stated prior, from the "
        "case's errors of volatility, branching ratio and depth. The engine runs at the base and "
        "at three points of that prior on the same random numbers, and the rest is interpolated. "
        "It holds the error of those inputs and no other; errors of different assets are taken as "
        "one."
    ),
    "A3": (
        "Prices have no drift and the correlations of the case, and move in fixed time steps by "
        "the model that the scenario names: as a diffusion of constant volatility, with common "
        "jumps if it states them, or by one with parameters of its own; nothing happens between "
        "two steps. One seed fixes every path. Simulation intervals are at 95%: of a chance "
        "Wilson's, or with --rare the gamma interval of weighted paths; of a mean Hall's, with "
        "Student's quantile."
    ),
    "A4": (
        "Fitted history already holds the crowd's feedback. Paths labelled total run at the "
        "case's volatility with that feedback off: forced orders pay their impact and leave no "
        "trace in the price. Paths labelled exogenous run with it on, at (1 - branching ratio) "
        "times that volatility, which in models with parameters of their own scales every move. "
        "Jumps of jump_diffusion are used as stated under both labels. A scenario fitted by "
        "`seawall scenarios fit` has the crowd's response taken out of its history instead, by a "
        "stated prior, and a branching ratio of 0."
    ),
    "A5": (
        "Each asset has one market, which all venues and instruments share unless the market's "
        "links give a venue a book of its own; its depth is the case's. Under linear impact, or "
        "where the market names a depth rule, depth gets thinner while a one-hour average of the "
        "price's moves is above normal. A stated share of an order's impact stays; the rest decays "
        "at a stated rate. Makers' "
        "capital and limits and hedgers' gamma, where the market names them, are the case's own "
        "opinion: hedgers are hedged at the start, makers hold nothing then."
    ),
    "A6": (
        "Forced orders execute at once and move the price by the case's impact rule, options by "
        "their delta; orders of one round in one asset pay one mean price, and the venue's "
        "liquidation and taker fees. A keeper calls a loan when the sale, at the mean price of "
        "its own impact, pays for the repayment, its interest and gas: the largest collateral "
        "first, then the others, then half as much, and so on up to ten times; of calls that sell "
        "one asset in one round only as many are made as their joint sale still pays for. Keepers "
        "go on within the step until the loan is healthy or no call pays. An exit uses at most a "
        "tenth of an asset's daily volume; its cost is that of trading all at once."
    ),
    "A7": (
        "Accounts of the crowd are generated from open interest, long/short skew, a distribution "
        "of leverage and a concentration of sizes, unless the case holds the real ones; light and "
        "heavy crowds differ in the cash and collateral behind the same positions and debts. "
        "Within the horizon nobody, crowd or desk, trades, adds or withdraws unless forced, but "
        "where a rulebook's slots of behaviour say so: top_up, delever, stops and run, whose "
        "numbers are the case's own opinion; a desk acts only where they name its account."
    ),
    "A8": (
        "The oracle looks at the market once a step. It publishes when the price has left its "
        "deviation threshold or its heartbeat is over, and each update arrives after a fixed "
        "delay, rounded to whole steps: below half a step to none. A feed without threshold, "
        "heartbeat and delay is the market price itself, also within a step."
    ),
    "A9": (
        "Venues act by their rulebooks as of the dates in the manifest. The price that governs "
        "margin, liquidation and auto-deleveraging is read from there and keeps its ratio to "
        "spot, in the quote currency, whatever a contract pays in: a stablecoin that loses its "
        "peg moves what its contracts pay, not their price. A wait after a partial close lasts "
        "whole steps, at least one. A backstop vault that is solvent takes accounts between zero "
        "and the rulebook's share of maintenance, at the market price, and keeps what it takes. "
        "Auto-deleveraging closes accounts below zero when they owe more than the fund before it "
        "holds, but none with options. What no layer covers falls on the vault where the venue "
        "has one and socialises nothing, else on the equity of the venue's accounts, at a lending "
        "market on its lenders."
    ),
    "A10": (
        "Venues, bridges, stablecoins, contracts and oracles fail only where the market's slot "
        "failures says so, once at most, at a stated time or at a rate that is constant, or "
        "rises with the drawdown of an asset where the case says by how much; a rate is the "
        "case's own opinion, fitted or assumed, as its rate_source says. A failed venue closes "
        "all positions at the market price and pays the stated share of equity above zero; what"
        " is stolen goes to the outside world. Without the slot the loss of claims is not in "
        "any number."
    ),
    "A11": (
        "A remedy is one action of the desk, or two, at the start of the horizon, and nobody "
        "else reacts to it: cash into an account, the repayment of a debt, cash or collateral "
        "moved between its own accounts, or the sale of a part of a leg. Money from outside "
        "costs financing at 7% a year; a sale costs half the stated spread, the taker fee and "
        "its impact by the case's law, once; they are ranked by cost over the horizon of the "
        "limit. It is searched on the paths of the answer, run again: more cash is taken to "
        "break nothing elsewhere; a move or a sale is also run on the paths that come nearest "
        "to breaking, by `seawall remedy` on all. Its amount brings the upper end of the 95% "
        "simulation interval under the limit where one does. Its deadline is the time at which "
        "the chance of having broken reaches a third of the limit."
    ),
    "A12": (
        "An option's implied volatility moves with the spot price by its own or the asset's "
        "implied_slope and is never below 1%; it does not follow the volatility of the paths. The "
        "forward keeps its ratio to spot. Options that expire on the way pay their intrinsic "
        "value, dated futures their margin price. Funding and interest stay at the case's rates."
    ),
    "A13": (
        "Tail: a desk's Monte Carlo losses are the fall of its equity at the horizon, liquidated "
        "or not. Historical rows revalue the book as it stands, on moves that hold the crowd's "
        "feedback of their day, and nobody is liquidated; in today's size means over an "
        "exponentially weighted volatility whose memory is .85 a day. An exit takes a tenth of "
        "daily volume, or a hundredth of depth each time the book has recovered, whichever takes "
        "longer. A stressed exit meets the depth at 1.5 standard deviations of the prior of "
        "depth, thinned as at three times normal volatility; a bad day's spread is its mean and "
        "three of its standard deviations. These shares and multiples are Seawall's own."
    ),
    "A14": (
        "A remedy lands after its lead time, which no venue's words state: 60 seconds inside a "
        "venue, 15 minutes for a transfer, an hour more to withdraw from a venue with an order "
        "book, and the blocks of the destination's chain where the case states them; a "
        "repayment on such a chain takes its blocks alone, an order no time. Paths that have "
        "broken by then stay broken; those that have not are run as if it had been in place "
        "from the start. An action whose lead is longer than its deadline is ranked last."
    ),
    "A15": (
        "Collateral costs financing of 7% a year of what is posted, new money 3% a year more, a "
        "conversion 0.05% of each side; the peg of a stable asset beside the quote currency "
        "breaks with a chance of 2% a year and loses 10%: unless the desk's own terms say "
        "otherwise. A transfer costs no fee. A cash ladder counts what is due less equity as if "
        "no money came and nobody closed the desk's accounts; in its run the simulation's own "
        "money keeps them open, while the crowd is closed as always and the desk's options and "
        "futures that expire are not settled. What an account has free over maintenance margin up "
        "to an hour can be sent elsewhere at the start and lands after the lead times of A14."
    ),
    "A16": (
        "Reverse stress: a shock comes at once, and prices then stand still for an hour but for "
        "the orders it sets off; nothing fails, and every shock sees the same random numbers. "
        "Axes are taken as independent of one another, assets as correlated by the case. Where "
        "the case states no error, one unit is a factor exp(0.25) on volatility or exp(0.5) on "
        "depth; one unit of latency is 12 seconds, or a step where that is longer. Caps: an "
        "exposure grows by more accounts like those there are, while depth stays; where the case "
        "states no limit of the venue, its fund is ruined on at most 1% of paths. What a keeper's "
        "wait of one block costs is half of a normal move of the price and financing at 7% a "
        "year; the cap by the law of impact alone is for a move of three daily sigmas at once."
    ),
    "A17": (
        "Explain: a cause is knocked out of a path and everything else kept, random numbers and "
        "accounts included; causes of the world come before responses to them, and what several "
        "do together is shared evenly by Shapley values. Responses that a case cannot do without "
        "are not knocked out, and are named. What changed: of a desk's account that both cases "
        "have, equity that the market's move does not explain is cash; positions change at "
        "constant equity. With more than five drivers their shares are the mean of one order and "
        "its reverse, in which what they do together falls as those two orders have it."
    ),
}
