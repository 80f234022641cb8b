from __future__ import annotations

from pathlib import Path

import pytest

from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.interpret import check_operators, unknown_operators
from warploom.peers.jax_peers import JaxPeer
from warploom.peers.problem_files import read_problem, write_problem
from warploom.peers.protocol import Peer
from warploom.peers.tensorflow_peers import TensorFlowPeer
from warploom.peers.torch_peers import TorchPeer
from warploom.peers.tvm import TvmPeer
from warploom.samples.bundled import bundled_models
from warploom.worker.errors_of_outputs import largest_error

MODULES: dict[str, Peer] = {
    "torch": TorchPeer("eager", gpu=False),
    "jax": JaxPeer(gpu=False),
    "tensorflow": TensorFlowPeer(False, gpu=False),
    "tvm": TvmPeer(gpu=False),
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("model", ["randwire_small", "squeezenet_light"])
def test_that_a_framework_computes_what_onnx_runtime_does(module: str, model: str, tmp_path: Path) -> None:
    pytest.importorskip(module)
    peer = MODULES[module]
    path = next(one for one in bundled_models() if one.stem == model)
    raw = import_model(path).graph
    weights = find_replacements(raw, 2)  # files of fills, whose outputs would say little
    graph = apply_replacements(raw, weights)
    inputs = random_inputs(graph, 5)
    reference = reference_outputs(path, ImportOptions(), inputs, replacements=weights)
    write_problem(tmp_path, graph, inputs, Precision.FP32)
    loaded = peer.load(read_problem(tmp_path))
    assert largest_error(loaded.run(), reference) <= 1e-5
    assert len(loaded.measure(3).samples_us) == 3


def test_that_operators_without_an_adapter_are_named(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])
    node = helper.make_node("CumSum", ["x", "axis"], ["y"])
    axis = helper.make_tensor("axis", TensorProto.INT64, [], [1])
    model = helper.make_model(
        helper.make_graph([node], "g", [value], [result], [axis]), opset_imports=[helper.make_opsetid("", 20)]
    )
    onnx.save(model, tmp_path / "cumsum.onnx")
    graph: Graph = import_model(tmp_path / "cumsum.onnx").graph
    assert unknown_operators(graph) == ["CumSum"]
    with pytest.raises(PeerError, match="adapter of Abacus does not know CumSum"):
        check_operators(graph, "Abacus")


def test_that_pytorch_runs_a_network_as_plain_calls() -> None:
    torch = pytest.importorskip("torch")
    from warploom.peers.frameworks.torch_code import plain_module

    weight, image = torch.ones(3, 2), torch.arange(6.0).reshape(2, 3)
    made: list[int] = []

    def network(values: dict[str, object]) -> dict[str, object]:
        made.append(1)
        scale = torch.full((2,), 2.0)
        return {"product": torch.relu(values["x"] @ values["w"]) * scale, "same": values["x"]}

    module = plain_module(torch, network, {"w": weight}, {"x": image})
    product, same = module(image + 1)
    assert made == [1], "the interpreter is left out"
    assert torch.equal(product, 2 * torch.relu((image + 1) @ weight))
    assert torch.equal(same, image + 1)
    assert {node.op for node in module.graph.nodes} == {"placeholder", "get_attr", "call_function", "output"}
