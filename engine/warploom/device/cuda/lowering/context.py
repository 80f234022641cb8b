"""LoweringContext: what a family of kernels asks while it lowers one Operator: where tensors lie, weights, scratch."""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from warploom.device.cuda.layout import Layout, channels_last, row_major, storage_type
from warploom.device.cuda.lowering.broadcast import broadcast_constant, broadcast_layout, broadcast_view
from warploom.device.cuda.lowering.lowered import WEIGHT_PREFIX, PreparedWeight
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, PlainStep, Region
from warploom.graph import Constant, DType, Graph, Operator, Precision, Tensor
from warploom.graph.constant import Array

# Constants up to this many elements (biases, scales, masks) stay in float32 whatever the precision: they cost nothing
# and rounding them would.
_SMALL_CONSTANT = 1 << 16


@dataclass
class LoweringContext:
    """One Operator being lowered.

    Attributes:
        graph: The Graph.
        precision: The arithmetic.
        operator: The Operator.
        placements: Where computed tensors lie.
        weights: Prepared weights so far, of the whole Graph; grows.
        temporaries: Scratch of this Operator so far; grows.
        copy_steps: Makes strided copies (`CopySteps`).
        pointwise_steps: Makes the steps of independent segments without anchor (`PointwiseFamily.lower`).
        own_products: Own ways to compute a product (`OwnProducts.ways`).
    """

    graph: Graph
    precision: Precision
    operator: Operator
    placements: Mapping[str, Region]
    weights: dict[str, PreparedWeight]
    copy_steps: Callable[[Sequence[tuple[Region, Region]]], tuple[KernelStep, ...]]
    pointwise_steps: Callable[[tuple[Segment, ...], LoweringContext], tuple[PlainStep, ...]]
    own_products: Callable[[Segment, LoweringContext], tuple[tuple[PlainStep, ...], ...]]
    temporaries: dict[str, int] = field(default_factory=dict)

    def tensor(self, name: str) -> Tensor:
        """Logical shape and ONNX element type of a tensor or constant."""
        return self.graph.tensors[name]

    def storage(self, name: str) -> DType:
        """The type that a computed tensor is stored in (which inner tensors of a segment would be stored in, too)."""
        return storage_type(self.graph.tensors[name].dtype, self.precision)

    def arithmetic(self, name: str) -> Precision:
        """The arithmetic of what computes a tensor: the precision, or what the tensor's own type says."""
        return self.precision.of_floats(self.graph.tensors[name].dtype)

    def constant(self, name: str) -> Constant | None:
        """The constant of that name; None for a computed tensor."""
        return self.graph.constants.get(name)

    def scalar(self, name: str) -> float | int | bool | None:
        """The value of a constant of one element, to write into a kernel's text; None for everything else."""
        constant = self.graph.constants.get(name)
        if constant is None or self.graph.tensors[name].elements != 1:
            return None
        value: float | int | bool = constant.numpy().reshape(-1)[0].item()
        return value

    def region(self, name: str) -> Region:
        """Where a tensor is to be read or written; a constant is prepared row-major in its storage type."""
        placed = self.placements.get(name)
        if placed is not None:
            return placed
        constant = self.graph.constants[name]
        layout = row_major(constant.shape, storage_type(constant.dtype, self.precision))
        return self.prepared(name, "row-major", layout, constant.numpy)

    def operand(self, name: str, like: Layout) -> Region:
        """A tensor or constant broadcast to the logical shape of `like` (stride 0 where it repeats).

        The region's layout has `channels` > 0 only if as many lanes can be read at every place as `channels` says:
        compare it with `like.channels` before reading padded lanes (a channel stride of 0 can be read at any lane).
        Constants are prepared in the order of `like`, padded with ones as far as `like` is padded, and kept in float32
        if they are floats and small.
        """
        if name in self.placements:
            return broadcast_view(self.placements[name], like.shape)
        constant = self.graph.constants[name]
        dtype = storage_type(constant.dtype, self.precision)
        if constant.dtype.is_float and self.graph.tensors[name].elements <= _SMALL_CONSTANT:
            dtype = DType.FLOAT32
        own, view = broadcast_layout(constant.shape, like, dtype)
        form = f"like {own.strides}" if own.channels else "row-major"
        region = self.prepared(name, form, own, lambda: broadcast_constant(constant.numpy(), own))
        return Region(region.buffer, 0, view)

    def prepared(self, name: str, form: str, layout: Layout, make: Callable[[], Array]) -> Region:
        """A weight laid out by its reader.

        Args:
            name: The constant that it is made of.
            form: What tells this form from others of the same constant (type and padding are told apart already).
            layout: Its layout, dense.
            make: Gives its values in physical order, when the weights are uploaded (not now).
        """
        buffer = (
            f"{WEIGHT_PREFIX}{name}/{form}/{layout.dtype.value}/{'x'.join(map(str, layout.shape))}/{layout.channels}"
        )
        self.weights.setdefault(buffer, PreparedWeight(layout, make))
        return Region(buffer, 0, layout)

    def temporary(self, role: str, layout: Layout) -> Region:
        """Scratch memory of this Operator alone: an own buffer of that layout."""
        buffer = f"{self.operator.name}/{role}"
        while buffer in self.temporaries or buffer in self.graph.tensors:
            buffer += "'"
        self.temporaries[buffer] = layout.size_bytes
        return Region(buffer, 0, layout)

    def dense_like(self, region: Region, role: str) -> Region:
        """Scratch memory for a tensor of the same shape and type: channels-last if the region is, else row-major."""
        layout = region.layout
        if layout.channels_last:
            return self.temporary(role, channels_last(layout.shape, layout.dtype))
        return self.temporary(role, row_major(layout.shape, layout.dtype))

    def with_placements(self, placements: Mapping[str, Region]) -> LoweringContext:
        """The same context where some inner tensors lie in scratch memory."""
        return dataclasses.replace(self, placements=ChainMap(dict(placements), dict(self.placements)))

    def copy(self, *pairs: tuple[Region, Region]) -> tuple[KernelStep, ...]:
        """Steps that copy each (read, write) pair of regions of one logical shape; types and strides convert."""
        return self.copy_steps(pairs)
