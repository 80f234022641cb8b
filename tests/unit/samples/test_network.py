"""Networks described layer by layer: shapes, given weights, and mistakes told at the line that makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from warploom.errors import GraphError
from warploom.importer.options import ImportOptions
from warploom.importer.reference import reference_outputs
from warploom.samples.network import Network

Array = np.ndarray


def outputs(net: Network, folder: Path, **inputs: Array) -> dict[str, Array]:
    return reference_outputs(net.write(folder / "net.onnx"), ImportOptions(), inputs)


def test_that_given_weights_are_the_weights(tmp_path: Path) -> None:
    net = Network()
    x = net.placeholder(2, 3, 3)
    weight = np.arange(8, dtype=np.float32).reshape(4, 2, 1, 1)
    net.output(net.conv2d(x, 4, weight=weight, bias=[1, 2, 3, 4]))
    image = np.random.default_rng(0).standard_normal((1, 2, 3, 3), np.float32)
    expected = np.einsum("nchw,kc->nkhw", image, weight[:, :, 0, 0]) + np.array([1, 2, 3, 4]).reshape(1, 4, 1, 1)
    np.testing.assert_allclose(outputs(net, tmp_path, input=image)["output"], expected, rtol=1e-5)


def test_that_an_output_may_be_used_further(tmp_path: Path) -> None:
    net = Network()
    x = net.placeholder(2, 4, 4, name="x")
    y = net.relu(x)
    net.output(y, "middle")
    net.output(net.add(y, y, y), "sum")
    image = np.random.default_rng(0).standard_normal((1, 2, 4, 4), np.float32)
    found = outputs(net, tmp_path, x=image)
    np.testing.assert_array_equal(found["middle"], np.maximum(image, 0))
    np.testing.assert_allclose(found["sum"], 3 * found["middle"], rtol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "gelu", "hard_swish", "hard_sigmoid", "identity"])
def test_that_shapes_are_what_onnx_says(activation: str, tmp_path: Path) -> None:
    net = Network(batch=2)
    x = net.placeholder(4, 17, 15)
    y = net.conv2d(x, 8, (3, 5), stride=(2, 1), pad=(1, 2), groups=2, act=activation)
    parts = [net.pool2d(y, "max", 3, stride=2, pad=1), net.pool2d(y, "avg", (3, 3), stride=2, pad=1)]
    joined = net.concat(*parts)
    net.output(net.linear(joined, 6), "a")
    net.output(net.multiply(joined, net.pool2d(joined, "global_avg")), "b")
    found = outputs(net, tmp_path, input=np.ones((2, 4, 17, 15), np.float32))
    assert found["a"].shape == (2, 6)
    assert found["b"].shape == joined.shape


def test_that_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    def write(seed: int) -> bytes:
        net = Network("same", seed=seed)
        net.output(net.conv2d(net.placeholder(3, 8, 8), 4, 3))
        return net.write(tmp_path / "net.onnx").read_bytes()

    assert write(1) == write(1) != write(2)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda net, x: net.conv2d(x, 4, 9), r"window of \[9, 9\] does not fit into \[8, 8\]"),
        (lambda net, x: net.conv2d(x, 4, groups=2), "2 groups do not divide 3 channels into 4"),
        (
            lambda net, x: net.conv2d(x, 4, weight=np.zeros((4, 3))),
            r"a weight has the shape \[4, 3\], not",
        ),
        (lambda net, x: net.conv2d(x, 4, act="swirl"), "no activation 'swirl'"),
        (lambda net, x: net.conv2d(x, 4, 3, stride=0), r"cannot move by \[0, 0\]"),
        (lambda net, x: net.pool2d(x, "min"), "no pooling 'min'"),
        (lambda net, x: net.add(x, net.conv2d(x, 4)), r"add takes one shape, not \[1, 3, 8, 8\], \[1, 4, 8, 8\]"),
        (lambda net, x: net.concat(x), "two values or more"),
        (lambda net, x: net.output(x), "'input' is no result of a layer"),
        (lambda net, _: net.write("nowhere.onnx"), "it has no output"),
        (lambda net, _: net.placeholder(3, -1, 4, name="y"), r"placeholder cannot have the shape \[3, -1, 4\]"),
        (lambda net, x: net.conv2d(x, 0), "cannot have 0 channels in 1 groups"),
        (lambda net, x: net.conv2d(x, 4, groups=0), "cannot have 4 channels in 0 groups"),
        (lambda net, x: net.conv2d(x, 4, 0), r"a window cannot be \[0, 0\]"),
        (lambda net, x: net.linear(x, 0), "cannot have 0 features"),
        (lambda net, _: net.relu("input"), "takes what other layers give, not 'input'"),
        (lambda net, _: net.output("input"), "'input' is not what a layer gives"),
        (lambda net, _: net.relu(Network("other").placeholder(3, 8, 8, name="z")), "'z' is of another network"),
        (lambda net, _: net.placeholder(3, name="input"), "has an input 'input' already"),
    ],
)
def test_that_a_mistake_is_told_where_it_is_made(mistake: object, message: str) -> None:
    net = Network("wrong")
    x = net.placeholder(3, 8, 8)
    with pytest.raises(GraphError, match=message):
        mistake(net, x)  # type: ignore[operator]
