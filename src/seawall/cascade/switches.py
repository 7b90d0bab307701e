"""Which channels of loss act on a path: what the worlds behind the parts of DRE switch off.

Prices always move. Beside them a path may be without

* **trace**: no order moves the market price. Nor do arbitrageurs, hedgers or an attacker;
* **slippage**: every order executes at the market price before it, whatever depth it takes;
* **mutual** losses: nobody is deleveraged and no account pays a share of another's loss; the
  outside world, which advances a socialised loss, keeps it. The venue's own layers still pay;
* waiting for settlement (**prompt**): keepers act and have their capital back at once, owners'
  margin arrives when they decide, a linked venue without a block trades. Liquidations that are
  sent or committed land at once on paths whose feeds are fresh (`PathWorlds.fresh`).

Failures have a switch of their own (`PathWorlds.safe`). Which switch belongs to which channel, and
why, is in docs/decisions/016-parts-of-dre.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Ints


@dataclass(frozen=True)
class Switches:
    """True (p,) where orders leave a trace, orders pay slippage, losses are mutual, and where
    nothing waits for settlement.
    """

    trace: Bools
    slippage: Bools
    mutual: Bools
    prompt: Bools

    def only(self, path: Ints) -> Switches:
        """Those of chosen paths (n,)."""
        return Switches(self.trace[path], self.slippage[path], self.mutual[path], self.prompt[path])


def all_on(paths: int) -> Switches:
    """Every channel on every path."""
    yes = np.ones(paths, dtype=bool)
    return Switches(yes, yes.copy(), yes.copy(), ~yes)


def in_force(wanted: Switches | None, paths: int, *, feedback: bool) -> Switches:
    """The switches of a run; where its paths are labelled `total` no order leaves a trace."""
    found = all_on(paths) if wanted is None else wanted
    return (
        found
        if feedback
        else Switches(np.zeros(paths, dtype=bool), found.slippage, found.mutual, found.prompt)
    )
