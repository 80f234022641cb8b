"""Local response normalization: each element over the squares of its neighbours along the channels."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.indexed import Indexed, address, lanes_along
from warploom.device.cuda.kernels.codegen.types import float_literal
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep


def lower_lrn(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; a thread reads its channels and their neighbours once."""
    lrn = segment.main
    x, y = context.region(lrn.inputs[0]), context.region(segment.writes[0])
    size = lrn.integer("size")
    before = (size - 1) // 2
    shape = Indexed(y, lanes_along(y, [(x, 1)]) if y.layout.strides[1] == 1 else 1)
    lanes, span = shape.lanes, shape.lanes + size - 1
    at = {d: f"d{d}" for d in range(len(x.layout.shape))} | {1: f"(d1 + i - {before})"}
    inside = f"(unsigned)(d1 + i - {before}) < {x.layout.shape[1]}u"
    scale = f"{float_literal(lrn.number('alpha') / size)} * sum + {float_literal(lrn.number('bias'))}"
    body = [
        f"float near[{span}];",
        "#pragma unroll",
        f"for (int i = 0; i < {span}; ++i) near[i] = {inside} ? wl::decode(x0[{address(x.layout, at)}]) : 0.0f;",
        *each_lane(
            lanes,
            [
                "float sum = 0.0f;",
                "#pragma unroll",
                f"for (int i = 0; i < {size}; ++i) sum += near[l + i] * near[l + i];",
                f"r[l] = near[l + {before}] * powf({scale}, {float_literal(-lrn.number('beta'))});",
            ],
        ),
    ]
    return (shape.step("lrn", body, [x]),)


FAMILIES: Mapping[str, Family] = {"LRN": Family("own kernel: local response", lower_lrn)}
