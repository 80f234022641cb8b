"""Typed, versioned messages between the worker and whoever watches it: the window, the command line, tests.

Every message is a frozen msgspec struct with a tag. Requests go to the worker, events come back; each event carries
the id of the request (`job`) that it belongs to.
"""

from __future__ import annotations

import msgspec

PROTOCOL_VERSION = 2

CHUNK_BYTES = 256 * 1024
"""Of a file in one message: small enough that a cancel or a heartbeat soon gets past it on a slow line."""


class OptimizeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the main job; defaults as the command line's.

    Attributes:
        precision: A `Precision`, or "auto": whatever is fastest within `error_budget`, operator by operator.
        error_budget: Of the relative L2 error of every output; None for the default.
        calibrate: Folder of .npy files that 8-bit integers are calibrated with, or that errors are measured on.
        calibration_method: How ranges follow from that: a `CalibrationMethod`.
        profile: Whether plans are traced and sampled on a GPU; it takes seconds, and timelines are estimated without.
    """

    device: str = "auto"
    mode: str = "both"
    max_group_operators: int = 3
    max_stage_groups: int = 8
    batch: int | None = None
    shapes: dict[str, tuple[int, ...]] = {}
    precision: str = "fp32"
    repeats: int = 50
    verify: bool = True
    search_seconds: float | None = 25.0
    schedule: str | None = None
    workspace_mb: int | None = None
    sample_interval_ns: int = 1000
    counters: tuple[str, ...] = ()
    error_budget: float | None = None
    calibrate: str | None = None
    calibration_method: str = "mse"
    profile: bool = True


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
    """Run the main job on a model and save the recording at `output`.

    Without `output` it goes to a folder of the worker's own, to be fetched with `Download`. `known_as` is the path
    that the recording names the model by, where the worker only has a copy.
    """

    job: int
    model: str
    output: str
    options: OptimizeOptions = OptimizeOptions()
    known_as: str = ""


class TryRequest(msgspec.Struct, frozen=True, tag="try", kw_only=True):
    """Run a schedule that was edited by hand, and add it to a recording under a name.

    Attributes:
        job: Of this request.
        recording: The file with the graph and the other schedules.
        output: Where the recording with one more schedule is written; may be the same file.
        name: Of the schedule; one of that name is replaced, unless it is the sequential one.
        schedule: Stages or a plan as JSON (formats "warploom-schedule" and "warploom-plan").
        model: The model's file, needed on a GPU and to compare outputs; by default the one that the recording names.
        device: In place of the recording's own; every schedule of the recording is run on it then.
        verify: Whether outputs are compared with the original model's, where its file is there.
    """

    job: int
    recording: str
    output: str
    name: str
    schedule: bytes
    model: str = ""
    device: str = ""
    verify: bool = True


class CancelRequest(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop a job; what was found so far is kept where there is something."""

    job: int


class DevicesRequest(msgspec.Struct, frozen=True, tag="devices"):
    """List the devices that this machine offers."""

    job: int


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Answered with `Pong` at once, whatever the worker is doing."""

    job: int = 0


class DoctorRequest(msgspec.Struct, frozen=True, tag="doctor"):
    """Look for everything that a CUDA device needs (what `warploom doctor` shows)."""

    job: int


class ModelFilesRequest(msgspec.Struct, frozen=True, tag="model-files"):
    """List the files that a job needs: the model itself, its external data, and the folder of calibration data."""

    job: int
    model: str
    calibrate: str | None = None


class Upload(msgspec.Struct, frozen=True, tag="upload", kw_only=True):
    """A piece of a file for the worker; pieces come in order. Each is answered with `Uploaded`.

    `folder` is a name that the sender chooses for what belongs together, `name` the file's path below it.
    """

    job: int
    folder: str
    name: str
    offset: int
    total: int
    data: bytes


class Download(msgspec.Struct, frozen=True, tag="download"):
    """Send a file that the worker wrote into its own folder: `Chunk`s, then `Finished`."""

    job: int
    path: str


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    """End the worker."""

    job: int = 0


Request = (
    Hello
    | ImportRequest
    | OptimizeRequest
    | TryRequest
    | CancelRequest
    | DevicesRequest
    | Ping
    | DoctorRequest
    | ModelFilesRequest
    | Upload
    | Download
    | Shutdown
)


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


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answer to Ping."""

    job: int = 0


class DoctorFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the doctor's report; `state` is "ok", "warning" or "missing"."""

    subject: str
    state: str
    text: str
    remedy: str = ""


class DoctorReport(msgspec.Struct, frozen=True, tag="doctor-report"):
    """Answer to DoctorRequest."""

    job: int
    findings: tuple[DoctorFinding, ...]


class ModelFile(msgspec.Struct, frozen=True):
    """A file: its path relative to the model's folder (or to that which the calibration data's is in), its length."""

    name: str
    size: int


class ModelFiles(msgspec.Struct, frozen=True, tag="model-files"):
    """Answer to ModelFilesRequest; the model itself comes first."""

    job: int
    files: tuple[ModelFile, ...]
    calibration: tuple[ModelFile, ...] = ()


class Uploaded(msgspec.Struct, frozen=True, tag="uploaded", kw_only=True):
    """Answer to Upload: how much of the file is there, and where it is."""

    job: int
    name: str
    received: int
    path: str


class Chunk(msgspec.Struct, frozen=True, tag="chunk", kw_only=True):
    """A piece of a file that was asked for with `Download`."""

    job: int
    offset: int
    total: int
    data: bytes


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


Event = (
    Welcome
    | Phase
    | SearchProgress
    | LogLine
    | GraphReady
    | DeviceList
    | Pong
    | DoctorReport
    | ModelFiles
    | Uploaded
    | Chunk
    | Finished
    | Failed
)
