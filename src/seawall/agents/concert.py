"""Acting in concert: everybody's own draw, with a stated share of it common to all.

A Gaussian copula: U = N(sqrt(c) N^-1(V) + sqrt(1 - c) N^-1(W)), V common to a path, W one's own.
Each U is uniform whatever c is, so behaviour in concert differs from independent behaviour by who
acts together and by nothing else. c = 0 gives W and c = 1 gives V, bit for bit.

Source: Vasicek (1987) for one common factor. Wrong where people imitate the first who act: here
they have one cause in common and do not look at each other.
"""

from __future__ import annotations

import math

from seawall.book.book import Floats
from seawall.foundation.elementary import inverse_normal


def in_concert(concert: Floats, common: Floats, own: Floats) -> Floats:
    """Uniform draws (n,) of which ``concert`` (n,) is common; ``common`` and ``own`` (n,)."""
    if not (concert > 0.0).any():
        return own
    if (concert == 1.0).all():
        return common
    from scipy.special import ndtr

    shared, alone = concert**0.5, (1.0 - concert) ** 0.5
    both = ndtr(shared * inverse_normal(common) + alone * inverse_normal(own))
    # Never 0 or 1: what is made of a draw may divide by it or take its logarithm.
    inside = both.clip(math.ulp(0.5), 1.0 - math.ulp(0.5))
    mixed: Floats = inside
    mixed[concert == 0.0] = own[concert == 0.0]
    mixed[concert == 1.0] = common[concert == 1.0]
    return mixed
