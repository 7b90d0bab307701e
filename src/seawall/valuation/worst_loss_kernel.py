"""Compiled worst loss: screened in single precision, decided in double precision.

Sums of size x change for a block of shocks stay in vector registers while an account's rows are
added one by one. The compiler's own vectoriser does not keep that many sums in registers, so the
block is written as vector instructions of LLVM.

Only the smallest sum is wanted. So all sums are taken in single precision first (half the memory,
twice the lanes, fused multiply-add), and double precision then looks at the half blocks whose
smallest sum lies within the rounding of single precision of the smallest of all. With u = 2^-24 and
n rows an account's single-precision sums are off by at most

    e = 1.1 (n + 4) u sum |size| largest |change|  +  what flushing tiny numbers to 0 takes away

so the true smallest is among those up to 2 e above the smallest seen (Higham 2002, Accuracy and
Stability of Numerical Algorithms, section 3.1). The double-precision sums are left to right, each a
multiplication and then an addition: the answer has the bits of the plain loop on every processor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from seawall.foundation.compiled import helper, kernel


def _registers() -> tuple[int, int]:
    """(doubles per vector register, registers used for sums) of this machine's processor."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 8, 16
    if features.get("avx"):
        return 4, 14
    # NEON has 32 registers of 2 doubles, SSE2 has 16.
    return 2, 24 if features.get("neon") else 14


LANES, SUMS = _registers()
HALF = LANES * SUMS  # shocks in a block of double precision
BLOCK = 2 * HALF  # and of single precision, in the same registers
TINY = 1e-30  # sizes and changes below this are 0 on the screen: denormal numbers are slow
LEAST_NORMAL = 2.0**-126
AHEAD = 8  # accounts whose rows are asked for in advance
HUGE = 1e37  # beyond this the screen is not believed
ROUNDING = 1.1 * 2.0**-24

_I64, _I32 = ir.IntType(64), ir.IntType(32)


# Numba's and llvmlite's own functions have no types for a checker.
declared: Any = cgutils.get_or_insert_function
pair_of: Any = types.UniTuple


def instruction(function: Callable[..., Any]) -> Any:
    """Declare a function that writes LLVM instructions."""
    return intrinsic(function)


def _number(value: int) -> ir.Constant:
    return ir.Constant(_I64, value)


def _lanes(numbers: list[int]) -> ir.Constant:
    """Which lane each lane of a shuffle takes."""
    return ir.Constant(ir.VectorType(_I32, len(numbers)), numbers)


