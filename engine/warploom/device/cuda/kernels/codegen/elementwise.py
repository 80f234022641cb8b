"""Kernels that compute every element for itself: strided loads, a chain, strided stores; many parts in one launch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, Nest, coordinates, make_nest, offset
from warploom.device.cuda.kernels.codegen.types import LARGEST, SHORT, value_type
from warploom.device.cuda.steps import KernelStep, Region

# Pointers of one launch: far below the 4 KiB of parameters that every GPU takes.
_MOST_POINTERS = 128
_BLOCK = 128
_BIG_BLOCK = 256
_BIG = 1 << 19


@dataclass(frozen=True, slots=True)
class Part:
    """Elements that one chain computes.

    Attributes:
        chain: What is computed.
        writes: Where values of the chain go, by name; all of one logical shape. The first decides the order.
        reads: Where its inputs lie, by name, with the logical shape of the writes (stride 0 where they repeat).
        saturate: Whether finite values stay finite in 16-bit floats.
    """

    chain: Chain
    writes: tuple[tuple[str, Region], ...]
    reads: tuple[tuple[str, Region], ...]
    saturate: bool = False

    @property
    def regions(self) -> tuple[Region, ...]:
        """Writes, then reads."""
        return (*(region for _, region in self.writes), *(region for _, region in self.reads))


def elementwise_steps(stem: str, parts: Sequence[Part]) -> tuple[KernelStep, ...]:
    """Kernels that compute all parts, which must not depend on each other: one launch, unless there are very many."""
    return tuple(_step(stem, group) for group in _groups([part for part in parts if _elements(part)]))


def _elements(part: Part) -> int:
    count = 1
    for size in part.writes[0][1].layout.shape:
        count *= size
    return count


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    pointers = 0
    for part in parts:
        if group and pointers + len(part.regions) > _MOST_POINTERS:
            yield group
            group, pointers = [], 0
        group.append(part)
        pointers += len(part.regions)
    if group:
        yield group


def _step(stem: str, parts: Sequence[Part]) -> KernelStep:
    plans = [_PartPlan.of(part) for part in parts]
    block = _BIG_BLOCK if max(plan.threads for plan in plans) >= _BIG else _BLOCK
    writes = [region for part in parts for _, region in part.writes]
    reads = [region for part in parts for _, region in part.reads]
    lines: list[str] = []
    first_block = first_write = first_read = 0
    for part, plan in zip(parts, plans, strict=True):
        blocks = -(-plan.threads // block)
        base = f"(blockIdx.x - {first_block}u)" if first_block else "blockIdx.x"
        until = first_block + blocks
        if len(parts) > 1:
            lines.append(f"if (blockIdx.x < {until}u) {{")
        lines.append(f"const unsigned t = {base} * {block}u + threadIdx.x;")
        lines.append(f"if (t >= {plan.threads}u) return;")
        lines.extend(plan.lines(first_write, first_read))
        if len(parts) > 1:
            lines.extend(("return;", "}"))
        first_block = until
        first_write += len(part.writes)
        first_read += len(part.reads)
    name = f"{stem}_{SHORT[writes[0].layout.dtype]}"
    return kernel_step(name, lines, writes, reads, grid=(first_block, 1, 1), block=(block, 1, 1))


@dataclass(frozen=True, slots=True)
class _PartPlan:
    """How one part is computed: its nest and lanes per thread."""

    part: Part
    nest: Nest
    lanes: int

    @staticmethod
    def of(part: Part) -> _PartPlan:
        nest = make_nest(part.regions)
        return _PartPlan(part, nest, _lanes(part, nest))

    @property
    def threads(self) -> int:
        outer = self.nest.count // self.nest.inner.size
        return outer * -(-self.nest.inner.size // self.lanes)

    @property
    def _tail(self) -> bool:
        return bool(self.nest.inner.size % self.lanes)

    def lines(self, first_write: int, first_read: int) -> list[str]:
        names = [f"i{position}" for position in range(len(self.nest.axes))]
        lanes = self.lanes
        lines = coordinates(self.nest.axes, "t", names, lanes=lanes)
        lines.append(f"const int lane0 = {names[-1]} * {lanes};")
        values: dict[str, str] = {}
        for position, (name, _) in enumerate(self.part.reads):
            access = self._access(len(self.part.writes) + position, f"x{first_read + position}", names)
            loads, values[name] = access.load(f"a{position}")
            lines.extend(loads)
        lines.extend(self._compute(values))
        for position in range(len(self.part.writes)):
            lines.extend(self._access(position, f"y{first_write + position}", names).store(f"r{position}"))
        return lines

    def _offset(self, operand: int, names: Sequence[str]) -> str:
        kind = self.nest.index_type(operand)
        return offset(self.nest.axes, operand, names, kind, lanes=self.lanes)

    def _access(self, operand: int, pointer: str, names: Sequence[str]) -> Access:
        region = self.nest.operands[operand]
        limit = self._readable(region)
        whole = limit >= self.nest.inner.size and not self._tail
        return Access(
            pointer=f"{pointer} + ({self._offset(operand, names)})",
            dtype=region.layout.dtype,
            stride=self.nest.inner_stride(operand) if self.nest.inner.size > 1 else 0,
            lanes=self.lanes,
            limit="" if whole else f"{limit} - lane0",
        )

    def _readable(self, region: Region) -> int:
        """Lanes of the innermost dimension that an operand may be read at."""
        inner = self.nest.inner
        if not inner.padded:
            return inner.size
        return region.layout.channels if region.layout.channels_last else inner.valid

    def _compute(self, values: Mapping[str, str]) -> list[str]:
        statements, known = self.part.chain.emit(values, "v")
        lines = [
            f"{value_type(region.layout.dtype)} r{position}[{self.lanes}];"
            for position, (_, region) in enumerate(self.part.writes)
        ]
        results = [
            f"r{position}[l] = {self._result(known[name], region)};"
            for position, (name, region) in enumerate(self.part.writes)
        ]
        return [*lines, *each_lane(self.lanes, [*statements, *results])]

    def _result(self, text: str, region: Region) -> str:
        dtype = region.layout.dtype
        if dtype in LARGEST and (self.part.saturate or self.part.chain.exceeds_half):
            text = f"wl::saturated({text}, {LARGEST[dtype]})"
        if self.nest.inner.padded:
            text = f"lane0 + l < {self.nest.inner.valid} ? {text} : ({value_type(dtype)})(0)"
        return text


def _lanes(part: Part, nest: Nest) -> int:
    """As many lanes as fill 16 bytes of the widest operand that is accessed as vectors."""
    count = len(part.writes)
    if any(nest.inner_stride(position) != 1 for position in range(count)):
        return 1
    contiguous = [i for i in range(len(nest.operands)) if nest.inner_stride(i) == 1]
    widest = max(nest.operands[i].layout.dtype.itemsize for i in contiguous)
    return nest.vector(VECTOR_BYTES // widest)
