"""Which inputs of an operator only configure it: they become attributes on import, and inputs again on export.

The names and positions are those of ONNX operator set 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.graph import DType


@dataclass(frozen=True, slots=True)
class ConfigurationInput:
    """One input that only configures.

    Attributes:
        position: Its position among the ONNX inputs.
        dtype: Its element type; None means that of the first input.
        scalar: Whether it is a scalar and not a list.
    """

    position: int
    dtype: DType | None = DType.INT64
    scalar: bool = False


def _vector(position: int, dtype: DType | None = DType.INT64) -> ConfigurationInput:
    return ConfigurationInput(position, dtype)


def _scalar(position: int, dtype: DType | None = DType.INT64) -> ConfigurationInput:
    return ConfigurationInput(position, dtype, scalar=True)


REDUCTIONS = (
    *("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"),
    *("ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"),
)

CONFIGURATION: Mapping[str, Mapping[str, ConfigurationInput]] = {
    "Reshape": {"shape": _vector(1)},
    "Expand": {"shape": _vector(1)},
    "Tile": {"repeats": _vector(1)},
    "Squeeze": {"axes": _vector(1)},
    "Unsqueeze": {"axes": _vector(1)},
    "Slice": {"starts": _vector(1), "ends": _vector(2), "axes": _vector(3), "steps": _vector(4)},
    "Split": {"split": _vector(1)},
    "Pad": {"pads": _vector(1), "constant_value": _scalar(2, None)},
    "Clip": {"min": _scalar(1, None), "max": _scalar(2, None)},
    "TopK": {"k": _vector(1)},
    "Resize": {"roi": _vector(1, DType.FLOAT32), "scales": _vector(2, DType.FLOAT32), "sizes": _vector(3)},
    "CumSum": {"axis": _scalar(1)},
    "Trilu": {"k": _scalar(1)},
    "OneHot": {"depth": _scalar(1)},
    "NonMaxSuppression": {
        "max_output_boxes_per_class": _scalar(2),
        "iou_threshold": _scalar(3, DType.FLOAT32),
        "score_threshold": _scalar(4, DType.FLOAT32),
    },
    "CenterCropPad": {"shape": _vector(1)},
    **{op: {"axes": _vector(1)} for op in REDUCTIONS},
}
