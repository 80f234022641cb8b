"""Writes a network down as plain PyTorch: the calls that executing its Graph makes, without the interpreter of it.

An interpreter's own time would count as PyTorch's in eager execution, and a compiler would have to see through it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def plain_module(
    torch: Any,
    function: Callable[[dict[str, Any]], dict[str, Any]],
    weights: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> Any:
    """A module whose `forward` takes the inputs in order and returns a tuple of the outputs in order.

    Args:
        torch: The library.
        function: Executes the network on tensors by name (weights and inputs alike); its control flow depends on
            shapes and types of tensors only.
        weights: Tensors that become buffers of the module.
        inputs: Tensors that the function is executed on once, to see what it calls.
    """
    recorder = _recorder(torch)()
    for number, (name, tensor) in enumerate(inputs.items()):
        recorder.known[id(tensor)] = recorder.graph.placeholder(f"input_{number}")
        recorder.kept[name] = tensor
    for number, tensor in enumerate(weights.values()):
        recorder.root.register_buffer(f"weight_{number}", tensor)
        recorder.weights[id(tensor)] = f"weight_{number}"
    with torch.inference_mode(), recorder:
        outputs = function({**weights, **inputs})
    recorder.graph.output(tuple(recorder.node(tensor) for tensor in outputs.values()))
    recorder.graph.eliminate_dead_code()
    return torch.fx.GraphModule(recorder.root, recorder.graph).eval()


def _recorder(torch: Any) -> Any:
    """The class of recorders; made here because its base is known only where PyTorch is."""
    from torch.overrides import TorchFunctionMode

    class Recorder(TorchFunctionMode):  # type: ignore[misc]
        """Notes every call of PyTorch's functions that returns a tensor while it is entered."""

        def __init__(self) -> None:
            super().__init__()
            self.root = torch.nn.Module()
            self.graph = torch.fx.Graph()
            self.known: dict[int, Any] = {}
            self.weights: dict[int, str] = {}
            self.kept: dict[Any, Any] = {}  # alive, so that no other tensor gets the id of one

        def node(self, tensor: Any) -> Any:
            """The node that makes a tensor; one that no recorded call has made becomes a buffer."""
            key = id(tensor)
            if key not in self.known:
                if key not in self.weights:
                    self.weights[key] = f"constant_{len(self.weights)}"
                    self.root.register_buffer(self.weights[key], tensor)
                self.known[key] = self.graph.get_attr(self.weights[key])
            return self.known[key]

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and id(result) not in self.known:
                swap = torch.fx.node.map_aggregate
                given = swap((args, kwargs or {}), lambda one: self.node(one) if self._is_tensor(one) else one)
                self.known[id(result)] = self.graph.call_function(func, *given)
                self.kept[id(result)] = result
            return result

        @staticmethod
        def _is_tensor(value: Any) -> bool:
            return isinstance(value, torch.Tensor)

    return Recorder
