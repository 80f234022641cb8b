"""LSTM, GRU and RNN written out step by step.

The products with the input are one for all steps; a step is one product with the state and one chain of pointwise
operators. Directions and layers are independent of each other, which schedules can use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warploom.graph import DType
from warploom.importer.expand.writer import Expander, Writer

_MOST_STEPS = 2048
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
_PARAMETERS: Mapping[str, Mapping[str, float]] = {
    "LeakyRelu": {"alpha": 0.01},
    "ThresholdedRelu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "Elu": {"alpha": 1.0},
}
_PLAIN = ("Sigmoid", "Tanh", "Relu", "Softsign", "Softplus")

_ROUNDS = "warploom_rounds"
"""Attribute of an LSTM whose products round their left operand to 8 bits, with a scale that follows from its values."""

State = tuple[str, ...]
"""The hidden state, and for LSTM the cell state behind it; "" stands for zeros."""


@dataclass(frozen=True, slots=True)
class _Direction:
    """One direction of a layer: its weights, cut out and turned."""

    writer: Writer
    number: int
    hidden: int
    functions: tuple[Callable[[str], str], ...]

    def weight(self, position: int) -> str:
        """W or R of this direction: (inputs, gates * hidden)."""
        name = self.writer.cut(self.writer.node.input(position), 0, self.number, self.number + 1)
        return self.writer.transpose(self.writer.squeeze(name, 0), (1, 0))

    def row(self, position: int, first: int, last: int) -> str:
        """Gates [first, last) of this direction's biases or peepholes; "" where the input is absent."""
        name = self.writer.node.input(position)
        if not name:
            return ""
        own = self.writer.squeeze(self.writer.cut(name, 0, self.number, self.number + 1), 0)
        return self.writer.cut(own, 0, first * self.hidden, last * self.hidden)

    def state(self, position: int) -> str:
        """An initial state: (batch, hidden); "" where it is zero."""
        name = self.writer.node.input(position)
        if not name or _is_zero(self.writer, name):
            return ""
        axis = 1 if self.writer.node.integer("layout", 0) else 0
        return self.writer.squeeze(self.writer.cut(name, axis, self.number, self.number + 1), axis)


def _factor(writer: Writer, x: str) -> str:
    """The left operand of a product."""
    if not writer.node.integer(_ROUNDS, 0):
        return x
    stored = writer.ops(
        "DynamicQuantizeLinear", x, to=tuple(writer.name(what) for what in ("integers", "scale", "zero"))
    )
    return writer.op("DequantizeLinear", *stored)


def _is_zero(writer: Writer, name: str) -> bool:
    values = writer.scope.array(name)
    return values is not None and not np.any(values)


def recurrent(writer: Writer) -> None:
    """Writes out one layer, all directions."""
    node, gates = writer.node, _GATES[writer.node.op]
    batch_first = bool(node.integer("layout", 0))
    x = writer.transpose(node.input(0), (1, 0, 2)) if batch_first else node.input(0)
    shape = writer.shape(node.input(0))
    steps, batch = (shape[1], shape[0]) if batch_first else shape[:2]
    if steps > _MOST_STEPS:
        raise node.failure(
            f"has {steps} steps; Warploom writes at most {_MOST_STEPS} out: export the model with shorter sequences."
        )
    directions = writer.shape(node.input(1))[0]
    reverse = node.text("direction", "forward") == "reverse"
    hidden = writer.shape(node.input(2))[2]
    masks = _masks(writer, steps, batch)
    results = []
    for number in range(directions):
        direction = _Direction(writer, number, hidden, _functions(writer, number))
        backwards = reverse or number == 1
        results.append(_run(direction, _projected(direction, x, steps, gates), masks, backwards=backwards))
    _hand_out(writer, results, batch_first=batch_first)


def _projected(direction: _Direction, x: str, steps: int, gates: int) -> list[str]:
    """The products with the input and all biases that simply add, step by step: (batch, gates * hidden)."""
    writer = direction.writer
    product = writer.op("MatMul", _factor(writer, x), direction.weight(1))
    added = direction.row(3, 0, gates)
    if added:
        inner = _recurrent_bias(direction, gates)
        if inner:
            added = writer.op("Add", added, inner)
        product = writer.op("Add", product, added)
    if steps == 1:
        return [writer.squeeze(product, 0)]
    return [writer.squeeze(part, 0) for part in writer.split(product, 0, (1,) * steps)]


