"""Which ONNX operators a CUDA device runs, by name; whether it runs one form of one, `supports` says."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.lowering.movement import MOVEMENTS
from warploom.device.cuda.lowering.registry import default_registry
from warploom.device.protocol import Support
from warploom.graph.kinds import KINDS

_ALIASES = ("DepthwiseConv",)  # families that are forms of another operator


def known_ops() -> Mapping[str, Support]:
    """Support of every operator that is known by name, in alphabetical order."""
    registry = default_registry()
    how = {op: family.name for op, family in registry.families.items() if op not in _ALIASES}
    how.update(dict.fromkeys(registry.pointwise.ops, "own kernel: pointwise, fused with its neighbours"))
    how.update(dict.fromkeys((*MOVEMENTS, "Concat"), "a view of the same bytes, or a strided copy"))
    return {
        op: Support(supported=True, reason=how[op])
        if op in how
        else Support(supported=False, reason="it has no kernel")
        for op in sorted(KINDS.keys() | how.keys())
    }
