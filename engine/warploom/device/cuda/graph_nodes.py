"""Lists the nodes of a captured CUDA graph, libraries' kernels included, with their launch configurations.

CuPy shows no nodes, so the driver is asked. Only for timelines: without an answer they have fewer details.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

_KERNEL_NODE = 0
_SHARED_BYTES = 1  # CUfunction_attribute
_REGISTERS = 4
_SUCCESS = 0
_IDENTIFIER = re.compile(r"(\d+)")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class GraphKernel:
    """A kernel node.

    Attributes:
        name: Of the kernel, readable.
        grid: Thread blocks.
        block: Threads per block.
        registers: Per thread.
        shared_memory_bytes: Per block, static and dynamic.
    """

    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    registers: int
    shared_memory_bytes: int


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of a captured graph: a kernel, a copy or a fill.

    Attributes:
        branch: Index of the work that it was captured for.
        kernel: What it starts; None for other nodes than kernels.
    """

    branch: int
    kernel: GraphKernel | None


class _Parameters(ctypes.Structure):
    """CUDA_KERNEL_NODE_PARAMS_v2."""

    _fields_ = (
        ("func", ctypes.c_void_p),
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("shared", ctypes.c_uint),
        ("arguments", ctypes.c_void_p),
        ("extra", ctypes.c_void_p),
        ("kern", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
    )


def graph_nodes(graph: int, counts: Sequence[int]) -> tuple[GraphNode, ...]:
    """The nodes of a graph in the order of capture; none where the driver does not tell.

    Args:
        graph: A cudaGraph_t.
        counts: For each work that was captured, how many nodes there were behind it.
    """
    driver = graph_driver()
    if driver is None or -1 in counts:
        return ()
    count = _count(driver, graph)
    nodes = (ctypes.c_void_p * max(1, count))()
    length = ctypes.c_size_t(count)
    if count < 1 or driver.cuGraphGetNodes(ctypes.c_void_p(graph), nodes, ctypes.byref(length)) != _SUCCESS:
        return ()
    return tuple(
        GraphNode(bisect_right(counts, i), _kernel(driver, ctypes.c_void_p(nodes[i]))) for i in range(length.value)
    )


def captured_nodes(stream: int) -> int:
    """How many nodes the graph has that is being captured on a stream; -1 where the driver does not tell."""
    driver = graph_driver()
    if driver is None:
        return -1
    status, graph = ctypes.c_int(), ctypes.c_void_p()
    ask = getattr(driver, "cuStreamGetCaptureInfo_v2", None)
    if ask is None or ask(ctypes.c_void_p(stream), ctypes.byref(status), None, ctypes.byref(graph), None, None):
        return -1
    return _count(driver, graph.value) if graph.value else -1


def _count(driver: ctypes.CDLL, graph: int) -> int:
    count = ctypes.c_size_t()
    if driver.cuGraphGetNodes(ctypes.c_void_p(graph), None, ctypes.byref(count)) != _SUCCESS:
        return -1
    return count.value


def readable_name(name: str) -> str:
    """A kernel's name as people read it: of a mangled C++ name the longest part that tells it from others."""
    if not name.startswith("_Z"):
        return name[:_LONGEST_NAME]
    parts = _parts(name)
    plain = [part for part in parts if part not in ("cutlass", "cudnn", "cask", "kernel", "Kernel", "Kernel2")]
    return max(plain or parts or [name], key=len)[:_LONGEST_NAME]


def _parts(mangled: str) -> list[str]:
    """Identifiers of a mangled name: a length, then that many characters."""
    parts: list[str] = []
    position = 2
    while (match := _IDENTIFIER.search(mangled, position)) is not None:
        length = int(match.group())
        part = mangled[match.end() : match.end() + length]
        if 0 < length <= len(mangled) - match.end() and part[0].isidentifier():
            parts.append(part)
            position = match.end() + length
        else:
            position = match.end()
    return parts


@cache
def graph_driver() -> ctypes.CDLL | None:
    """The driver's library; None where there is none, or one that knows too little of graphs."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        driver.cuGraphKernelNodeGetParams_v2  # noqa: B018 - asks whether the driver is new enough
        driver.cuFuncGetName  # noqa: B018
    except (OSError, AttributeError):
        return None
    return driver


def _kernel(driver: ctypes.CDLL, node: ctypes.c_void_p) -> GraphKernel | None:
    kind = ctypes.c_int()
    if driver.cuGraphNodeGetType(node, ctypes.byref(kind)) != _SUCCESS or kind.value != _KERNEL_NODE:
        return None
    parameters = _Parameters()
    if driver.cuGraphKernelNodeGetParams_v2(node, ctypes.byref(parameters)) != _SUCCESS:
        return None
    function = ctypes.c_void_p(parameters.func)
    if not function.value and parameters.kern:
        driver.cuKernelGetFunction(ctypes.byref(function), ctypes.c_void_p(parameters.kern))
    return GraphKernel(
        name=_name(driver, function),
        grid=_three(parameters.grid),
        block=_three(parameters.block),
        registers=_attribute(driver, function, _REGISTERS),
        shared_memory_bytes=int(parameters.shared) + _attribute(driver, function, _SHARED_BYTES),
    )


def _name(driver: ctypes.CDLL, function: ctypes.c_void_p) -> str:
    name = ctypes.c_char_p()
    if not function.value or driver.cuFuncGetName(ctypes.byref(name), function) != _SUCCESS or not name.value:
        return "kernel"
    return readable_name(name.value.decode(errors="replace"))


def _attribute(driver: ctypes.CDLL, function: ctypes.c_void_p, which: int) -> int:
    value = ctypes.c_int()
    if not function.value or driver.cuFuncGetAttribute(ctypes.byref(value), which, function) != _SUCCESS:
        return 0
    return value.value


def _three(values: ctypes.Array[ctypes.c_uint]) -> tuple[int, int, int]:
    return int(values[0]), int(values[1]), int(values[2])
