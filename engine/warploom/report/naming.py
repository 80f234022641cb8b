"""Names of operators for readers: where they are in the model, and what they compute."""

from __future__ import annotations

import itertools

from warploom.graph import Graph, Operator

_SAYS_NOTHING = frozenset({"conv", "conv2d", "conv1d", "linear", "weight", "bias", "kernel", "gamma", "beta"})


def place(operator: Operator) -> str:
    """Where the operator is in the model: the module that its weights share, else its own name.

    Exporters number their nodes ("node_Conv_1583") but keep the modules' names in those of the weights
    ("Mixed_7c.branch1x1.conv.weight").
    """
    paths = [_module_path(weight) for weight in operator.weights if "." in weight]
    shared = [parts[0] for parts in itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))]
    if path := _telling(shared):
        return ".".join(path)
    tail = operator.name.strip("/").removeprefix("node_").strip("/")
    return tail or operator.name


def _module_path(weight: str) -> list[str]:
    """The modules that a weight belongs to: ["Mixed_7c", "branch1x1"] of "Mixed_7c.branch1x1.conv.weight"."""
    return _telling(weight.strip("/").replace("/", ".").split("."))


def _telling(parts: list[str]) -> list[str]:
    """Without last parts that every such operator has: what is computed is said elsewhere."""
    while len(parts) > 1 and parts[-1].lower() in _SAYS_NOTHING:
        parts = parts[:-1]
    return parts


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
