"""The profiling process: reads a request from a folder, traces its plans, leaves the answer there.

A process of its own, because CUPTI slows down every replay of a process that it was loaded into, and a fault in it
must cost nothing but the profile. `python -m warploom.device.cuda.profiler.service FOLDER`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.device.cuda.profiler.trace import ProfileRequest, Trace, encode_problem, encode_traces
from warploom.errors import ProfileError, WarploomError

if TYPE_CHECKING:
    from warploom.device.cuda.device import CudaDevice
    from warploom.device.cuda.profiler.cupti_library import Cupti
    from warploom.device.cuda.profiler.record import Recorder

REQUEST, ANSWER = "request", "answer"
"""Names of the files in the folder."""

_LOOK_S = 0.5


def main(folder: Path) -> None:
    """Answers the request in the folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process decides what Ctrl-C means
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        answer = encode_traces(trace_plans(ProfileRequest.decode((folder / REQUEST).read_bytes())))
    except WarploomError as error:
        answer = encode_problem(str(error))
    part = folder / f"{ANSWER}.part"
    part.write_bytes(answer)
    part.rename(folder / ANSWER)


def trace_plans(request: ProfileRequest) -> list[Trace]:
    """Traces each plan of a request, as well as this machine allows.

    Raises:
        WarploomError: If nothing can be traced.
    """
    from warploom.device.cuda.profiler.cupti_library import load_cupti

    try:
        cupti = load_cupti()  # before anything else loads another one
    except ProfileError as error:
        return _by_events(request, str(error))
    from warploom.device.cuda.device import open_cuda_device

    device = open_cuda_device(request.device)
    try:
        recorder = open_recorder(cupti, device, request)
    except ProfileError as error:
        return _by_events(request, str(error))
    traces = []
    for plan in request.plans:
        with device.compile(request.graph, plan, request.precision) as executable:
            traces.append(executable.replayed(partial(recorder.record, plan.name)))
    return traces


def open_recorder(cupti: Cupti, device: CudaDevice, request: ProfileRequest) -> Recorder:
    """Traces kernels, and samples counters where that is allowed.

    Raises:
        ProfileError: If kernels cannot be traced.
    """
    from warploom.device.cuda.profiler.activity import ActivityTracer
    from warploom.device.cuda.profiler.record import Recorder
    from warploom.device.cuda.profiler.sampling import Sampler

    options, capability = request.options, device.info.compute_capability
    tracer = ActivityTracer(cupti)
    try:
        sampler = Sampler(cupti, request.device, capability, options.interval_ns, options.counters)
    except ProfileError as error:
        return Recorder(tracer, None, (str(error),), options.replays)
    return Recorder(tracer, sampler, (), options.replays)


def _by_events(request: ProfileRequest, why: str) -> list[Trace]:
    from warploom.device.cuda.device import open_cuda_device
    from warploom.device.cuda.profiler.events import Stamps, record_by_events

    device = open_cuda_device(request.device)
    traces = []
    for plan in request.plans:
        stamps = Stamps()
        with device.compile(request.graph, plan, request.precision, alter=stamps.around) as executable:
            use = partial(record_by_events, plan.name, stamps, request.options.replays, why.rstrip("."))
            traces.append(executable.replayed(use))
    return traces


def _end_with(parent: int) -> None:
    """Ends this process when the one that started it has gone."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the answer is written: nothing that CUPTI does at exit may spoil it
