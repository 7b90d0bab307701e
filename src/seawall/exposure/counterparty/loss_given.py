"""What a claim loses when that on which it stands fails: by type of claim.

    depositor on an exchange, bridge token holder, stablecoin holder, share of a pool, lender

loss = 1 - recovery, as a share of the claim. Where incidents can be matched to value locked, the
share lost (less what is known to have come back) is measured; else a stated assumption stands,
with a range (low, high) that a Case may be asked about.

The assumptions (of Seawall, not measured): an exchange's customers lose half, between a tenth (a
theft made good from profits) and nine tenths (an estate of the first years); a token of an emptied
bridge is worth two fifths; a stablecoin that breaks for good keeps seven tenths on the mean, most
come back, some go to nothing; a pool's shares lose half; a lender a third, because a theft leaves
what was lent against good collateral. Wrong when: claims are traded, ranked or insured.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.kinds import KINDS, Kind

Floats = NDArray[np.float64]
LEAST = 5  # matched incidents of a kind before their mean is taken


class Claim(StrEnum):
    """What a customer holds; each with its sentence."""

    DEPOSITOR = "depositor"  # money or positions on an exchange
    BRIDGE_HOLDER = "bridge_holder"  # a token that a bridge issued
    STABLECOIN_HOLDER = "stablecoin_holder"  # a token that promises a price
    POOL_SHARE = "pool_share"  # a share of a contract's pool
    LENDER = "lender"  # a deposit that a contract lends


@dataclass(frozen=True)
class Loss:
    """Share of a claim lost: mean, and the range of the assumption or of the measured mean."""

    kind: Kind
    mean: float
    low: float
    high: float
    source: str
    count: int = 0


ASSUMED_LOSS: dict[Claim, Loss] = {
    Claim.DEPOSITOR: Loss(Kind.VENUE, 0.5, 0.1, 0.9, "assumed"),
    Claim.BRIDGE_HOLDER: Loss(Kind.BRIDGE, 0.6, 0.2, 0.95, "assumed"),
    Claim.STABLECOIN_HOLDER: Loss(Kind.STABLECOIN, 0.3, 0.05, 0.95, "assumed"),
    Claim.POOL_SHARE: Loss(Kind.CONTRACT, 0.5, 0.1, 0.95, "assumed"),
    Claim.LENDER: Loss(Kind.CONTRACT, 0.35, 0.1, 0.9, "assumed"),
}


def losses(kind: NDArray[np.int64], lost: Floats) -> dict[Claim, Loss]:
    """By claim: measured on shares lost (n,) of incidents of ``kind`` (n,), else assumed.

    lost is not a number where an incident is on no list with a value.
    """
    out = {}
    for claim, assumed in ASSUMED_LOSS.items():
        mine = lost[(kind == KINDS.index(assumed.kind)) & np.isfinite(lost)]
        if mine.size < LEAST:
            out[claim] = assumed
            continue
        half = 1.96 * float(mine.std(ddof=1)) / float(np.sqrt(mine.size))
        mean = float(mine.mean())
        low, high = max(mean - half, 0.0), min(mean + half, 1.0)
        out[claim] = Loss(assumed.kind, mean, low, high, "measured", int(mine.size))
    return out
