"""Stores the results of a sliding window, through what is fused behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.types import value_type
from warploom.device.cuda.kernels.codegen.window.fused import Fused
from warploom.device.cuda.kernels.codegen.window.places import place
from warploom.device.cuda.kernels.codegen.window.sliding import Sliding
from warploom.device.cuda.steps import Region


def store_output(
    shape: Sliding, output: tuple[int, int], value: str, after: Fused, pointers: Sequence[str]
) -> list[str]:
    """Statements that apply the epilogue to the results of one output and store them.

    Args:
        shape: The geometry.
        output: Which of the thread's outputs.
        value: The expression of its lane `l`.
        after: The epilogue.
        pointers: Of y, then of what `after` reads.
    """
    at = {d + 2: text for d, text in enumerate(shape.output_place(output))}
    kind = value_type(shape.y.layout.dtype)
    lines: list[str] = []
    values = {after.value: value}
    for position, (name, region) in enumerate(after.reads):
        loads, values[name] = _access(shape, region, pointers[1 + position], at).load(f"e{position}")
        lines.extend(loads)
    statements, known = after.chain.emit(values, "w")
    result = known[after.result]
    if shape.padded:
        result = f"c + l < {shape.y.layout.shape[1]} ? {result} : ({kind})(0)"
    lines.append(f"{kind} r[{shape.lanes}];")
    lines.extend(each_lane(shape.lanes, [*statements, f"r[l] = {result};"]))
    lines.extend(_access(shape, shape.y, pointers[0], at).store("r"))
    return [f"{shape.guard(output)}{{", *lines, "}"]


def _access(shape: Sliding, region: Region, pointer: str, at: Mapping[int, str]) -> Access:
    """Access to an operand with the shape of y, at output coordinates."""
    stride = region.layout.strides[1]
    return Access(
        pointer=f"{pointer} + {place(region.layout, {0: 'n', 1: 'c', **at})}",
        dtype=region.layout.dtype,
        stride=stride if shape.lanes > 1 else 1,
        lanes=shape.lanes,
        limit=shape.limit(region.layout) if stride else "",
    )
