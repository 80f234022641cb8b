"""All peers by name."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.errors import CommandError
from warploom.peers.jax_peers import JaxPeer
from warploom.peers.onnx_runtime import OnnxRuntimePeer
from warploom.peers.protocol import Peer
from warploom.peers.tensorflow_peers import TensorFlowPeer
from warploom.peers.tensorrt import TensorRtPeer
from warploom.peers.torch_peers import TorchPeer
from warploom.peers.tvm import TvmPeer

_ALL: tuple[Peer, ...] = (
    OnnxRuntimePeer("cuda"),
    OnnxRuntimePeer("cuda-graph"),
    OnnxRuntimePeer("tensorrt"),
    TorchPeer("eager"),
    TorchPeer("graph"),
    TorchPeer("compiled"),
    TorchPeer("autotuned"),
    TorchPeer("reduce-overhead"),
    TensorRtPeer(),
    TensorRtPeer(auxiliary_streams=4),
    TvmPeer(),
    JaxPeer(),
    TensorFlowPeer(xla=False),
    TensorFlowPeer(xla=True),
    OnnxRuntimePeer("cpu"),
    TorchPeer("eager", gpu=False),
    TorchPeer("compiled", gpu=False),
    TvmPeer(gpu=False),
    JaxPeer(gpu=False),
    TensorFlowPeer(xla=False, gpu=False),
)

PEERS: Mapping[str, Peer] = {peer.name: peer for peer in _ALL}

_RAN_ON_GPUS = frozenset({"torch-eager", "torch-graph", "torch-compiled", "torch-reduce-overhead", "jax"})
"""Adapters that ran on an H200, outputs checked: see benchmarks/results."""

UNTESTED: frozenset[str] = frozenset({peer.name for peer in _ALL if peer.gpu} - _RAN_ON_GPUS)
"""Adapters that have never run where their library and a GPU are: their rows say so."""


def find_peer(name: str) -> Peer:
    """The peer of that name.

    Raises:
        CommandError: If there is none.
    """
    try:
        return PEERS[name]
    except KeyError:
        raise CommandError(f"There is no peer {name!r}; there are {', '.join(PEERS)}.") from None
