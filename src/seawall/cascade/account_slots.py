"""The slots of accounts' behaviour in a rulebook, and which venues have a use for which."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.agents.delever import Delever
from seawall.agents.run import PoolRun, VaultRun
from seawall.agents.stops import Stops
from seawall.agents.top_up import TopUp
from seawall.foundation.errors import InputError
from seawall.venues import Rulebook

ACCOUNT_SLOTS: Mapping[str, Mapping[str, type]] = {
    "top_up": {"top_up": TopUp},
    "delever": {"delever": Delever},
    "stops": {"stops": Stops},
    "run": {"pool": PoolRun, "vault": VaultRun},
}


def check_accounts(rulebook: Rulebook, mechanisms: Mapping[str, object]) -> None:
    """Raise InputError for behaviour that a venue gives no room to."""
    lends = rulebook.liquidation.style == "keeper"
    where = f"rulebook {rulebook.name}"
    for slot in ("delever", "stops"):
        if lends and slot in mechanisms:
            raise InputError(
                f"[mechanisms.{slot}] sells positions in an order book",
                file=where,
                expected='liquidation.style = "orderbook"; owners of loans have the slot top_up',
            )
    run = mechanisms.get("run")
    if isinstance(run, PoolRun) and not lends:
        raise InputError(
            '[mechanisms.run] rule = "pool" is a run on a lending pool',
            file=where,
            expected='liquidation.style = "keeper", or rule = "vault"',
        )
    if isinstance(run, VaultRun) and "backstop" not in rulebook.waterfall.layers:
        raise InputError(
            '[mechanisms.run] rule = "vault" is given, and the waterfall has no backstop vault',
            file=where,
            expected='"backstop" among the layers of [waterfall]',
        )
