"""Which peers can run here, and which adapters have proved themselves where their library and a GPU were."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from warploom.peers.compare import FIND_SECONDS
from warploom.peers.messages import Command, Kind
from warploom.peers.process import PeerProcess
from warploom.peers.registry import PEERS, UNTESTED


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """One peer.

    Attributes:
        name: As `--peers` takes it.
        title: As results show it.
        version: Of its library; "" where that is missing.
        reason: Why it cannot run here; "" where it can.
        untested: Whether its adapter has never run where its library and a GPU (if it needs one) are.
    """

    name: str
    title: str
    version: str
    reason: str
    untested: bool


def list_peers() -> tuple[PeerStatus, ...]:
    """All peers; each looks for its library in a process of its own, all at once."""
    with ExitStack() as stack:
        processes = [stack.enter_context(PeerProcess(name, Path())) for name in PEERS]
        for process in processes:
            process.tell(Command(Kind.FIND))
        return tuple(_status(process) for process in processes)


def _status(process: PeerProcess) -> PeerStatus:
    found = process.hear(FIND_SECONDS)
    peer = PEERS[process.name]
    return PeerStatus(peer.name, peer.title, found.version, found.error, peer.name in UNTESTED)