def _recurrent_bias(direction: _Direction, gates: int) -> str:
    """The bias beside the product with the state, as far as it simply adds."""
    bias = direction.row(3, gates, 2 * gates)
    node = direction.writer.node
    if node.op == "GRU" and node.integer("linear_before_reset", 0):
        zeros = direction.writer.constant(np.zeros(direction.hidden), direction.writer.dtype(node.input(3)))
        return direction.writer.op("Concat", direction.row(3, gates, gates + 2), zeros, axis=0)
    return bias


def _masks(writer: Writer, steps: int, batch: int) -> list[str]:
    """For every step which sequences are that long, (batch, 1); "" where all are."""
    name = writer.node.input(4)
    if not name:
        return [""] * steps
    lengths = writer.scope.array(name)
    if lengths is not None and (lengths >= steps).all():
        return [""] * steps
    column = writer.reshape(name, batch, 1)
    limits = [writer.constant(step, DType.INT32) for step in range(steps)]
    return [writer.op("Less", limit, column) for limit in limits]


def _run(
    direction: _Direction, projected: Sequence[str], masks: Sequence[str], *, backwards: bool
) -> tuple[list[str], State]:
    """What every step hands out, in the order of the input, and the last state."""
    writer = direction.writer
    step = _STEPS[writer.node.op](direction)
    positions = (5, 6) if writer.node.op == "LSTM" else (5,)
    state: State = tuple(direction.state(position) for position in positions)
    handed: dict[int, str] = {}
    order = range(len(projected))
    for i in reversed(order) if backwards else order:
        new = step(projected[i], state)
        handed[i] = new[0]
        if masks[i]:
            zero = writer.number(0.0, writer.node.input(0))
            handed[i] = writer.op("Where", masks[i], new[0], zero)
            new = tuple(writer.op("Where", masks[i], one, old or zero) for one, old in zip(new, state, strict=True))
        state = new
    return [handed[i] for i in order], state


def _hand_out(writer: Writer, results: Sequence[tuple[list[str], State]], *, batch_first: bool) -> None:
    """Y (steps, directions, batch, hidden), Y_h and Y_c (directions, batch, hidden); with the batch first if asked."""
    if writer.output(0):
        axes = (1, 2) if batch_first else (0, 1)
        sequences = [
            _joined(writer, [writer.unsqueeze(one, *axes) for one in handed], axes[0]) for handed, _ in results
        ]
        writer.result(_joined(writer, sequences, axes[1]), 0)
    for position in range(1, 1 + len(results[0][1])):
        if writer.output(position):
            axis = 1 if batch_first else 0
            last = [writer.unsqueeze(state[position - 1], axis) for _, state in results]
            writer.result(_joined(writer, last, axis), position)


def _joined(writer: Writer, parts: Sequence[str], axis: int) -> str:
    return parts[0] if len(parts) == 1 else writer.op("Concat", *parts, axis=axis)


def _with_state(direction: _Direction, weight: str, added: str, state: str) -> str:
    """The product of state and weight on top of `added`."""
    if not state:
        return added
    writer = direction.writer
    return writer.op("Add", writer.op("MatMul", _factor(writer, state), weight), added)


def _lstm(direction: _Direction) -> Callable[[str, State], State]:
    """Source of the arithmetic: ONNX, operator LSTM; gates in the order input, output, forget, cell."""
    writer = direction.writer
    if writer.node.integer("input_forget", 0):
        raise writer.node.failure("couples its input and forget gates, which Warploom does not support.")
    weight = direction.weight(2)
    sigmoid, inner, outer = direction.functions
    peepholes = [direction.row(7, gate, gate + 1) for gate in range(3)]

    def looking(gate: str, peephole: str, cell: str) -> str:
        return writer.op("Add", gate, writer.op("Mul", peephole, cell)) if peephole and cell else gate

    def step(projected: str, state: State) -> State:
        hidden, cell = state
        parts = writer.split(_with_state(direction, weight, projected, hidden), 1, (direction.hidden,) * 4)
        made = writer.op("Mul", sigmoid(looking(parts[0], peepholes[0], cell)), inner(parts[3]))
        if cell:
            kept = writer.op("Mul", sigmoid(looking(parts[2], peepholes[2], cell)), cell)
            made = writer.op("Add", kept, made)
        return writer.op("Mul", sigmoid(looking(parts[1], peepholes[1], made)), outer(made)), made

    return step


