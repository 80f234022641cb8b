"""Typed, versioned messages between the worker and whoever watches it: the window, the command line, tests.

Every message is a frozen msgspec struct with a tag. Requests go to the worker, events come back; each event carries
the id of the request (`job`) that it belongs to.
"""

from __future__ import annotations

import msgspec

PROTOCOL_VERSION = 1


class OptimizeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the main job; defaults as the command line's."""

    device: str = "auto"
    mode: str = "both"
    max_group_operators: int = 3
    max_stage_groups: int = 8
    batch: int | None = None
    shapes: dict[str, tuple[int, ...]] = {}
    precision: str = "fp32"
    repeats: int = 50
    verify: bool = True
    search_seconds: float | None = 40.0
    schedule: str | None = None


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First request: what the other side speaks."""

    job: int
    protocol: int = PROTOCOL_VERSION


class ImportRequest(msgspec.Struct, frozen=True, tag="import"):
    """Read a model and send its Graph back (after passes)."""

    job: int
    model: str
    batch: int | None = None
    shapes: dict[str, tuple[int, ...]] = {}


class OptimizeRequest(msgspec.Struct, frozen=True, tag="optimize"):
    """Run the main job on a model and save the recording at `output`."""

    job: int
    model: str
    output: str
    options: OptimizeOptions = OptimizeOptions()


class CancelRequest(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop a job; what was found so far is kept where there is something."""

    job: int


class DevicesRequest(msgspec.Struct, frozen=True, tag="devices"):
    """List the devices that this machine offers."""

    job: int


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    """End the worker."""

    job: int = 0


Request = Hello | ImportRequest | OptimizeRequest | CancelRequest | DevicesRequest | Shutdown


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Answer to Hello."""

    job: int
    version: str
    protocol: int
    pid: int


class Phase(msgspec.Struct, frozen=True, tag="phase"):
    """A step of a job begins: "import", "search", "verify", "measure", "profile", "save"."""

    job: int
    name: str
    detail: str = ""


class SearchProgress(msgspec.Struct, frozen=True, tag="search-progress", kw_only=True):
    """Where the schedule search stands."""

    job: int
    scheduler: str
    block: int
    blocks: int
    states: int
    stages_costed: int
    best_us: float | None
    elapsed_s: float


class LogLine(msgspec.Struct, frozen=True, tag="log"):
    """One decision of the build log."""

    job: int
    step: str
    subject: tuple[str, ...]
    decision: str
    reason: str


class GraphReady(msgspec.Struct, frozen=True, tag="graph-ready"):
    """The imported and fused Graph as a graph document (JSON bytes, see warploom.graph.document)."""

    job: int
    model: str
    document: bytes


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One device in a list."""

    id: str
    name: str
    simulated: bool
    available: bool
    note: str = ""


class DeviceList(msgspec.Struct, frozen=True, tag="device-list"):
    """Answer to DevicesRequest; `default` is what "auto" means, `why` says why."""

    job: int
    devices: tuple[DeviceEntry, ...]
    default: str
    why: str


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """A job ended well. `summary` is the JSON object that `warploom optimize --json` prints (empty for others)."""

    job: int
    recording: str = ""
    summary: bytes = b""
    cancelled: bool = False


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """A job ended with an error; `message` is meant for the user, `details` (a traceback) for a report of a defect."""

    job: int
    code: str
    message: str
    details: str = ""


Event = Welcome | Phase | SearchProgress | LogLine | GraphReady | DeviceList | Finished | Failed
