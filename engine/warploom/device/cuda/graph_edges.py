"""Edges of a captured CUDA graph: takes kernels the right to start before what they depend on has ended.

Libraries launch some kernels so that, captured, they start as soon as their predecessor lets them (a programmatic edge)
and wait inside. For kernels that do not wait for everything that they read, such edges become plain ones.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.graph_nodes import graph_driver

_PLAIN = 0  # CU_GRAPH_DEPENDENCY_TYPE_DEFAULT


class _EdgeData(ctypes.Structure):
    """CUgraphEdgeData."""

    _fields_ = (
        ("from_port", ctypes.c_ubyte),
        ("to_port", ctypes.c_ubyte),
        ("type", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte * 5),
    )


def wait_for_ends(graph: int, nodes: Sequence[int]) -> None:
    """Makes every edge into some nodes a plain one.

    Args:
        graph: A cudaGraph_t that is not executable yet.
        nodes: Their numbers in the order of capture.

    Raises:
        CudaError: If the driver does not do it: the graph could then compute something else.
    """
    driver = graph_driver()
    if not nodes or driver is None:
        return
    handle = ctypes.c_void_p(graph)
    known = _nodes(driver, handle)
    targets = {known[node] for node in nodes}
    for source, target, data in _edges(driver, handle):
        if data.type == _PLAIN or target not in targets:
            continue
        ends = ((ctypes.c_void_p * 1)(source), (ctypes.c_void_p * 1)(target))
        _check(driver.cuGraphRemoveDependencies_v2(handle, *ends, ctypes.byref(data), ctypes.c_size_t(1)))
        _check(driver.cuGraphAddDependencies_v2(handle, *ends, None, ctypes.c_size_t(1)))


def _nodes(driver: Any, graph: ctypes.c_void_p) -> list[int | None]:
    count = ctypes.c_size_t()
    _check(driver.cuGraphGetNodes(graph, None, ctypes.byref(count)))
    nodes = (ctypes.c_void_p * max(1, count.value))()
    _check(driver.cuGraphGetNodes(graph, nodes, ctypes.byref(count)))
    return list(nodes[: count.value])


def _edges(driver: Any, graph: ctypes.c_void_p) -> list[tuple[int | None, int | None, _EdgeData]]:
    count = ctypes.c_size_t()
    _check(driver.cuGraphGetEdges_v2(graph, None, None, None, ctypes.byref(count)))
    size = count.value
    if not size:
        return []  # the driver refuses to list none
    sources, targets, data = (ctypes.c_void_p * size)(), (ctypes.c_void_p * size)(), (_EdgeData * size)()
    _check(driver.cuGraphGetEdges_v2(graph, sources, targets, data, ctypes.byref(count)))
    return [(sources[i], targets[i], data[i]) for i in range(count.value)]


def _check(status: int) -> None:
    if status:
        raise CudaError(
            f"The driver does not change the edges of a CUDA graph (error {status}), so library kernels could read "
            "too early. Update the driver.",
            call="changing the edges of a CUDA graph",
        )
