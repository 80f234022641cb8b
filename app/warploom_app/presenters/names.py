"""Short names of operators, schedulers and parameters, as the window shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph, Operator
from warploom_app.presenters.dag_nodes import alias_of


def display_names(graph: Graph) -> dict[str, str]:
    """What each operator is called: its module's path where that tells operators apart, else its own name."""
    aliases = {operator.name: _readable(alias_of(operator)) for operator in graph.operators}
    taken: dict[str, int] = {}
    for alias in aliases.values():
        taken[alias] = taken.get(alias, 0) + 1
    return {name: alias if taken[alias] == 1 else f"{alias} ({short_name(name)})" for name, alias in aliases.items()}


def short_name(name: str) -> str:
    """A name without what exporters put before every one of them."""
    return _readable(name.removeprefix("node_")) or name


def _readable(name: str) -> str:
    """The last two parts of a path."""
    return "/".join([part for part in name.split("/") if part][-2:])


def named(text: str, operators: Iterable[str], names: Mapping[str, str]) -> str:
    """A sentence in which operators are called as everywhere else in the window."""
    for operator in operators:
        shown = names.get(operator, operator).replace("\\", r"\\")
        text = re.sub(rf"(?<![\w./]){re.escape(operator)}(?![\w/])", shown, text)
    return text


def scheduler_title(name: str) -> str:
    """What the window calls a candidate."""
    titles = {
        "sequential": _tr("Sequential"),
        "greedy": _tr("Greedy"),
        "parallel": "IOS parallel",
        "merge": "IOS merge",
        "both": "IOS both",
        "dataflow": "IOS dataflow",
        "list": _tr("Critical path"),
        "nimble": "Nimble",
        "opara": "Opara",
        "local": _tr("Local search"),
        "variants": _tr("Kernel variants"),
        "saved": _tr("Saved"),
    }
    return titles.get(name.removeprefix("ios-"), name)


def launch_label(operators: tuple[str, ...], names: Mapping[str, str]) -> str:
    """What a span is called: its operator, or the merged ones together."""
    return " & ".join(names.get(name, name) for name in operators)


def launch_hint(graph: Graph, operators: tuple[str, ...]) -> str:
    """What a span is, where there is no room for its name: "conv 3×3", "merged ×2"; its first word says it alone."""
    known = [graph.operators[graph.index[name]] for name in operators if name in graph.index]
    if not known:
        return ""
    kind = known[0].kind.value.replace("_", " ")
    return f"merged ×{len(known)}" if len(known) > 1 else f"{kind} {kernel_shape(known[0])}".rstrip()


def launch_kind(graph: Graph, operators: tuple[str, ...]) -> str:
    """The operator type of a launch: "conv", "conv, merged"."""
    kinds = {graph.operators[graph.index[name]].kind.value for name in operators if name in graph.index}
    text = ", ".join(sorted(kind.replace("_", " ") for kind in kinds))
    return f"{text}, merged" if len(operators) > 1 else text


def kernel_shape(operator: Operator) -> str:
    """Size of a convolution's or a pool's window: "3×3"."""
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


def _tr(text: str) -> str:
    return QCoreApplication.translate("Names", text)
