"""Sums of size x change for many shocks at once, kept in vector registers.

The compiler's own vectoriser does not keep a block of sums in registers while rows are added to it,
so the block is written as vector instructions of LLVM. A table of 16-bit numbers is summed in 16
bits, one of single precision with fused multiply-adds, one of double precision with a
multiplication and then an addition: the bits of the plain loop on every processor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from seawall.foundation.compiled import record_helper


def _doubles() -> int:
    """Doubles in a vector register of this machine's processor."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 8
    return 4 if features.get("avx") else 2


LANES = _doubles()
GROUP = 8  # shocks in a group, one after another: a cache line of doubles
# A block of the table is as many groups as a register has lanes; its sums fill GROUP registers.
COARSE_GROUPS, FINE_GROUPS = 4 * LANES, 2 * LANES  # in 16 bits, in single precision
COARSE_BLOCK, FINE_BLOCK = COARSE_GROUPS * GROUP, FINE_GROUPS * GROUP

_I64, _I32, _I16 = ir.IntType(64), ir.IntType(32), ir.IntType(16)
ALIGNMENT = {_I16: 2, ir.FloatType(): 4, ir.DoubleType(): 8}
# llvmlite's own functions have no types for a checker.
declared: Any = cgutils.get_or_insert_function


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
    below = builder.icmp_signed if one.type.element == _I16 else builder.fcmp_ordered
    return builder.select(below("<", other, one), other, one)


def _by_lane(builder: ir.IRBuilder, sums: list[ir.Value]) -> ir.Value:
    """Lane by lane the smallest of a list of vectors."""
    while len(sums) > 1:
        pairs = [_smaller(builder, *pair) for pair in zip(sums[::2], sums[1::2], strict=False)]
        sums = pairs + sums[2 * len(pairs) :]
    return sums[0]


def _smallest(builder: ir.IRBuilder, sums: list[ir.Value]) -> ir.Value:
    """The smallest number in a list of vectors: by lane, then across lanes."""
    least = _by_lane(builder, sums)
    lanes = width = least.type.count
    while width > 1:
        width //= 2
        turned = _lanes([(lane + width) % lanes for lane in range(lanes)])
        unused = ir.Constant(least.type, ir.Undefined)
        least = _smaller(builder, least, builder.shuffle_vector(least, unused, turned))
    return builder.extract_element(least, ir.Constant(_I32, 0))


def _product(builder: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    """The upper 16 bits of products of 16-bit numbers: one x other / 2^16, rounded down."""
    wide = ir.VectorType(_I32, one.type.count)
    half = ir.Constant(wide, [16] * one.type.count)
    product = builder.mul(builder.sext(one, wide), builder.sext(other, wide))
    return builder.trunc(builder.ashr(product, half), one.type)


def _add(builder: ir.IRBuilder, held: ir.Value, change: ir.Value, total: ir.Value) -> ir.Value:
    """Total plus held x change: rounded twice in double precision, fused in single."""
    kind = held.type
    if kind.element == ir.DoubleType():
        return builder.fadd(total, builder.fmul(held, change))
    if kind.element == _I16:
        return builder.add(total, _product(builder, held, change))
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
        change.align = ALIGNMENT[vector.element]
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
    lanes = LANES * 8 // ALIGNMENT[element]
    vector = ir.VectorType(element, lanes)
    # Of double precision one group, of the others as many groups as lanes.
    count = GROUP // LANES if element == ir.DoubleType() else GROUP
    zero = ir.Constant(vector, [0 if element == _I16 else 0.0] * lanes)
    origin = builder.gep(table.data, [column])
    before = builder.block
    loop = builder.append_basic_block("row")
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", start, end), loop, done)
    builder.position_at_end(loop)
    at = builder.phi(_I64)
    sums = [builder.phi(vector) for _ in range(count)]
    number = builder.zext(builder.load(builder.gep(instrument.data, [at])), _I64)
    row = builder.gep(origin, [builder.mul(number, stride)])
    added = _row(builder, row, builder.load(builder.gep(size.data, [at])), sums)
    following = builder.add(at, _number(1))
    firsts, nexts = [start, *[zero] * count], [following, *added]
    for phi, first, later in zip([at, *sums], firsts, nexts, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, loop)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    totals = [builder.phi(vector) for _ in range(count)]
    for total, more in zip(totals, added, strict=True):
        total.add_incoming(zero, before)
        total.add_incoming(more, loop)
    return totals


@instruction
def group_minima(
    context: Any,
    table: Any,
    column: Any,
    instrument: Any,
    size: Any,
    first: Any,
    last: Any,
    out: Any,
) -> tuple[Any, Any]:
    """Write the smallest sum of each group of a block to ``out``, one per lane."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        least = _by_lane(builder, _totals(target, builder, signature, values))
        place = target.make_array(signature.args[6])(target, builder, values[6]).data
        place = builder.bitcast(place, ir.PointerType(least.type))
        builder.store(least, place).align = ALIGNMENT[least.type.element]
        return target.get_dummy_value()

    arguments = (table, types.int64, instrument, size, types.int64, types.int64, out)
    return types.void(*arguments), generate


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


def _register(target: Any, builder: Any, kind: Any, value: Any) -> tuple[ir.Value, ir.Value]:
    """Where a column's first vector register of entries lies, and its entries."""
    data = target.make_array(kind)(target, builder, value).data
    element = data.type.pointee
    lanes = LANES * 8 // ALIGNMENT[element]
    place = builder.bitcast(data, ir.PointerType(ir.VectorType(element, lanes)))
    entries = builder.load(place)
    entries.align = ALIGNMENT[element]
    return place, entries


@instruction
def lower(context: Any, low: Any, other: Any) -> tuple[Any, Any]:
    """Replace each entry of ``low`` (lanes,) by the smaller of it and that of ``other``."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        place, one = _register(target, builder, signature.args[0], values[0])
        _, two = _register(target, builder, signature.args[1], values[1])
        builder.store(_smaller(builder, one, two), place).align = ALIGNMENT[one.type.element]
        return target.get_dummy_value()

    return types.void(low, other), generate


@instruction
def smallest(context: Any, entries: Any) -> tuple[Any, Any]:
    """The smallest of ``entries`` (lanes,)."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _smallest(builder, [_register(target, builder, signature.args[0], values[0])[1]])

    return entries.dtype(entries), generate


@instruction
def lanes_at_most(context: Any, entries: Any, limit: Any) -> tuple[Any, Any]:
    """Which of the 16-bit ``entries`` (lanes,) are at most ``limit``, as the bits of a number."""

    def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        _, found = _register(target, builder, signature.args[0], values[0])
        lanes = found.type.count
        unused = ir.Constant(found.type, ir.Undefined)
        one = builder.insert_element(unused, values[1], ir.Constant(_I32, 0))
        every = builder.shuffle_vector(one, unused, _lanes([0] * lanes))
        bits = builder.bitcast(builder.icmp_signed("<=", found, every), ir.IntType(lanes))
        return builder.zext(bits, _I64)

    return types.int64(entries, limit), generate


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


@record_helper
def fetch_part(row: np.ndarray, first: int, count: int) -> None:
    """Ask for the memory of ``count`` doubles from ``first`` on, which may be beyond the end."""
    for i in range(0, count, GROUP):
        fetch(row, first + i)
