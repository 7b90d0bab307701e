"""The assumed depth by hand, and against the law it is matched to."""

from __future__ import annotations

import math

import pytest

from seawall.connect.assumed import MATCHED_SHARE, assumed_depth


def test_depth_by_hand() -> None:
    # Daily sigma of 2%: selling 1% of the day moves 2% x 0.1 = 0.2%, so 10M / 0.002 = 5bn.
    annual = 0.02 * math.sqrt(365.0)
    assert assumed_depth(1e9, annual) == pytest.approx(5e9)


def test_linear_impact_meets_the_square_root_law_at_the_matched_size() -> None:
    volume, annual = 30e6, 1.0
    sold = MATCHED_SHARE * volume
    law = annual / math.sqrt(365.0) * math.sqrt(sold / volume)
    assert sold / assumed_depth(volume, annual) == pytest.approx(law)
