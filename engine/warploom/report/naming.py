"""Names of operators for readers: where they are in the model, and what they compute."""

from __future__ import annotations

from warploom.graph import Graph, Operator

_SAYS_NOTHING = frozenset({"conv", "conv2d", "conv1d", "linear", "weight", "bias", "kernel", "gamma", "beta"})


def place(operator: Operator) -> str:
    """Where the operator is in the model: the module that its weights belong to, else its own name.

    Exporters number their nodes ("node_Conv_1583") but keep the modules' names in those of the weights
    ("Mixed_7c.branch1x1.conv.weight").
    """
    for weight in operator.weights:
        parts = weight.strip("/").replace("/", ".").split(".")
        while parts and parts[-1].lower() in _SAYS_NOTHING:
            parts.pop()
        if parts and "." in weight:
            return ".".join(parts)
    tail = operator.name.strip("/").removeprefix("node_")
    return tail or operator.name


def places(graph: Graph) -> dict[str, str]:
    """`place` of every operator by name; operators that would share one keep their own names."""
    found = {operator.name: place(operator) for operator in graph.operators}
    counts: dict[str, int] = {}
    for text in found.values():
        counts[text] = counts.get(text, 0) + 1
    return {name: text if counts[text] == 1 else name for name, text in found.items()}


def title(operator: Operator) -> str:
    """What it computes, in a few letters: "Conv 3×3", "AvgPool 3×3", "Concat"."""
    main = operator.main
    kind = "SepConv" if operator.kind.value == "separable" else main.op.split("::")[-1].replace("Average", "Avg")
    if main.has("kernel_shape"):
        return f"{kind} {'×'.join(str(size) for size in main.integers('kernel_shape'))}"
    return kind


def shape_text(graph: Graph, operator: Operator) -> str:
    """Shape of its first output: "1 × 64 × 55 × 55"."""
    return " × ".join(str(size) for size in graph.tensors[operator.outputs[0]].shape) or "scalar"