def _gru(direction: _Direction) -> Callable[[str, State], State]:
    """Source of the arithmetic: ONNX, operator GRU; gates in the order update, reset, hidden."""
    writer, size = direction.writer, direction.hidden
    linear = bool(writer.node.integer("linear_before_reset", 0))
    weight = direction.weight(2)
    gates = weight if linear else writer.cut(weight, 1, 0, 2 * size)
    last = "" if linear else writer.cut(weight, 1, 2 * size, 3 * size)
    bias = direction.row(3, 5, 6) if linear else ""
    sigmoid, tangent = direction.functions

    def candidate(x: str, reset: str, state: str, product: str) -> str:
        if linear:
            product = writer.op("Add", product, bias) if bias and product else product or bias
            return writer.op("Add", x, writer.op("Mul", reset, product)) if product else x
        return _with_state(direction, last, x, writer.op("Mul", reset, state) if state else "")

    def step(projected: str, state: State) -> State:
        (hidden,) = state
        update, reset, x = writer.split(projected, 1, (size,) * 3)
        product = ""
        if hidden:
            parts = writer.split(writer.op("MatMul", hidden, gates), 1, (size,) * (3 if linear else 2))
            update, reset = writer.op("Add", update, parts[0]), writer.op("Add", reset, parts[1])
            product = parts[2] if linear else ""
        update = sigmoid(update)
        made = tangent(candidate(x, sigmoid(reset), hidden, product))
        if not hidden:
            one = writer.number(1.0, writer.node.input(0))
            return (writer.op("Mul", writer.op("Sub", one, update), made),)
        # (1 - z) * h~ + z * h as h~ + z * (h - h~): one product less
        return (writer.op("Add", made, writer.op("Mul", update, writer.op("Sub", hidden, made))),)

    return step


def _rnn(direction: _Direction) -> Callable[[str, State], State]:
    weight = direction.weight(2)
    (tangent,) = direction.functions
    return lambda projected, state: (tangent(_with_state(direction, weight, projected, state[0])),)


_STEPS: Mapping[str, Callable[[_Direction], Callable[[str, State], State]]] = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}


def _functions(writer: Writer, number: int) -> tuple[Callable[[str], str], ...]:
    """The activations of one direction."""
    node = writer.node
    defaults = _ACTIVATIONS[node.op]
    names = tuple(node.values.get("activations", ())) or defaults * (number + 1)
    first = number * len(defaults)
    alphas, betas = (list(node.values.get(f"activation_{what}", ())) for what in ("alpha", "beta"))
    taken = []
    for position, name in enumerate(names[: first + len(defaults)]):
        wanted = _PARAMETERS.get(name, {})
        values = {key: (alphas if key == "alpha" else betas) for key in wanted}
        parameters = {key: (left.pop(0) if left else wanted[key]) for key, left in values.items()}
        if position >= first:
            taken.append(_function(writer, name, parameters))
    return tuple(taken)


def _function(writer: Writer, name: str, parameters: Mapping[str, float]) -> Callable[[str], str]:
    matching = {known.lower(): known for known in (*_PLAIN, *_PARAMETERS)}
    known = matching.get(name.lower())
    if known is None:
        raise writer.node.failure(f"has the activation {name!r}, which Warploom does not support.")
    op, more = known, dict[str, Any](parameters)
    bound = writer.node.number("clip", 0.0)

    def apply(x: str) -> str:
        if bound:
            x = writer.op("Clip", x, writer.number(-bound, writer.node.input(0)),
                          writer.number(bound, writer.node.input(0)))  # fmt: skip
        return writer.op(op, x, **more)

    return apply


def dynamic_lstm(writer: Writer) -> None:
    """DynamicQuantizeLSTM of ONNX Runtime: its weights are 8-bit integers, turned; its products round what they read.

    Source of the arithmetic: ONNX Runtime's list of contributed operators.
    """
    node = writer.node
    weights = []
    for position, scale, zero in ((1, 8, 9), (2, 10, 11)):
        directions = writer.shape(node.input(position))[0]
        unit, less = (writer.reshape(node.input(i), directions, 1, -1) for i in (scale, zero))
        number = writer.op("Sub", writer.cast(node.input(position), DType.FLOAT32), writer.cast(less, DType.FLOAT32))
        weights.append(writer.transpose(writer.op("Mul", number, unit), (0, 2, 1)))
    attributes = {name: list(value) if isinstance(value, tuple) else value for name, value in node.values.items()}
    outputs = [writer.output(position) for position in range(len(node.outputs))]
    writer.ops("LSTM", node.input(0), *weights, *node.inputs[3:8], to=outputs, **{_ROUNDS: 1}, **attributes)


EXPANDERS: Mapping[str, Expander] = {
    **dict.fromkeys(_GATES, recurrent),
    "com.microsoft::DynamicQuantizeLSTM": dynamic_lstm,
}
