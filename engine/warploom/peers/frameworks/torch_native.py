"""Operators that PyTorch has a function of its own for, as users' networks call it: one kernel instead of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warploom.peers.frameworks.interpret import Step

Native = Callable[["Step"], Any]
"""Computes one operator; None where the function does not fit its attributes."""


def native_operators(torch: Any) -> Mapping[str, Native]:
    """The functions by ONNX name."""
    f = torch.nn.functional
    return {
        "BatchNormalization": lambda step: _batch_norm(f, step),
        "LayerNormalization": lambda step: _layer_norm(f, step),
        "InstanceNormalization": lambda step: f.instance_norm(
            step.inputs[0], weight=step.inputs[1], bias=step.inputs[2], eps=_epsilon(step)
        ),
        "LRN": lambda step: _lrn(f, step),
        "Gemm": lambda step: _linear(f, step),
        "Gelu": lambda step: f.gelu(step.inputs[0], approximate=str(step.primitive.attribute("approximate", "none"))),
        "HardSwish": lambda step: f.hardswish(step.inputs[0]),
        "LeakyRelu": lambda step: f.leaky_relu(step.inputs[0], step.primitive.number("alpha", 0.01)),
        "Elu": lambda step: f.elu(step.inputs[0], step.primitive.number("alpha", 1.0)),
        "LogSoftmax": lambda step: f.log_softmax(step.inputs[0], step.primitive.integer("axis")),
    }


def _epsilon(step: Step) -> float:
    return step.primitive.number("epsilon", 1e-5)


def _batch_norm(f: Any, step: Step) -> Any:
    x, scale, bias, mean, variance = step.inputs[:5]
    return f.batch_norm(x, mean, variance, scale, bias, training=False, eps=_epsilon(step))


def _layer_norm(f: Any, step: Step) -> Any:
    shape = step.shape()
    normalized = shape[step.primitive.integer("axis", -1) % len(shape) :]
    parameters = [one for one in (1, 2) if step.input(one) is not None]
    if any(step.shape(one) != normalized for one in parameters):  # ONNX broadcasts, PyTorch does not
        return None
    return f.layer_norm(step.inputs[0], normalized, step.input(1), step.input(2), _epsilon(step))


def _lrn(f: Any, step: Step) -> Any:
    primitive = step.primitive
    size = primitive.integer("size")
    if size % 2 == 0:  # the longer side is another one there
        return None
    alpha, beta = primitive.number("alpha", 1e-4), primitive.number("beta", 0.75)
    return f.local_response_norm(step.inputs[0], size, alpha, beta, primitive.number("bias", 1.0))


def _linear(f: Any, step: Step) -> Any:
    primitive = step.primitive
    scaled = (primitive.number("alpha", 1.0), primitive.number("beta", 1.0)) != (1.0, 1.0)
    bias_fits = step.input(2) is None or len(step.shape(2)) == 1
    if scaled or primitive.integer("transA", 0) or not bias_fits:
        return None
    weight: Any = step.inputs[1]
    weight = weight if primitive.integer("transB", 0) else weight.t()
    return f.linear(step.inputs[0], weight, step.input(2))
