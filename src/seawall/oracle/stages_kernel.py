"""Places of the oracle's stages in ``OracleRule.used``, for the plain and the compiled step."""

from __future__ import annotations

TWAP, MEDIAN, PULL, LANDING, CAPPED, AUCTION, CONFIDENCE = range(7)
