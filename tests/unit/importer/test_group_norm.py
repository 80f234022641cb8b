"""Group normalizations of ONNX Runtime, which has no kernels for them on the CPU: compared with their definition."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

from execution import execute_graph, relative_error
from warploom.importer.load import import_model
from warploom.importer.reference import random_inputs

_HEADER = '<ir_version: 8, opset_import: ["" : 21, "com.microsoft" : 1]> g'


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_that_a_group_norm_of_a_sum_is_that_of_a_sum(save, last: int, flat: bool, bias: bool) -> None:
    sizes = {"x": (2, 3, 5, 4) if last else (2, 4, 3, 5), "s": (2, 4), "w": (4,), "c": (4,)}
    spread = (2, 1, 1, 4) if last else (2, 4, 1, 1)
    if not flat:
        sizes["s"] = spread
    ports = ", ".join(f"float[{','.join(map(str, shape))}] {name}" for name, shape in sizes.items())
    to_first, back = ("0,3,1,2", "0,2,3,1") if last else ("0,1,2,3", "0,1,2,3")
    channel = "-1" if last else "-1,1,1"
    sizes_of = {"spread": ",".join(map(str, spread)), "channel": channel}
    with_bias = "b = Reshape(c, k) t = Add(u, b)" if bias else "t = Identity(u)"
    definition = f"""{_HEADER} ({ports}) => (float[A,B,C,D] y, float[A,B,C,D] t) {{
        i = Constant<value_ints=[{sizes_of["spread"]}]>() k = Constant<value_ints=[{sizes_of["channel"]}]>()
        r = Reshape(s, i) u = Add(x, r) {with_bias}
        f = Transpose<perm=[{to_first}]>(t) n = GroupNormalization<num_groups=2, epsilon=0.001>(f, w, w)
        q = Sigmoid(n) m = Mul(n, q) y = Transpose<perm=[{back}]>(m) }}"""
    fused = f"""{_HEADER} ({ports}) => (float[A,B,C,D] y, float[A,B,C,D] t) {{
        y, t = com.microsoft.SkipGroupNorm<groups=2, epsilon=0.001, activation=1, channels_last={last}>
            (x, w, w, s{", c" if bias else ""}) }}"""
    graphs = [
        import_model(save(onnx.parser.parse_model(text), name=f"m{number}")).graph
        for number, text in enumerate((definition, fused))
    ]
    inputs = random_inputs(graphs[0], 1)
    expected, found = (execute_graph(graph, {name: inputs[name] for name in graph.inputs}) for graph in graphs)
    for name in ("y", "t"):
        assert np.linalg.norm(expected[name]) > 0
        assert relative_error(expected[name], found[name]) <= 1e-6
