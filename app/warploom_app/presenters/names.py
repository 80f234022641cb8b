"""Short names of operators, schedulers and parameters, as the window shows them."""

from __future__ import annotations

from warploom.graph import Graph, Operator

_SCHEDULERS = {
    "sequential": "Sequential",
    "greedy": "Greedy",
    "parallel": "IOS parallel",
    "merge": "IOS merge",
    "both": "IOS both",
}


def short_name(name: str) -> str:
    """An operator's name without what exporters put before every name."""
    tail = "/".join(part for part in name.split("/") if part)
    tail = "/".join(tail.split("/")[-2:])
    return tail.removeprefix("node_") or name


def scheduler_title(name: str) -> str:
    """What the window calls a candidate."""
    return _SCHEDULERS.get(name.removeprefix("ios-"), name)


def track_label(graph: Graph, operators: tuple[str, ...]) -> str:
    """What a span is called: the operator's short name, or the merged ones' together."""
    names = " & ".join(short_name(name) for name in operators)
    known = [graph.operators[graph.index[name]] for name in operators if name in graph.index]
    detail = kernel_shape(known[0]) if len(known) == 1 else ""
    return f"{names}  {detail}" if detail else names


def kernel_shape(operator: Operator) -> str:
    """Size of a convolution's or a pool's window: "3 × 3"."""
    main = operator.main
    if main.has("kernel_shape"):
        return "×".join(str(size) for size in main.integers("kernel_shape"))
    return ""


def parameters(operator: Operator) -> str:
    """What distinguishes an operator from others of its kind: "3×3, stride 2, 4 groups"."""
    main, parts = operator.main, []
    if size := kernel_shape(operator):
        parts.append(size)
    if main.has("strides") and any(stride != 1 for stride in main.integers("strides")):
        strides = main.integers("strides")
        parts.append(f"stride {strides[0] if len(set(strides)) == 1 else '×'.join(map(str, strides))}")
    if main.has("dilations") and any(step != 1 for step in main.integers("dilations")):
        parts.append(f"dilation {'×'.join(map(str, main.integers('dilations')))}")
    if main.has("group") and main.integer("group") > 1:
        parts.append(f"{main.integer('group')} groups")
    if main.has("axis"):
        parts.append(f"axis {main.integer('axis')}")
    return ", ".join(parts)
