"""Kernels built ahead by other processes: what they are asked, and what becomes of a process that fails."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterator, Sequence

import pytest

from library_steps import conv_step, matmul_step
from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library import ahead
from warploom.device.cuda.library.ahead import SWITCH, AheadSource, Builders, Built, Request, builders_for
from warploom.device.cuda.library.builder import serve
from warploom.device.cuda.library.plan import Candidate, ChosenPlan, Kernel
from warploom.device.cuda.library.selection import Experience, Limits, kernels_to_try
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.graph import Precision

_REQUESTS: list[Request] = [(conv_step((1, 32, size, size), 32, (3, 3)), Precision.FP16) for size in range(8, 14)]

# Answers with a plan that names the step's width; a step of 10 ends the process, one of 11 is declined.
_BUILDER = """
import os, pickle, sys
from warploom.device.cuda.library.plan import ChosenPlan
from warploom.device.cuda.library.signature import signature
while True:
    try:
        step, precision = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    width = step.x.layout.shape[-1]
    if width == 10 and {fragile}:
        os._exit(3)
    plan = ChosenPlan(signature(step, precision), "made-up", f"width {{width}}", None, 0, float("inf"), b"code")
    pickle.dump(None if width == 11 else (plan,), sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def builders(request: pytest.FixtureRequest) -> Iterator[Builders]:
    fragile, processes = getattr(request, "param", (False, 2))
    opened = Builders(_REQUESTS, processes, [sys.executable, "-c", _BUILDER.format(fragile=fragile)])
    yield opened
    opened.close()


def _names(built: Built) -> list[str] | None:
    return None if built is None else [plan.name for plan in built]


def _all(builders: Builders) -> list[list[str] | None]:
    return [_names(builders.built(*request)) for request in _REQUESTS]


class _Source:
    """One kernel per step, built where it is asked for."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        if self.error is not None:
            raise self.error
        plan = ChosenPlan(signature(step, precision), "made-up", "here", None, 0, float("inf"), b"")
        return [Candidate("made-up", "here", False, lambda: _Kernel(plan))]

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:  # noqa: ARG002
        return _Kernel(plan)

    def built_ahead(self, plan: ChosenPlan) -> Candidate:
        return Candidate(plan.source, plan.name, True, lambda: _Kernel(plan), ahead=True)


class _Kernel:
    def __init__(self, plan: ChosenPlan) -> None:
        self.plan = plan

    def enqueue(self, pointers: object, workspace: int, stream: int) -> None:
        raise NotImplementedError

    def data(self) -> bytes:
        return b"made here"


def test_that_several_processes_build_and_a_declined_step_is_left_to_the_asker(builders: Builders) -> None:
    assert _all(builders) == [["width 8"], ["width 9"], ["width 10"], None, ["width 12"], ["width 13"]]


@pytest.mark.parametrize("builders", [(True, 2)], indirect=True)
def test_that_a_process_that_ends_leaves_only_its_step(builders: Builders) -> None:
    assert _all(builders) == [["width 8"], ["width 9"], None, None, ["width 12"], ["width 13"]]


@pytest.mark.parametrize("builders", [(True, 1)], indirect=True)
def test_that_the_last_process_to_end_leaves_everything_that_waits(builders: Builders) -> None:
    assert _all(builders) == [["width 8"], ["width 9"], None, None, None, None]


def test_that_a_command_that_does_not_start_leaves_everything() -> None:
    builders = Builders(_REQUESTS, 2, ["/nowhere/warploom-builder"])
    assert _all(builders) == [None] * len(_REQUESTS)
    builders.close()


def test_that_closing_ends_processes_at_work() -> None:
    builders = Builders(_REQUESTS, 2, [sys.executable, "-c", "import time; time.sleep(600)"])
    builders.close()
    assert _all(builders) == [None] * len(_REQUESTS)


def test_that_whoever_waits_may_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_LOOK_S", 0.01)
    asked: list[int] = []

    def give_up() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt

    builders = Builders(_REQUESTS, 2, [sys.executable, "-c", "import time; time.sleep(600)"], give_up)
    with pytest.raises(KeyboardInterrupt):
        builders.built(*_REQUESTS[0])
    builders.close()
    assert len(asked) == 3


def test_that_a_step_that_nobody_was_asked_for_is_left_to_the_asker(builders: Builders) -> None:
    assert builders.built(matmul_step((4, 8), (8, 8)), Precision.FP16) is None


def test_that_kernels_built_ahead_are_all_tried_and_others_are_built_here(builders: Builders) -> None:
    source = AheadSource(_Source(), builders)
    declined = source.candidates(*_REQUESTS[3])
    assert [(candidate.name, candidate.ahead) for candidate in declined] == [("here", False)]
    ready = source.candidates(*_REQUESTS[0])
    tried = kernels_to_try(ready, Limits(compiled=0, run_time=0, new=0), Experience(), lambda _: None)
    assert [kernel.plan.name for kernel in tried] == ["width 8"]


def _served(source: _Source, requests: Sequence[Request]) -> list[Built]:
    incoming, outgoing = io.BytesIO(b"".join(map(pickle.dumps, requests))), io.BytesIO()
    try:
        serve(source, incoming, outgoing)
    finally:
        outgoing.seek(0)
    return [pickle.load(outgoing) for _ in requests]


def test_that_a_builder_answers_with_plans_and_their_data() -> None:
    (first, second) = _served(_Source(), _REQUESTS[:2])
    assert first is not None
    assert second is not None
    assert [(plan.name, plan.data, plan.signature) for plan in (*first, *second)] == [
        ("here", b"made here", signature(*request)) for request in _REQUESTS[:2]
    ]


def test_that_a_builder_says_that_it_failed_and_ends_when_the_gpu_is_lost() -> None:
    assert _served(_Source(CudaError("declined", call="planning")), _REQUESTS[:1]) == [None]
    with pytest.raises(CudaError, match="lost"):
        _served(_Source(CudaError("lost", call="planning", sticky=True)), _REQUESTS[:1])


def test_that_processes_are_started_for_many_steps_and_enough_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SWITCH, "8")
    assert builders_for(40, 80 << 30) == 8
    assert builders_for(8, 80 << 30) == 4
    assert builders_for(5, 80 << 30) == 0
    assert builders_for(40, 6 << 30) == 3
    assert builders_for(40, 1 << 30) == 0
    monkeypatch.setenv(SWITCH, "0")
    assert builders_for(40, 80 << 30) == 0
