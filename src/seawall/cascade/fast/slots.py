"""Which slots leave a step to the compiled loop: those that act only while an account is closed."""

from __future__ import annotations

from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.waterfall.pool_flag import PoolFlag

# Slots of a venue that act only while an account is being closed, or not at all in the loop.
CLOSING = frozenset(
    "sizing margin_call auction keepers adl socialise fund liquidation_rate_limit withdrawal_gate "
    "open_interest_cap".split()
)


def is_plain_market(setup: Setup) -> bool:
    """Whether the compiled loop does quiet steps itself: no slot acts between path and check."""
    if setup.market_mechanisms or setup.oracles is not None or setup.scaling is not None:
        return False
    slots = {slot for mechanisms in setup.mechanisms for slot in mechanisms}
    flags = any(chosen(m, "adl", PoolFlag) for m in setup.mechanisms)
    own = any(isinstance(rule, Own) for m in setup.mechanisms for rule in m.values())
    return slots <= CLOSING and not flags and not own
