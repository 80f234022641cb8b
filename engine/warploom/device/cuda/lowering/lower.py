"""Lowers a Graph: from Operators to steps on placed regions."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from warploom.device.cuda.lowering.boundary import input_region, output_region, same_place
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.copying import lower_movement
from warploom.device.cuda.lowering.desugar import desugar
from warploom.device.cuda.lowering.layouts import choose_layouts
from warploom.device.cuda.lowering.lowered import OUTPUT_PREFIX, LoweredGraph, PreparedWeight
from warploom.device.cuda.lowering.placement import place
from warploom.device.cuda.lowering.quantized import fold_dequantized
from warploom.device.cuda.lowering.registry import Registry, default_registry
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.lowering.segments import cut
from warploom.device.cuda.lowering.slices import concat_slices
from warploom.device.cuda.lowering.support import require_support
from warploom.device.cuda.lowering.unconverted import unconverted
from warploom.device.cuda.lowering.usage import Usage, is_movement
from warploom.device.cuda.steps import Program, Region, Step
from warploom.graph import Graph, Operator, OperatorKind, Precision, Primitive

ENTRY_NAME = "entry"


def lower_graph(
    graph: Graph,
    precision: Precision,
    *,
    registry: Registry | None = None,
    separate: Container[str] = frozenset(),
) -> LoweredGraph:
    """Decides where every tensor lies and what computes it.

    Args:
        graph: Merged launches already made (`lower_merges`).
        precision: The arithmetic.
        registry: The families of kernels; by default all that there are.
        separate: Tensors that get buffers of their own although a Concat could have them in place.

    Raises:
        UnsupportedOperatorError: Naming operators without a kernel.
    """
    registry = default_registry() if registry is None else registry
    require_support(graph, precision, registry)
    graph = desugar(fold_dequantized(graph))
    layouts = choose_layouts(graph, precision)
    usage = Usage.of(graph, [cut(operator, graph, registry) for operator in graph.operators])
    as_they_are = unconverted(usage, precision, registry)
    placed = place(usage, layouts, concat_slices(usage, layouts, separate), as_they_are)
    work = _Work(graph, precision, registry, placed.regions)
    entry = work.entry()
    programs = [
        work.program(operator, segments) for operator, segments in zip(graph.operators, usage.segments, strict=True)
    ]
    return LoweredGraph(
        graph=graph,
        precision=precision,
        placements=placed.regions,
        buffers=placed.buffers,
        entry=entry,
        programs=tuple(programs),
        weights=work.weights,
        inputs={name: input_region(graph, name) for name in graph.inputs},
        outputs={name: output_region(graph, name) for name in graph.outputs},
    )


class _Work:
    """The Graph being lowered: what its Operators share."""

    def __init__(self, graph: Graph, precision: Precision, registry: Registry, regions: Mapping[str, Region]) -> None:
        self.weights: dict[str, PreparedWeight] = {}
        self._graph = graph
        self._precision = precision
        self._registry = registry
        self._regions = regions
        self._outputs = set(graph.outputs)

    def entry(self) -> Program:
        """Converts the inputs, and outputs that no Operator computes."""
        context = self._context(Operator(ENTRY_NAME, OperatorKind.COPY, (Primitive("Identity", (), ()),), (), (), ()))
        graph = self._graph
        pairs = [(input_region(graph, name), self._regions[name]) for name in graph.inputs]
        computed = graph.producer
        given = [name for name in dict.fromkeys(graph.outputs) if name not in computed]
        converted = [pair for pair in pairs if not same_place(*pair)]
        copied = [(context.region(name), output_region(graph, name)) for name in given]
        steps: tuple[Step, ...] = ()
        for part in (converted, copied):
            wanted = [pair for pair in part if all(pair[1].layout.shape)]
            steps += context.copy(*wanted) if wanted else ()
        return Program(ENTRY_NAME, steps, context.temporaries)

    def program(self, operator: Operator, segments: tuple[Segment, ...]) -> Program:
        """The steps of one Operator, and of the outputs that it computes."""
        context = self._context(operator)
        steps = [step for part in _independent(segments, self._graph) for step in self._steps(part, context)]
        pairs = [
            (self._regions[name], output_region(self._graph, name))
            for name in operator.outputs
            if name in self._outputs and self._regions[name].buffer != f"{OUTPUT_PREFIX}{name}"
        ]
        wanted = [pair for pair in pairs if all(pair[1].layout.shape)]
        if wanted:
            steps.extend(context.copy(*wanted))
        return Program(operator.name, tuple(steps), context.temporaries)

    def _steps(self, part: tuple[Segment, ...], context: LoweringContext) -> tuple[Step, ...]:
        first = part[0]
        if first.anchor is None:
            return self._registry.pointwise.lower(part, context)
        if is_movement(first):
            return lower_movement(first, context)
        family = self._registry.family(first.main, self._graph)
        if family is None:
            raise TypeError(f"{first.main.op} has no family")
        return family.lower(first, context)

    def _context(self, operator: Operator) -> LoweringContext:
        return LoweringContext(
            graph=self._graph,
            precision=self._precision,
            operator=operator,
            placements=self._regions,
            weights=self.weights,
            copy_steps=self._registry.copy,
            pointwise_steps=self._registry.pointwise.lower,
            own_products=self._registry.own_ways,
        )


def _independent(segments: tuple[Segment, ...], graph: Graph) -> Iterator[tuple[Segment, ...]]:
    """Segments one by one in order, but pointwise ones that follow and do not read each other together."""
    together: list[Segment] = []
    for segment in segments:
        if not any(graph.tensors[name].elements for name in segment.writes):
            continue
        written = {name for other in together for name in other.writes}
        if together and (segment.anchor is not None or not written.isdisjoint(segment.reads)):
            yield tuple(together)
            together = []
        if segment.anchor is None:
            together.append(segment)
        else:
            yield (segment,)
    if together:
        yield tuple(together)
