"""A worker that speaks the real protocol but does no work: `fake_worker.py BEHAVIOUR RECORDING`.

Behaviours: good, slow (searches until cancelled), hang (ignores cancel), stubborn (ignores SIGTERM, too), fail,
fail-import, stuck-import (on any but other.onnx), garbage, old, mute (never answers), quit (ends at once).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from warploom.graph.document import graph_to_document
from warploom.recording.file import read_recording
from warploom.worker.framing import FrameWriter, decode_request, read_frame
from warploom.worker.messages import (
    PROTOCOL_VERSION,
    CancelRequest,
    Chunk,
    DeviceEntry,
    DeviceList,
    DevicesRequest,
    Download,
    Event,
    Failed,
    Finished,
    GraphReady,
    Hello,
    ImportRequest,
    LogLine,
    OptimizeRequest,
    Phase,
    Ping,
    Pong,
    Request,
    SearchProgress,
    Shutdown,
    Upload,
    Uploaded,
    Welcome,
)

DEVICES = (
    DeviceEntry(id="cuda:0", name="NVIDIA H100", simulated=False, available=False, note="not in this version"),
    DeviceEntry(id="sim:h200", name="NVIDIA H200", simulated=True, available=True),
    DeviceEntry(id="sim:k80", name="Tesla K80", simulated=True, available=True),
)


class FakeWorker:
    """Answers requests as its behaviour says."""

    def __init__(self, behaviour: str, recording: Path, source: BinaryIO, sink: BinaryIO) -> None:
        self._behaviour, self._recording, self._source = behaviour, recording, source
        self._writer = FrameWriter(sink)
        self._cancelled = threading.Event()

    def serve(self) -> None:
        if self._behaviour == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self._behaviour == "garbage":
            os.write(1, b"Traceback (most recent call last):\n")
        while (body := read_frame(self._source)) is not None:
            request = decode_request(body)
            if isinstance(request, Shutdown):
                return
            if self._behaviour != "mute":
                self._answer(request)

    def _say(self, event: Event) -> None:
        self._writer.write(event)

    def _answer(self, request: Request) -> None:
        match request:
            case Hello():
                protocol = PROTOCOL_VERSION + (1 if self._behaviour == "old" else 0)
                self._say(Welcome(request.job, "0.0", protocol, os.getpid()))
            case DevicesRequest():
                self._say(DeviceList(request.job, DEVICES, "sim:h200", "No NVIDIA GPU can be used here."))
            case Ping():
                self._say(Pong(request.job))
            case Upload():
                received = request.offset + len(request.data)
                self._say(Uploaded(job=request.job, name=request.name, received=received, path=request.name))
            case Download():
                data = Path(request.path).read_bytes()
                self._say(Chunk(job=request.job, offset=0, total=len(data), data=data))
                self._say(Finished(request.job))
            case CancelRequest():
                self._cancelled.set()
            case ImportRequest():
                self._import(request)
            case OptimizeRequest():
                self._cancelled.clear()
                threading.Thread(target=self._optimize, args=(request,), daemon=True).start()

    def _import(self, request: ImportRequest) -> None:
        if self._behaviour == "fail-import":
            self._say(Failed(request.job, "import", f"{request.model} is not an ONNX model.", "where it was noticed"))
            return
        if self._behaviour == "stuck-import" and Path(request.model).name != "other.onnx":
            time.sleep(3600)
        self._say(Phase(request.job, "import", request.model))
        self._say(LogLine(request.job, "fuse_epilogue", ("stem",), "fused", "only one reads it"))
        document = graph_to_document(read_recording(self._recording).graph)
        self._say(GraphReady(request.job, Path(request.model).stem, document))
        self._say(Finished(request.job))

    def _optimize(self, request: OptimizeRequest) -> None:
        job = request.job
        self._say(Phase(job, "search", request.options.mode))
        if self._behaviour == "fail":
            self._say(Failed(job, "device", "The device sim:none does not exist.", "details for a report"))
            return
        cancelled = self._search(job)
        self._say(Phase(job, "save", request.output))
        if request.output:
            shutil.copy(self._recording, request.output)
        self._say(Finished(job, request.output or str(self._recording), b"{}", cancelled))

    def _search(self, job: int) -> bool:
        """Reports progress; for ever unless the behaviour is good. Returns whether it was cancelled."""
        for step in range(1_000_000):
            block = min(step, 12)
            self._say(
                SearchProgress(
                    job=job,
                    scheduler="both",
                    block=block,
                    blocks=13,
                    states=10 * step,
                    stages_costed=1204 + step,
                    best_us=336.0,
                    elapsed_s=0.01 * step,
                )
            )
            self._say(LogLine(job, "ios-both", ("stem",), "staged", f"step {step}"))
            time.sleep(0.01)
            obeys = self._behaviour not in ("hang", "stubborn")
            if obeys and self._cancelled.is_set():
                return True
            if self._behaviour == "good" and step == 5:
                break
        return False


if __name__ == "__main__":
    if sys.argv[1] == "quit":
        sys.exit("fake worker: quitting at once")
    FakeWorker(sys.argv[1], Path(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer).serve()