def _smaller(builder: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    """Lane by lane the smaller of two vectors."""
    return builder.select(builder.fcmp_ordered("<", other, one), other, one)


def _smallest(builder: ir.IRBuilder, sums: list[ir.Value]) -> ir.Value:
    """The smallest number in a list of vectors: by pairs, then across lanes."""
    while len(sums) > 1:
        pairs = [_smaller(builder, *pair) for pair in zip(sums[::2], sums[1::2], strict=False)]
        sums = pairs + sums[2 * len(pairs) :]
    least = sums[0]
    lanes = width = least.type.count
    while width > 1:
        width //= 2
        turned = _lanes([(lane + width) % lanes for lane in range(lanes)])
        unused = ir.Constant(least.type, ir.Undefined)
        least = _smaller(builder, least, builder.shuffle_vector(least, unused, turned))
    return builder.extract_element(least, ir.Constant(_I32, 0))


def _add(builder: ir.IRBuilder, held: ir.Value, change: ir.Value, total: ir.Value) -> ir.Value:
    """Total plus held x change: rounded twice in double precision, fused on the screen."""
    if held.type.element == ir.DoubleType():
        return builder.fadd(total, builder.fmul(held, change))
    kind = held.type
    name = f"llvm.fma.v{kind.count}f32"
    fused = declared(builder.module, ir.FunctionType(kind, [kind] * 3), name)
    return builder.call(fused, [held, change, total])


def _row(
    builder: ir.IRBuilder, table: ir.Value, size: ir.Value, sums: list[ir.Value]
) -> list[ir.Value]:
    """Sums after one more row: each plus size x its entry of ``table``, the row's first entry."""
    vector = sums[0].type
    unused = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(unused, size, ir.Constant(_I32, 0))
    held = builder.shuffle_vector(one, unused, _lanes([0] * vector.count))
    place = builder.bitcast(table, ir.PointerType(vector))
    added = []
    for lanes, total in enumerate(sums):
        change = builder.load(builder.gep(place, [_number(lanes)]))
        change.align = 4 if vector.element == ir.FloatType() else 8
        added.append(_add(builder, held, change, total))
    return added


def _totals(target: Any, builder: Any, signature: Any, values: Any) -> list[ir.Value]:
    """Sums over rows first to last - 1 of a block; the loop keeps them in registers.

    Arguments: table (i, stride), column where the block starts, instrument (n,), size (n,), first,
    last. No rows: zeros.
    """
    table, instrument, size = (
        target.make_array(signature.args[k])(target, builder, values[k]) for k in (0, 2, 3)
    )
    column, start, end = values[1], values[4], values[5]
    stride = builder.extract_value(table.shape, 1)
    element = table.data.type.pointee
    vector = ir.VectorType(element, LANES if element == ir.DoubleType() else 2 * LANES)
    zero = ir.Constant(vector, [0.0] * vector.count)
    origin = builder.gep(table.data, [column])
    before = builder.block
    loop = builder.append_basic_block("row")
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", start, end), loop, done)
    builder.position_at_end(loop)
    at = builder.phi(_I64)
    sums = [builder.phi(vector) for _ in range(SUMS)]
    number = builder.zext(builder.load(builder.gep(instrument.data, [at])), _I64)
    row = builder.gep(origin, [builder.mul(number, stride)])
    added = _row(builder, row, builder.load(builder.gep(size.data, [at])), sums)
    following = builder.add(at, _number(1))
    firsts, nexts = [start, *[zero] * SUMS], [following, *added]
    for phi, first, later in zip([at, *sums], firsts, nexts, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, loop)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    totals = [builder.phi(vector) for _ in range(SUMS)]
    for total, more in zip(totals, added, strict=True):
        total.add_incoming(zero, before)
        total.add_incoming(more, loop)
    return totals


@instruction
def smallest_of_halves(
    context: Any, table: Any, column: Any, instrument: Any, size: Any, first: Any, last: Any
) -> tuple[Any, Any]:
    """(smallest sum of the block's first half, of its second half)."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        totals = _totals(target, builder, signature, values)
        halves = [_smallest(builder, totals[: SUMS // 2]), _smallest(builder, totals[SUMS // 2 :])]
        return target.make_tuple(builder, signature.return_type, halves)

    pair = pair_of(table.dtype, 2)
    return pair(table, types.int64, instrument, size, types.int64, types.int64), generate


@instruction
def smallest_and_sums(
    context: Any,
    table: Any,
    column: Any,
    instrument: Any,
    size: Any,
    first: Any,
    last: Any,
    out: Any,
) -> tuple[Any, Any]:
    """Smallest sum of the block; the sums are written to ``out``."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        totals = _totals(target, builder, signature, values)
        place = target.make_array(signature.args[6])(target, builder, values[6]).data
        place = builder.bitcast(place, ir.PointerType(totals[0].type))
        for lanes, total in enumerate(totals):
            store = builder.store(total, builder.gep(place, [_number(lanes)]))
            store.align = 8
        return _smallest(builder, totals)

    arguments = (table, types.int64, instrument, size, types.int64, types.int64, out)
    return table.dtype(*arguments), generate


@instruction
def fetch(context: Any, array: Any, at: Any) -> tuple[Any, Any]:
    """Ask for the memory around entry ``at`` of a column; changes nothing."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, values[0]).data
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32])
        ask = declared(builder.module, kind, "llvm.prefetch.p0i8")
        place = builder.bitcast(builder.gep(data, [values[1]]), byte)
        # To be read, to be kept in all caches, data.
        builder.call(ask, [place, *(ir.Constant(_I32, number) for number in (0, 3, 1))])
        return target.get_dummy_value()

    return types.void(array, types.int64), generate


@kernel("void(f8[:, ::1], u4[::1], f4[:, :, ::1], f8[::1])")
def pack(change: np.ndarray, rows: np.ndarray, blocks: np.ndarray, largest: np.ndarray) -> None:
    """Copy ``rows`` of ``change`` (i, s) into single-precision blocks (b, r, BLOCK).

    The last block is filled up with the last shock, which can change no smallest sum. largest (r,):
    the largest absolute change of each row.
    """
    shocks = change.shape[1]
    for row in range(rows.size):
        source = change[rows[row]]
        most = 0.0
        for block in range(blocks.shape[0]):
            filled = blocks[block, row]
            start = block * BLOCK
            width = min(BLOCK, shocks - start)
            for lane in range(BLOCK):
                value = source[start + min(lane, width - 1)]
                magnitude = abs(value)
                most = magnitude if magnitude > most else most
                filled[lane] = np.float32(value if magnitude >= TINY else 0.0)
        largest[row] = most


@kernel("void(f4[:, :, ::1], i8[::1], u4[::1], f4[::1], i8, i8, f4[:, :, ::1])")
def screen(
    blocks: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    size: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
) -> None:
    """Smallest single-precision sums of accounts first to last - 1: seen (b, accounts, 2)."""
    for block in range(blocks.shape[0]):
        table = blocks[block]
        for account in range(first, last):
            start, end = pointer[account], pointer[account + 1]
            one, two = smallest_of_halves(table, 0, row, size, start, end)
            seen[block, account - first, 0] = one
            seen[block, account - first, 1] = two


@helper
def highest_seen(
    size: np.ndarray, row: np.ndarray, largest: np.ndarray, start: int, end: int, seen: np.ndarray
) -> float:
    """Up to where a screened sum may be that of the smallest true sum; seen (b, 2) of the account.

    Infinite where numbers are too large for single precision: then all of them may be.
    """
    product, sizes, changes = 0.0, 0.0, 0.0
    for at in range(start, end):
        held, most = abs(size[at]), largest[row[at]]
        product += held * most
        sizes += held
        changes += most
    if not (product < HUGE and sizes < HUGE and changes < HUGE):
        return np.inf
    rows = end - start
    error = ROUNDING * (rows + 4) * product
    error += 1.1 * (TINY * (sizes + changes) + rows * LEAST_NORMAL)
    lowest = np.inf
    for block in range(seen.shape[0]):
        for half in range(2):
            found = float(seen[block, half])
            lowest = found if found < lowest else lowest
    return lowest + 2.0 * error


@kernel(
    "void(f8[:, ::1], i8[::1], u4[::1], u4[::1], f8[::1], f8[::1], i8, i8, f4[:, :, ::1],"
    " f8[::1], i8[::1])"
)
def decide(
    change: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    instrument: np.ndarray,
    size: np.ndarray,
    largest: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
    least: np.ndarray,
    shock: np.ndarray,
) -> None:
    """Smallest double-precision sum and its first shock, from half blocks that may hold it.

    change (i, s) with s >= HALF; ``row`` counts rows of ``largest``, ``instrument`` of ``change``.
    Half blocks are taken one after another for all accounts: their part of the table stays near.
    """
    shocks = change.shape[1]
    sums = np.empty(HALF)
    limit = np.empty(last - first)
    for account in range(first, last):
        start, end = pointer[account], pointer[account + 1]
        k = account - first
        limit[k] = highest_seen(size, row, largest, start, end, seen[:, k])
        least[account], shock[account] = np.inf, 0
    chosen = np.zeros(last - first + AHEAD, dtype=np.int64)
    for part in range((shocks + HALF - 1) // HALF):
        # The last block is moved back to end with the table; sums seen twice are the same.
        begins = min(part * HALF, shocks - HALF)
        count = 0
        for k in range(last - first):
            chosen[count] = first + k
            count += 0 if seen[part // 2, k, part % 2] > limit[k] else 1
        for k in range(count):
            # The next accounts' rows lie far apart; the processor would not look ahead by itself.
            soon = pointer[chosen[k + AHEAD]]
            fetch(instrument, soon)
            fetch(size, soon)
            fetch(size, soon + 8)
            account = chosen[k]
            start, end = pointer[account], pointer[account + 1]
            found = smallest_and_sums(change, begins, instrument, size, start, end, sums)
            if found < least[account]:
                lane = 0
                while sums[lane] != found:
                    lane += 1
                least[account] = found
                shock[account] = begins + lane
