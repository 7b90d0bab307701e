"""What all runs of one compiled Case share, whatever their paths: made once."""

from __future__ import annotations

from typing import Any

from seawall.cascade.fast.compile import compile_fixed, priced_alone
from seawall.cascade.fast.handover import Handover
from seawall.cascade.fast.kept import Kept
from seawall.cascade.fast.quiet import compile_quiet
from seawall.cascade.fast.slots import is_plain_market, is_quietly_native
from seawall.cascade.setup import Setup


class MadeOnce:
    """Records of a Setup over so many steps, calls with them, and memory that runs have left.

    fixed: for all compiled code; quiet: where mechanisms act in every step, else None.
    """

    def __init__(self, setup: Setup, steps: int) -> None:
        self.setup = setup
        self.fixed = compile_fixed(setup, steps, alone=priced_alone(setup))
        self.quiet = None if is_plain_market(setup) else compile_quiet(setup)
        self.call = Handover()
        self._left: list[Kept] = []

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: memory that runs have left is of this one."""
        return {**self.__dict__, "_left": []}

    def borrow(self, paths: int) -> Kept:
        """Memory for so many paths that no other run has; threads may ask at once."""
        try:
            found = self._left.pop()
        except IndexError:
            return Kept(self.setup, self.fixed, paths)
        return found if found.paths >= paths else Kept(self.setup, self.fixed, paths)

    def give_back(self, memory: Kept) -> None:
        """Nobody reads this memory any more."""
        self._left.append(memory)


def make_once(setup: Setup, steps: int) -> MadeOnce | None:
    """None where the plain loop moves the market: its runs share nothing."""
    if is_plain_market(setup) or is_quietly_native(setup):
        return MadeOnce(setup, steps)
    return None
