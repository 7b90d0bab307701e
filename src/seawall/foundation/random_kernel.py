"""Compiled twin of :mod:`.random`: Philox4x32-10 and the doubles made of it, the same bits.

Words are 32 bits in 64, as there. In a loop over steps of one path the ten rounds become vector
multiplications of 32 by 32 bits.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.foundation.elementary_kernel import centre, double_of, logarithm, tail
from seawall.foundation.elementary_numbers_kernel import (
    CENTRE,
    CENTRE_SQUARE,
    FIRST_WHOLE,
    FIRST_WHOLE_BITS,
    GRID,
    LOW_WORD,
    MULTIPLIER_0,
    MULTIPLIER_1,
    SMALLEST,
    TAIL_FROM,
    WEYL_0,
    WEYL_1,
)

Word = np.uint64
M0, M1 = np.uint64(MULTIPLIER_0), np.uint64(MULTIPLIER_1)
W0, W1 = np.uint64(WEYL_0), np.uint64(WEYL_1)
LOW, HALF, ELEVEN = np.uint64(LOW_WORD), np.uint64(32), np.uint64(11)
UPPER = 2097152.0  # 2^21: the high word stands 21 bits above what is left of the low one
BLOCK = 64
PADDING = 16  # a multiple of how many numbers the processor takes at once

UNIFORMS = "void(u8, u8, u8[::1], u8[::1], i8, f8[:, :, ::1])"


@helper
def philox_round(
    c0: Word, c1: Word, c2: Word, c3: Word, key_0: Word, key_1: Word
) -> tuple[Word, Word, Word, Word]:
    """One of the ten rounds; all words below 2^32."""
    product_0, product_1 = c0 * M0, c2 * M1
    return (
        (product_1 >> HALF) ^ c1 ^ (key_0 & LOW),
        product_1 & LOW,
        (product_0 >> HALF) ^ c3 ^ (key_1 & LOW),
        product_0 & LOW,
    )


@helper
def philox(c0: Word, c1: Word, c2: Word, c3: Word, seed: Word) -> tuple[Word, Word, Word, Word]:
    """Philox4x32-10 of one counter. ``seed``: low word is key 0, high word key 1."""
    a, b = seed & LOW, seed >> HALF
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a, b)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0, b + W1)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(2), b + W1 * Word(2))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(3), b + W1 * Word(3))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(4), b + W1 * Word(4))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(5), b + W1 * Word(5))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(6), b + W1 * Word(6))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(7), b + W1 * Word(7))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, a + W0 * Word(8), b + W1 * Word(8))
    return philox_round(c0, c1, c2, c3, a + W0 * Word(9), b + W1 * Word(9))


@helper
def unit(low: Word, high: Word) -> float:
    """The upper 53 of 64 bits as a fraction in (0, 1); zero becomes 2^-54."""
    # Both parts are whole and their sum is below 2^53: exact, without converting an integer.
    upper = double_of(np.int64(high) + FIRST_WHOLE_BITS) - FIRST_WHOLE
    lower = double_of(np.int64(low >> ELEVEN) + FIRST_WHOLE_BITS) - FIRST_WHOLE
    fraction: float = (upper * UPPER + lower) * GRID
    return fraction if fraction > SMALLEST else SMALLEST


@helper
def uniform_block(
    steps: np.ndarray,
    number: Word,
    path: Word,
    stream: Word,
    seed: Word,
    even: np.ndarray,
    odd: np.ndarray,
) -> None:
    """Numbers 2 n and 2 n + 1 (n = ``number``) of one path at BLOCK steps."""
    for t in range(BLOCK):
        a, b, c, d = philox(number, steps[t] & LOW, path, stream, seed)
        even[t], odd[t] = unit(a, b), unit(c, d)


@helper
def normal_rows(rows: np.ndarray, tails: np.ndarray, place: np.ndarray) -> None:
    """Uniforms (n, BLOCK) become standard normal numbers.

    The centre's fraction is taken everywhere, the tails' logarithm and root only where needed: what
    lies in the tails is gathered, worked on together and put back. Scratch: tails of floats, place
    of integers, each n x BLOCK + PADDING long.
    """
    found = 0
    for n in range(rows.shape[0]):
        row = rows[n]
        for t in range(BLOCK):
            q = row[t] - 0.5
            tails[found] = q
            place[found] = n * BLOCK + t
            found += abs(q) > CENTRE
        for t in range(BLOCK):
            q = row[t] - 0.5
            top, bottom = centre(CENTRE_SQUARE - q * q)
            row[t] = q * (top / bottom)
    # Whole vectors: what lies beyond is worked on too and never read.
    for i in range((found + PADDING - 1) // PADDING * PADDING):
        q = tails[i]
        # Exact: the smaller of u and 1 - u, as u is a multiple of 2^-53 or is 2^-54.
        top, bottom = tail(math.sqrt(-logarithm(0.5 - abs(q))) - TAIL_FROM)
        tails[i] = math.copysign(top / bottom, q)
    flat = rows.reshape(-1)
    for i in range(found):
        flat[place[i]] = tails[i]


@kernel(UNIFORMS)
def uniforms(
    seed: Word, stream: Word, paths: np.ndarray, steps: np.ndarray, count: int, out: np.ndarray
) -> None:
    """Fill ``out`` (p, t, count), as :func:`seawall.foundation.random.uniforms`."""
    at = np.zeros(BLOCK, dtype=np.uint64)
    even, odd = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(0, steps.size, BLOCK):
        block = steps[first : first + BLOCK]
        at[: block.size] = block
        for p in range(paths.size):
            for n in range((count + 1) // 2):
                uniform_block(at, Word(n), paths[p], stream, seed, even, odd)
                for t in range(block.size):
                    out[p, first + t, 2 * n] = even[t]
                if 2 * n + 1 < count:
                    for t in range(block.size):
                        out[p, first + t, 2 * n + 1] = odd[t]
