from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnx.parser
import pytest

from warploom.graph.document import graph_from_document
from warploom.recording.file import read_recording
from warploom.samples.recipes import build
from warploom.worker.client import WorkerClient, WorkerError, describe_exit, worker_command
from warploom.worker.framing import encode_frame
from warploom.worker.messages import (
    CancelRequest,
    DeviceList,
    DevicesRequest,
    Event,
    Failed,
    Finished,
    GraphReady,
    ImportRequest,
    LogLine,
    OptimizeOptions,
    OptimizeRequest,
    Phase,
    SearchProgress,
)

MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
pair (float[1,8,16,16] x, float[8,8,3,3] w) => (float[1,8,16,16] y) {
    a = Conv<pads=[1,1,1,1]>(x, w)
    b = Sigmoid(x)
    y = Add(a, b)
}
"""


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("worker") / "pair.onnx"
    onnx.save(onnx.parser.parse_model(MODEL), path)
    return path


@pytest.fixture(scope="session")
def long_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose search takes half a minute."""
    path = tmp_path_factory.mktemp("worker") / "randwire.onnx"
    build("randwire_large", path, light=True)
    return path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[WorkerClient]:
    with (tmp_path / "log").open("wb") as log, WorkerClient(stderr=log) as client:
        yield client
    assert client.process.returncode is not None


def run(client: WorkerClient, request: ImportRequest | OptimizeRequest | DevicesRequest) -> list[Event]:
    client.send(request)
    return list(client.events(request.job))


def wait_for_progress(client: WorkerClient, scheduler: str) -> None:
    while not (isinstance(event := client.receive(), SearchProgress) and event.scheduler == scheduler):
        assert not isinstance(event, Failed | Finished), event


def test_that_a_worker_greets_with_its_process(client: WorkerClient) -> None:
    assert client.welcome.pid == client.process.pid


def test_that_an_import_sends_the_fused_graph(client: WorkerClient, model: Path) -> None:
    events = run(client, ImportRequest(job=1, model=str(model)))
    (ready,) = [event for event in events if isinstance(event, GraphReady)]
    graph = graph_from_document(ready.document)
    assert ready.model == "pair"
    assert {"Conv", "Sigmoid"} <= {primitive.op for operator in graph.operators for primitive in operator.body}
    assert events[-1] == Finished(1)


def test_that_the_main_job_tells_its_steps_and_saves_its_recording(
    client: WorkerClient, model: Path, tmp_path: Path
) -> None:
    output = tmp_path / "p.warploom"
    events = run(client, OptimizeRequest(job=2, model=str(model), output=str(output)))
    names = list(dict.fromkeys(event.name for event in events if isinstance(event, Phase)))
    assert names == ["import", "search", "measure", "profile", "verify", "save"]
    last = events[-1]
    assert isinstance(last, Finished), last
    assert not last.cancelled
    assert last.recording == str(output)
    recording = read_recording(output)
    assert json.loads(last.summary)["chosen"] == recording.chosen
    lines = [(event.step, event.subject, event.decision) for event in events if isinstance(event, LogLine)]
    assert lines == [(entry.step, entry.subject, entry.decision) for entry in recording.build_log]
    for candidate in recording.candidates:
        stages = () if candidate.schedule is None else candidate.schedule.stages
        assert len(candidate.stage_costs_us) == len(stages)
    assert {candidate.name for candidate in recording.candidates} >= {"sequential", "greedy", "list", "local"}
    assert set(recording.solo_us) == {operator.name for operator in recording.graph.operators}


