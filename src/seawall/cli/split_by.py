"""What `seawall check --parts-by` can split DRE by; light, for the command line."""

from __future__ import annotations

from enum import StrEnum


class SplitBy(StrEnum):
    """As `seawall.exposure.parts_by.By`, which imports what runs the paths."""

    LEG = "leg"
    ASSET = "asset"
    VENUE = "venue"
