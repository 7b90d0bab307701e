"""Random numbers by name: the same (seed, stream, path, step) gives the same number for ever.

A counter-based generator has no state to carry: number ``c`` of a path and step is a function of
its address. So results depend neither on chunks nor on threads nor on how far a run goes, and two
mechanisms compared on one seed see the same world.

Address: counter words (block, step, path, stream), key words (low and high half of the seed), in
Philox4x32 with ten rounds. One block of four 32-bit words gives two doubles, so element ``c`` of a
draw lies in block ``c // 2`` and does not depend on how many were asked for.

Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
Wrong when: more than 2^32 paths, steps or 2^33 numbers per path and step are wanted.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.elementary import inverse_normal
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85
_LOW_WORD = np.uint64(0xFFFFFFFF)
_WORD = np.uint64(32)
_ROUNDS = 10

# Blocks handled at once: eight working arrays of this length stay inside a core's own cache.
_CHUNK = 8_192
# Fewer numbers than this are drawn before the compiled code is even loaded.
WORTH_COMPILED = 2_000_000


class Stream(IntEnum):
    """What a number is for; each purpose has its own stream so that none disturbs another.

    The values are part of every stored result: add new ones at the end, never renumber.
    """

    PRICE = 0  # diffusion of exogenous prices
    JUMP_TIME = 1  # how many jumps in a step
    JUMP_SIZE = 2  # how large they are
    CROWD = 3  # generated accounts
    MODEL = 4  # draws of uncertain parameters (model interval)
    BOOTSTRAP = 5  # resampling
    KEEPER = 6  # keepers' presence and delay
    FAILURE = 7  # failing venues, bridges, stablecoins
    MARGIN_CALL = 8  # owners who top up
    BID = 9  # bidders' own valuations
    DELEVERAGING = 10  # where the walk over counterparties begins
    BLOCK = 11  # blocks of chains: when they come, halts, reorganisations, censorship
    SOURCE = 12  # sources behind a median: noise and failures
    PULL = 13  # outages of publishers of pulled prices
    UPDATE = 14  # bids for oracle updates
    BLOCK_ORDER = 15  # who comes first within a block
    VOLATILITY = 16  # shocks of stochastic volatility
    HISTORY = 17  # which bars of history a bootstrapped path takes
    TAIL = 18  # the common scale of a t copula
    OWNER = 22  # owners who add margin or sell
    STOP = 23  # who has a stop-loss order, and how far away
    DEPOSITOR = 24  # depositors who leave
    FAILURE_SHOCK = 25  # common shocks that several failures share
    ORDER = 30  # orders in which the players of a game come (Shapley values)
    OWN = 29  # mechanisms that users write
    EVENT = 28  # noise between the knots of a replayed event
    COUNTERPARTY = 31  # what a fit of hazards does not know, and the incidents it forecasts
    TAIL_BLOCK = 32  # blocks of past losses, resampled for the interval of a tail
    WINDOW = 33  # which window of history a filtered path takes


def philox(counter: Words, seed: int) -> Words:
    """Philox4x32-10 of each column of ``counter``.

    counter (4, m) uint64 holding 32-bit words; it is used as scratch and must not be read again.
    Returns (4, m) uint64 holding 32-bit words. ``seed``: low word is key 0, high word key 1.
    """
    c0, c1, c2, c3 = counter
    product_0, product_1 = np.empty_like(c0), np.empty_like(c0)
    key_0, key_1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(_ROUNDS):
        np.multiply(c0, _MULTIPLIER_0, out=product_0)
        np.multiply(c2, _MULTIPLIER_1, out=product_1)
        # c1 and c3 are read here for the last time before their low words take their place.
        np.right_shift(product_1, _WORD, out=c0)
        np.bitwise_xor(c0, c1, out=c0)
        np.bitwise_xor(c0, np.uint64(key_0), out=c0)
        np.right_shift(product_0, _WORD, out=c2)
        np.bitwise_xor(c2, c3, out=c2)
        np.bitwise_xor(c2, np.uint64(key_1), out=c2)
        np.bitwise_and(product_1, _LOW_WORD, out=c1)
        np.bitwise_and(product_0, _LOW_WORD, out=c3)
        key_0 = (key_0 + _WEYL_0) & 0xFFFFFFFF
        key_1 = (key_1 + _WEYL_1) & 0xFFFFFFFF
    return counter


def uniforms(seed: int, stream: Stream, paths: ArrayLike, steps: ArrayLike, count: int) -> Floats:
    """Uniform numbers strictly between 0 and 1, on the grid of 2^-53.

    paths (p,) and steps (t,) are integers from 0 to 2^32 - 1, ``seed`` from 0 to 2^64 - 1.
    Returns (p, t, count). Any subset of paths and steps, and any smaller count, gives the same
    numbers bit for bit.

    Raises InputError for a seed, path, step or count outside its range.
    """
    path = path_words(seed, paths)
    step = _as_words(steps, "step")
    if not 0 <= count <= 2**33:
        raise InputError(f"{count} numbers were asked for", expected="a count from 0 to 2^33")
    if path.size * step.size * count >= WORTH_COMPILED:
        compiled = _compiled(seed, stream, path, step, count)
        if compiled is not None:
            return compiled
    return _plain(seed, stream, path, step, count)


def _compiled(seed: int, stream: Stream, path: Words, step: Words, count: int) -> Floats | None:
    """The same bits by the kernel; None while it is not ready."""
    from seawall.foundation import random_kernel

    if not random_kernel.uniforms.ready():
        return None
    out = np.empty((path.size, step.size, count))
    random_kernel.uniforms(np.uint64(seed), np.uint64(stream), path, step, count, out)
    return out


def _plain(seed: int, stream: Stream, path: Words, step: Words, count: int) -> Floats:
    blocks = (count + 1) // 2
    row = np.tile(np.arange(blocks, dtype=np.uint64), step.size)
    row_step = np.repeat(step, blocks)
    numbers = np.empty((path.size, row.size, 2))
    if row.size == 0:
        return np.empty((path.size, step.size, count))
    together = max(1, _CHUNK // row.size)
    for first in range(0, path.size, together):
        chunk = path[first : first + together]
        for left in range(0, row.size, _CHUNK):
            right = min(left + _CHUNK, row.size)
            counter = np.empty((4, chunk.size, right - left), dtype=np.uint64)
            counter[0] = row[left:right]
            counter[1] = row_step[left:right]
            counter[2] = chunk[:, None]
            counter[3] = np.uint64(stream)
            words = philox(counter.reshape(4, -1), seed).reshape(counter.shape)
            target = numbers[first : first + together, left:right]
            target[..., 0] = _doubles(words[0], words[1])
            target[..., 1] = _doubles(words[2], words[3])
    drawn = numbers.reshape(path.size, step.size, 2 * blocks)
    return drawn if count == 2 * blocks else np.ascontiguousarray(drawn[..., :count])


def uniforms_at(
    seed: int, stream: Stream, paths: ArrayLike, step: ArrayLike, elements: ArrayLike
) -> Floats:
    """The numbers that :func:`uniforms` gives at chosen places of one step, or of many, (n,).

    paths (n,), step one number or (n,), elements (n,): element ``elements[i]`` of path ``paths[i]``
    at ``step[i]``, bit for bit. For the mechanism that needs a few numbers out of very many. Raises
    InputError as there.
    """
    words, element_words = _as_words(paths, "path"), _as_words(elements, "element")
    counter = np.empty((4, words.size), dtype=np.uint64)
    counter[0] = element_words >> np.uint64(1)
    counter[1] = _as_words(step, "step")
    counter[2] = words
    counter[3] = np.uint64(stream)
    words = philox(counter, seed)
    first = (element_words & np.uint64(1)) == 0
    return np.where(first, _doubles(words[0], words[1]), _doubles(words[2], words[3]))


def normals(seed: int, stream: Stream, paths: ArrayLike, steps: ArrayLike, count: int) -> Floats:
    """Standard normal numbers: :func:`.elementary.inverse_normal` of :func:`uniforms`.

    Shapes, ranges, errors and bit-for-bit access as there. Monotone in the uniform, so a path
    keeps its rank when a parameter changes (what comparisons on common random numbers need).
    """
    return inverse_normal(uniforms(seed, stream, paths, steps, count))


def path_words(seed: int, paths: ArrayLike) -> Words:
    """Path numbers (p,) as words of a counter; raises InputError as :func:`uniforms` does."""
    words = _as_words(paths, "path")
    if not 0 <= seed < 2**64:
        raise InputError(f"the seed is {seed}", expected="a whole number from 0 to 2^64 - 1")
    return words


def _doubles(low: Words, high: Words) -> Floats:
    """The upper 53 of 64 bits as a fraction; the one zero among 2^53 values becomes 2^-54."""
    mantissa = ((high << np.uint64(21)) | (low >> np.uint64(11))).view(np.int64)
    fraction: Floats = np.maximum(mantissa * 2.0**-53, 2.0**-54)
    return fraction


def _as_words(values: ArrayLike, name: str) -> Words:
    array = np.atleast_1d(np.asarray(values))
    if array.size == 0:
        return np.empty(0, dtype=np.uint64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"{name} numbers have shape {array.shape} and type {array.dtype}",
            expected="a one-dimensional array of integers",
        )
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or highest >= 2**32:
        raise InputError(
            f"{name} numbers run from {lowest} to {highest}",
            expected="numbers from 0 to 4294967295",
        )
    return array.astype(np.uint64)