def test_that_a_failed_job_costs_nothing_but_itself(client: WorkerClient, model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    (failed,) = [event for event in run(client, ImportRequest(job=1, model=str(bad))) if isinstance(event, Failed)]
    assert failed.code == "import"
    assert "bad.onnx" in failed.message
    assert "Traceback" not in failed.message
    assert "Traceback" in failed.details
    options = OptimizeOptions(device="sim:abacus")
    request = OptimizeRequest(job=2, model=str(model), output=str(tmp_path / "x.warploom"), options=options)
    (failed,) = [event for event in run(client, request) if isinstance(event, Failed)]
    assert failed.code == "device"
    assert isinstance(run(client, ImportRequest(job=3, model=str(model)))[-1], Finished)


def test_that_devices_are_listed(client: WorkerClient) -> None:
    (listed,) = run(client, DevicesRequest(job=1))
    assert isinstance(listed, DeviceList)
    assert listed.default in {device.id for device in listed.devices if device.available}
    assert listed.why


def test_that_a_cancel_in_mid_search_keeps_the_best(client: WorkerClient, long_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.warploom"
    client.send(OptimizeRequest(job=1, model=str(long_model), output=str(output)))
    wait_for_progress(client, "both")
    client.send(CancelRequest(job=1))
    started = time.perf_counter()
    last = list(client.events(1))[-1]
    assert time.perf_counter() - started < 10
    assert isinstance(last, Finished), last
    assert last.cancelled
    recording = read_recording(output)
    assert recording.search.cancelled
    assert recording.speedup >= 1
    assert isinstance(run(client, DevicesRequest(job=2))[-1], DeviceList)


def test_that_a_cancel_before_there_is_anything_writes_nothing(
    client: WorkerClient, long_model: Path, tmp_path: Path
) -> None:
    client.send(OptimizeRequest(job=1, model=str(long_model), output=str(tmp_path / "r.warploom")))
    client.send(CancelRequest(job=1))
    last = list(client.events(1))[-1]
    assert isinstance(last, Failed)
    assert last.code == "cancelled"
    assert not (tmp_path / "r.warploom").exists()


def test_that_a_worker_killed_in_mid_search_is_noticed_and_leaves_nothing(
    client: WorkerClient, long_model: Path, tmp_path: Path
) -> None:
    client.send(OptimizeRequest(job=1, model=str(long_model), output=str(tmp_path / "r.warploom")))
    wait_for_progress(client, "both")
    os.kill(client.welcome.pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="killed by SIGKILL"):
        list(client.events(1))
    assert {path.name for path in tmp_path.iterdir()} == {"log"}


@pytest.mark.parametrize("how", ["close", "end of input"])
def test_that_a_worker_ends_soon_when_nobody_wants_it_any_more(long_model: Path, tmp_path: Path, how: str) -> None:
    client = WorkerClient(stderr=subprocess.DEVNULL)
    client.send(OptimizeRequest(job=1, model=str(long_model), output=str(tmp_path / "r.warploom")))
    wait_for_progress(client, "both")
    if how == "end of input":
        assert client.process.stdin is not None
        client.process.stdin.close()
    client.close()
    assert client.process.returncode == 0, "it was not killed for being late"
    assert list(tmp_path.iterdir()) == []


def test_that_interrupts_of_the_terminal_are_left_to_the_parent(client: WorkerClient) -> None:
    client.process.send_signal(signal.SIGINT)
    assert isinstance(run(client, DevicesRequest(job=1))[-1], DeviceList)


def test_that_nothing_but_frames_reaches_stdout() -> None:
    script = (
        "import os, sys\n"
        "from warploom.stdio import claim_standard_streams\n"
        "from warploom.worker.framing import FrameWriter\n"
        "from warploom.worker.messages import Finished\n"
        "source, sink = claim_standard_streams()\n"
        "print('a library prints'); os.write(1, b'a native library prints\\n')\n"
        "os.system('echo a child prints; cat')\n"
        "FrameWriter(sink).write(Finished(1)); sys.stdout.flush()\n"
        "assert source.read(2) == b'in'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"in", capture_output=True, timeout=30, check=True)
    assert done.stdout == encode_frame(Finished(1))
    assert done.stderr.count(b"prints") == 3


def test_that_garbage_on_stdin_is_answered_and_ends_the_worker() -> None:
    done = subprocess.run(worker_command(), input=b"hello, worker?\n", capture_output=True, timeout=30, check=False)
    assert done.returncode == 2
    assert b"not the worker" in done.stdout
    assert done.stderr == b""


def test_that_a_command_that_is_no_worker_is_said_to_be_none() -> None:
    with pytest.raises(WorkerError, match="does not start"):
        WorkerClient(["/nonexistent/warploom"])
    with pytest.raises(WorkerError, match="exit code 3"):
        WorkerClient([sys.executable, "-c", "raise SystemExit(3)"])


def test_that_ends_are_described() -> None:
    assert describe_exit(1) == "exit code 1"
    assert describe_exit(-signal.SIGSEGV) == "killed by SIGSEGV"
