"""The slots of oracles and settlement, for the table of mechanisms."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.market.chain import Settlement
from seawall.oracle.auction_delayed import AuctionDelayed
from seawall.oracle.capped import Capped
from seawall.oracle.commit_then_settle import CommitThenSettle
from seawall.oracle.confidence import Confidence
from seawall.oracle.median import Median
from seawall.oracle.pull import Pull
from seawall.oracle.twap import Twap

ORACLE_SLOTS: Mapping[str, Mapping[str, type]] = {
    "oracle_source": {"twap": Twap, "median": Median},
    "oracle": {"pull": Pull, "commit_then_settle": CommitThenSettle},
    "oracle_cap": {"capped": Capped},
    "oracle_auction": {"auction_delayed": AuctionDelayed},
    "oracle_confidence": {"confidence": Confidence},
    "settlement": {"chain": Settlement},
}
