"""Reads schedule files of the original IOS repository and carries them over to a Graph of the same structure.

Such a file describes a network of its own: blocks of nodes (conv, pool, identity: a concatenation), each with stages;
a stage is a list of groups of node names. Where IOS merged convolutions the file holds the wide one, and its readers
name the slice of channels that they read.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from warploom.errors import ScheduleError
from warploom.graph.operator import OperatorKind
from warploom.schedule.json_format import check_merges
from warploom.schedule.match import Pattern, Vertex, match, unmatched_end
from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.sequential import single_stage
from warploom.schedule.verify import verify_schedule

if TYPE_CHECKING:
    from warploom.graph import Graph, Operator

_POOLS = {"max": "MaxPool", "avg": "AveragePool", "global_max": "GlobalMaxPool", "global_avg": "GlobalAveragePool"}
_MOST_TRIALS = 200
Slice = tuple[str, int, int]


class NodeDocument(msgspec.Struct, frozen=True):
    """A node; fields that do not matter here are left out. `inputs` are joined terms, each a sum of slices."""

    name: str
    type: str
    output_shape: tuple[int, ...]
    inputs: tuple[tuple[Slice, ...], ...] = ()
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    pool_type: str = ""

    @property
    def slices(self) -> tuple[Slice, ...]:
        """All that it reads: name, first channel, end of the channels."""
        return tuple(one for term in self.inputs for one in term)


class BlockDocument(msgspec.Struct, frozen=True):
    """A block: its nodes, and stages of groups of node names."""

    inner_nodes: tuple[NodeDocument, ...]
    exit_node: NodeDocument
    stages: tuple[tuple[tuple[str, ...], ...], ...]


class ScheduleDocument(msgspec.Struct, frozen=True):
    """The whole file."""

    name: str
    input: NodeDocument
    blocks: tuple[BlockDocument, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """A node, or one of the convolutions that were merged into it: those that begin at some channel."""

    node: str
    begin: int


def schedule_from_ios(data: bytes, graph: Graph) -> Schedule:
    """The stages in a file of the original IOS, over the Operators of a Graph.

    A node stands for the Operator that has the same place in the network (`match`): kind, shape of what it writes
    without the batch size, window, and what it reads and what reads it, up to the ends of the network. Operators
    behind the file's last node (IOS leaves out classifiers) run one after another at the end.

    Raises:
        ScheduleError: If it is no such file, its network is not that of the graph, or its schedule does not fit;
            naming the node or the operator.
    """
    try:
        document = msgspec.json.decode(data, type=ScheduleDocument)
    except msgspec.DecodeError as error:
        raise ScheduleError(f"This is not a schedule file of IOS: {error}.") from error
    nodes = {node.name: node for block in document.blocks for node in (*block.inner_nodes, block.exit_node)}
    members, names, end = _matched(nodes, document, graph)
    stages = [
        (Stage(tuple(_group(group, members, names) for group in stage)), number)
        for number, block in enumerate(document.blocks)
        for stage in block.stages
    ]
    stages += [(single_stage(name), len(document.blocks)) for name in end]
    schedule = Schedule(document.name, tuple(stage for stage, _ in stages), tuple(block for _, block in stages))
    verify_schedule(schedule, graph)
    check_merges(schedule, graph)
    return schedule


def _matched(
    nodes: Mapping[str, NodeDocument], document: ScheduleDocument, graph: Graph
) -> tuple[dict[str, tuple[_Member, ...]], dict[_Member, str], list[str]]:
    """The members of each node, the operator of each member, and the operators behind the last node.

    Where a merged convolution is read as a whole, nothing in the file says that it is one, but that a name is missing
    behind its own: then what fits is found by trying.
    """
    sliced = _members(nodes, document)
    whole = _pattern_of(graph)
    refused: ScheduleError | None = None
    for members in itertools.islice(_with_hidden_members(sliced, nodes), _MOST_TRIALS):
        pattern = _pattern(nodes, members, document)
        end = unmatched_end(pattern, whole)
        try:
            found = match(pattern, _without(whole, end), document.name, graph.name)
        except ScheduleError as error:
            refused = refused or error
            continue
        kept = [i for i in range(len(graph.operators)) if i not in end]
        names = {member: graph.operators[kept[i]].name for member, i in zip(_listed(members), found, strict=True)}
        return members, names, [graph.operators[i].name for i in end]
    raise refused or ScheduleError(f"The schedule {document.name!r} describes no network.")


def _without(pattern: Pattern, end: Sequence[int]) -> Pattern:
    """A pattern without its end."""
    number = {old: new for new, old in enumerate(i for i in range(len(pattern.vertices)) if i not in end)}
    return Pattern(
        tuple(
            dataclasses.replace(vertex, predecessors=tuple(number[before] for before in vertex.predecessors))
            for i, vertex in enumerate(pattern.vertices)
            if i in number
        )
    )


def _with_hidden_members(
    members: dict[str, tuple[_Member, ...]], nodes: Mapping[str, NodeDocument]
) -> Iterator[dict[str, tuple[_Member, ...]]]:
    """The members as the slices say, then with convolutions of equal halves in place of some that may be merged."""
    yield members
    missing = _missing_names(nodes) - sum(len(several) - 1 for several in members.values())
    halved = {
        name: (_Member(name, 0), _Member(name, nodes[name].output_shape[0] // 2))
        for name, several in members.items()
        if len(several) == 1
        and nodes[name].type == "conv"
        and nodes[name].output_shape[0] % 2 == 0
        and name.isdecimal()
        and str(int(name) + 1) not in nodes
    }
    if 0 < missing <= len(halved):
        for chosen in itertools.combinations(halved, missing):
            yield {**members, **{name: halved[name] for name in chosen}}


def _missing_names(nodes: Mapping[str, NodeDocument]) -> int:
    """Nodes are numbered from 1; how many numbers are not there."""
    numbers = [int(name) for name in nodes if name.isdecimal()]
    return max(numbers, default=0) - len(numbers)


def _listed(members: Mapping[str, Sequence[_Member]]) -> list[_Member]:
    return [member for several in members.values() for member in several]


def _members(nodes: Mapping[str, NodeDocument], document: ScheduleDocument) -> dict[str, tuple[_Member, ...]]:
    """The members of each node: one, or one per slice that somebody reads of a merged convolution."""
    begins: dict[str, set[int]] = {name: {0} for name in nodes}
    for node in nodes.values():
        for source, begin, end in node.slices:
            if source == document.input.name:
                continue
            if source not in nodes:
                raise ScheduleError(
                    f"The node {node.name!r} of {document.name!r} reads {source!r}, which is not there."
                )
            channels = nodes[source].output_shape[0] if nodes[source].output_shape else 0
            if not 0 <= begin < end <= channels:
                raise ScheduleError(f"The node {node.name!r} of {document.name!r} reads no channels of {source!r}.")
            if nodes[source].type == "conv":
                begins[source] |= {begin, end} - {channels}
    return {name: tuple(_Member(name, begin) for begin in sorted(found)) for name, found in begins.items()}


def _pattern(
    nodes: Mapping[str, NodeDocument], members: Mapping[str, Sequence[_Member]], document: ScheduleDocument
) -> Pattern:
    number = {member: i for i, member in enumerate(_listed(members))}
    vertices = []
    for name, several in members.items():
        node = nodes[name]
        ends = [*(member.begin for member in several[1:]), node.output_shape[0]]
        reads = [
            number[member]
            for source, begin, end in node.slices
            for member in members.get(source, ())
            if begin <= member.begin < end or (member.begin == 0 and nodes[source].type != "conv")
        ]
        external = sum(source == document.input.name for source, _, _ in node.slices)
        for member, end in zip(several, ends, strict=True):
            shape = (end - member.begin, *node.output_shape[1:])
            what = f"{node.type} {'x'.join(map(str, shape))}"
            label = (_kind(node, document), shape, bool(external), node.stride if node.type == "conv" else ())
            window = node.kernel if node.type == "conv" and len(several) == 1 else ()
            vertices.append(Vertex(f"{name} ({what})", label, tuple(sorted(set(reads))), window))
    return Pattern(tuple(vertices))


def _kind(node: NodeDocument, document: ScheduleDocument) -> str:
    if node.type == "conv":
        return "conv"
    if node.type == "identity":
        return "concat"
    if node.type == "pool" and node.pool_type in _POOLS:
        return _POOLS[node.pool_type]
    what = f"{node.pool_type} {node.type}".strip()
    raise ScheduleError(f"The node {node.name!r} of {document.name!r} is of the kind {what!r}, which is not known.")


def _pattern_of(graph: Graph) -> Pattern:
    return Pattern(tuple(_vertex(graph, i, operator) for i, operator in enumerate(graph.operators)))


def _vertex(graph: Graph, position: int, operator: Operator) -> Vertex:
    shape = graph.tensors[operator.outputs[0]].shape[1:]
    external = any(name in graph.inputs for name in operator.inputs)
    main = operator.main
    convolution = operator.kind in (OperatorKind.CONV, OperatorKind.DEPTHWISE)
    kind = "conv" if convolution else main.op if operator.kind is OperatorKind.POOL else operator.kind.value
    stride = main.integers("strides", ()) if convolution else ()
    window = main.integers("kernel_shape", ()) if convolution else ()
    return Vertex(operator.name, (kind, shape, external, stride), graph.predecessors[position], window)


def _group(group: Sequence[str], members: Mapping[str, Sequence[_Member]], names: Mapping[_Member, str]) -> Group:
    unknown = next((node for node in group if node not in members), None)
    if unknown is not None:
        raise ScheduleError(f"A stage names the node {unknown!r}, which the file does not describe.")
    if len(group) == 1 and len(members[group[0]]) > 1:
        return Group(tuple(names[member] for member in members[group[0]]), merged=True)
    merged = next((node for node in group if len(members[node]) > 1), None)
    if merged is not None:
        raise ScheduleError(f"The merged node {merged!r} is one of several in its group, which Warploom does not run.")
    return Group(tuple(_only(members[node], names) for node in group))


def _only(several: Sequence[_Member], names: Mapping[_Member, str]) -> str:
    (member,) = several
    return names[member]
