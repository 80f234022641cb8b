"""How steps are resolved: by the libraries where they can, by own kernels where they cannot, stopped when asked to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cuda_graphs import Builder
from library_steps import conv_step
from warploom.cost.database import CostDatabase, Environment
from warploom.device import PreparingDevice
from warploom.device.cuda import resolve as resolving
from warploom.device.cuda.device import CudaDevice
from warploom.device.cuda.library.plan import ChosenPlan
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.products.convolution import groups_apart
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.steps import Choice, ConvStep, KernelStep, PlainStep, Program
from warploom.errors import CancelledError
from warploom.graph import DType, Precision
from warploom.worker.context import JobContext
from warploom.worker.job import _given_back, _reported_choices
from warploom.worker.messages import Event, Phase


class _Library:
    """Has kernels for the steps of some activations and groups only."""

    def __init__(self, has: Collection[tuple[tuple[str | float, ...], int]]) -> None:
        self.has = has
        self.asked: list[list[str]] = []

    def prepare(
        self,
        steps: Sequence[LibraryStep],
        precision: Precision,
        database: Any,  # noqa: ARG002
        progress: Any,
        *,
        required: bool,
    ) -> dict[str, ChosenPlan]:
        assert not required
        self.asked.append([signature(step, precision) for step in steps])
        found = {}
        for done, step in enumerate(steps):
            key = signature(step, precision)
            if progress is not None:
                progress(done, len(steps), key)
            if (step.activation, getattr(step, "groups", 1)) in self.has:
                found[key] = ChosenPlan(key, "made-up", "k", None, 0, 1.0, b"")
        return found

    def kernel(self, step: LibraryStep, plan: ChosenPlan) -> Any:  # noqa: ARG002
        return SimpleNamespace(plan=plan)


class _Modules:
    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, sources: Any) -> None:
        self.loaded += [source.name for source in sources]


@pytest.fixture
def database(tmp_path: Path) -> Any:
    with CostDatabase(tmp_path / "costs.db", Environment("g", 1, "d", ()), lambda text: pytest.fail(text)) as opened:
        yield opened


def _resolver(library: Any, database: CostDatabase, monkeypatch: pytest.MonkeyPatch) -> tuple[StepResolver, _Modules]:
    monkeypatch.setattr(resolving, "ReplayTimer", lambda _: None)
    modules = _Modules()
    made: Any = (library, modules, database, None)
    return StepResolver(*made), modules


def _resolved(resolver: StepResolver, *steps: Any) -> tuple[PlainStep, ...]:
    (work,) = resolver.resolve([Program("p", steps, {})], Precision.FP16)
    return work.steps


_FUSED = conv_step((1, 16, 8, 8), 16, (1, 1), residual=True, activation=("Sigmoid",))
_PLAIN = conv_step((1, 16, 8, 8), 16, (1, 1))


def test_that_own_kernels_compute_what_no_library_does(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, modules = _resolver(_Library(()), database, monkeypatch)
    (step,) = _resolved(resolver, Choice(((_FUSED,), (_PLAIN,))))
    assert isinstance(step, KernelStep)
    assert step.kernel.name.startswith("direct_conv2d_relu")
    assert modules.loaded == [step.kernel.name]
    again, _ = _resolver(_Library(()), database, monkeypatch)
    assert _resolved(again, Choice(((_FUSED,), (_PLAIN,)))) == (step,)


def test_that_a_way_that_a_library_has_is_taken(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for activation, expected in (("Sigmoid",), _FUSED), (("Relu",), _PLAIN):
        library = _Library([(activation, 1)])
        resolver, _ = _resolver(library, database, monkeypatch)
        assert _resolved(resolver, Choice(((_FUSED,), (_PLAIN,)))) == (expected,)
        assert [len(keys) for keys in library.asked] == [2]  # all in one go


def test_that_wide_groups_may_be_convolutions_of_their_own(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = Builder()
    y = builder.conv(builder.input(1, 384, 12, 12), 256, 3, group=2)
    lowered = lower_graph(builder.graph([y]), Precision.FP16)
    (choice,) = [step for program in lowered.programs for step in program.steps if isinstance(step, Choice)]
    resolver, _ = _resolver(_Library([((), 1), (("Relu",), 1)]), database, monkeypatch)
    apart = _resolved(resolver, choice)
    assert [step.groups for step in apart if isinstance(step, ConvStep)] == [1, 1]
    first, second = apart
    assert isinstance(first, ConvStep)
    assert isinstance(second, ConvStep)
    assert (second.x.offset - first.x.offset, second.y.offset - first.y.offset) == (192, 128)
    assert second.w.offset == 128 * 9 * 192


def test_that_groups_apart_cover_a_grouped_convolution() -> None:
    step = conv_step((1, 64, 5, 5), 32, (3, 3), groups=4, dtype=DType.FLOAT16, residual=True)
    parts = groups_apart(step)
    assert [part.x.offset for part in parts] == [0, 16, 32, 48]
    assert (
        [part.y.offset for part in parts] == [part.residual.offset for part in parts if part.residual] == [0, 8, 16, 24]
    )
    assert [part.bias.offset for part in parts if part.bias] == [0, 8, 16, 24]
    assert all(part.w.layout.shape == (8, 3, 3, 16) and part.groups == 1 for part in parts)


class _Device:
    """Chooses three kernels when asked for costs."""

    info = SimpleNamespace(name="Made-up GPU")

    def __init__(self, resolver: StepResolver) -> None:
        self.resolver = resolver
        self.forgot = 0

    def observe(self, progress: Any) -> None:
        real: Any = SimpleNamespace(_resolver=self.resolver)
        CudaDevice.observe(real, progress)

    def forget_graphs(self) -> None:
        self.forgot += 1


def _device_and_context(
    database: Any, monkeypatch: pytest.MonkeyPatch, cancelled: Any
) -> tuple[_Device, JobContext, list[Event]]:
    resolver, _ = _resolver(_Library([(("Relu",), 1)]), database, monkeypatch)
    events: list[Event] = []
    return _Device(resolver), JobContext(1, events.append, cancelled), events


def test_that_the_choice_of_kernels_is_reported(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device, context, events = _device_and_context(database, monkeypatch, lambda: False)
    assert isinstance(device, PreparingDevice)
    seen: Any = device
    with _reported_choices(seen, context):
        _resolved(device.resolver, _PLAIN)
    assert events == [Phase(1, "search", "kernels for Made-up GPU, 0 of 1 chosen")]
    assert device.resolver.progress is None


def test_that_the_choice_of_kernels_can_be_cancelled(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device, context, _ = _device_and_context(database, monkeypatch, lambda: True)
    seen: Any = device
    with pytest.raises(CancelledError), _given_back(seen), _reported_choices(seen, context):
        _resolved(device.resolver, _PLAIN)
    assert device.forgot == 1
    assert device.resolver.progress is None
    assert _resolved(device.resolver, _PLAIN) == (_PLAIN,)  # the next job begins anew
