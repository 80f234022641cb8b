"""CudaDevice: an NVIDIA GPU behind the Device protocol."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from threading import RLock

from warploom.cost import CostModel, OperatorResources
from warploom.cost.database import CostDatabase, Environment
from warploom.device.cuda.capture import StreamPool
from warploom.device.cuda.compiler import Alter, Tools, compile_plan
from warploom.device.cuda.cost_model import MeasuredCostModel
from warploom.device.cuda.driver import GpuFacts, driver_facts
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.executable import CudaExecutable
from warploom.device.cuda.library.gpu_libraries import GpuLibraries
from warploom.device.cuda.library.library_plans import LibraryPlans, Progress
from warploom.device.cuda.loading import environment, load_cudnn, load_cupy, version_text
from warploom.device.cuda.lowering.registry import default_registry
from warploom.device.cuda.lowering.support import require_support, support_of
from warploom.device.cuda.memory import DeviceMemory
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.nvml import Clocks, read_clocks
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.resources import resources_of
from warploom.device.cuda.serving.document import decode_document
from warploom.device.cuda.serving.freeze import freeze_plan
from warploom.device.cuda.serving.served import CudaServing, ServingTools, upload_weights
from warploom.device.cuda.session import GraphSession
from warploom.device.cuda.solo import SoloTimes
from warploom.device.cuda.workbench import WorkBench
from warploom.device.profiling import ProfileOptions
from warploom.device.protocol import Array, DeviceInfo, Support
from warploom.device.serving import FrozenPlan, PlacedWeights, Stamp
from warploom.errors import DeviceError
from warploom.graph import Graph, LogEntry, Operator, Precision
from warploom.graph.work import operator_work
from warploom.paths import cache_folder
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline

DATABASE_NAME = "costs.sqlite"
OLDEST_COMPUTE_CAPABILITY = (7, 5)
"""Of the GPUs that CUDA 13 supports."""

_KEPT_SESSIONS = 3

_logger = logging.getLogger(__name__)


class CudaDevice:
    """One GPU (a Device). Made by `open_cuda_device`; all of its work happens in the thread that made it.

    Attributes:
        database: What was measured on it before.
    """

    def __init__(self, facts: GpuFacts, cuda_version: int, database: Path, workspace_bytes: int | None = None) -> None:
        cupy = load_cupy()
        load_cudnn()
        self._facts = facts
        self._log: list[LogEntry] = []
        self._seen_clocks: list[Clocks] = []
        self.use()
        with cuda_call(f"opening cuda:{facts.index}"):
            cupy.cuda.runtime.free(0)  # makes the context now, where a failure can be told from others
        self._environment = _limited(environment(facts.index), workspace_bytes)
        self._cuda_version = cuda_version
        self.database = CostDatabase(database, self._environment, self._say)
        self._lock = RLock()
        self._streams = StreamPool()
        self._modules = KernelModules(facts.compute_capability, self.database)
        self._library = LibraryPlans(GpuLibraries(self._modules), workspace_bytes)
        self._resolver = StepResolver(self._library, self._modules, self.database, self._streams)
        self._solo = SoloTimes(self._resolver, self._streams, self.database)
        self._tools = Tools(self._streams, self._solo, self._modules, self._clocks, self.info)
        self._sessions: OrderedDict[tuple[int, Precision], GraphSession] = OrderedDict()

    @cached_property
    def info(self) -> DeviceInfo:
        facts = self._facts
        details = (
            ("driver", self._environment.driver),
            ("cuda", version_text(self._cuda_version, 1000)),
            *self._environment.libraries,
        )
        return DeviceInfo(
            id=f"cuda:{facts.index}",
            name=facts.name,
            simulated=False,
            compute_capability=facts.compute_capability,
            sm_count=facts.sm_count,
            warps_per_sm=facts.warps_per_sm,
            clock_mhz=facts.clock_mhz,
            memory_bytes=facts.memory_bytes,
            memory_bandwidth_gb_s=facts.memory_bandwidth_gb_s,
            details=details,
        )

    def supports(self, graph: Graph, operator: Operator, precision: Precision) -> Support:
        return support_of(graph, operator, precision, default_registry())

    def compile(
        self,
        graph: Graph,
        plan: StreamPlan,
        precision: Precision,
        *,
        perturb: int | None = None,
        alter: Alter | None = None,
    ) -> CudaExecutable:
        """Makes the plan executable as one CUDA graph.

        Args:
            graph: The Graph.
            plan: Of the Graph's Operators.
            precision: Arithmetic of float operators.
            perturb: Seed of delays before a random half of the launches, of another length in every replay: a plan
                with a race then gives other outputs sooner or later.
            alter: Changes what is captured for the entry and each launch.

        Raises:
            UnsupportedOperatorError: Naming the operators that the device cannot run.
            ScheduleError: If the plan does not verify.
            CudaError: If memory is missing or the GPU fails; if its `sticky` is set, the process has lost the GPU.
        """
        with cuda_call(f"compiling the plan {plan.name!r}"):
            session = self.session(graph, precision)
            executable = compile_plan(session, plan, self._tools, perturb, alter)
        executable.tracer = self._profile
        self._note_memory(executable)
        return executable

    def profile_together(
        self, executables: Sequence[CudaExecutable], options: ProfileOptions, cancelled: Callable[[], bool]
    ) -> list[Timeline]:
        """A measured Timeline of each executable, traced in one other process; estimated where that fails.

        Args:
            executables: Of one Graph and precision.
            options: How to profile.
            cancelled: Whether the user wants no more of it.

        Raises:
            ProfileError: If an option is out of range.
            CudaError: If the GPU fails in this process.
        """
        from warploom.device.cuda.profiler.profile import profile_executables

        options.check()
        timelines, entries = profile_executables(executables, self.info, self._facts.index, options, cancelled)
        self._log.extend(entries)
        return timelines

    def _profile(self, executable: CudaExecutable) -> Timeline:
        return self.profile_together([executable], ProfileOptions(), lambda: False)[0]

    def cost_model(self, graph: Graph, precision: Precision) -> CostModel:
        """Measured stage costs of this Graph.

        Raises:
            UnsupportedOperatorError: Naming the operators that the device cannot run.
            CudaError: If the GPU fails.
        """
        require_support(graph, precision, default_registry())
        with cuda_call(f"preparing to measure stages of {graph.name!r}"):
            session = self.session(graph, precision)
            size = session.weight_bytes
            bench = WorkBench(self._resolver, precision, self._streams, self._modules, size, session.shared_places)
        return MeasuredCostModel(session, bench, self.database, size, partial(self._resources, session))

    def stamp(self) -> Stamp:
        """The GPU, its driver and the libraries that the kernels come from."""
        found = self._environment
        facts = (("driver", found.driver), ("multiprocessors", str(found.sm_count)), *found.libraries)
        return Stamp("cuda", found.device, facts)

    def freeze(self, graph: Graph, plan: StreamPlan, precision: Precision) -> FrozenPlan:
        """Chooses and places everything, for a plan file.

        Raises:
            UnsupportedOperatorError: Naming the operators that the device cannot run.
            ScheduleError: If the plan does not verify.
            CudaError: If the GPU fails.
        """
        with cuda_call(f"freezing the plan {plan.name!r}"):
            return freeze_plan(self.session(graph, precision), plan, self._modules)

    def upload(self, block: Array) -> DeviceMemory:
        self.use()
        return upload_weights(block)

    def serve(
        self,
        document: bytes,
        weights: PlacedWeights,
        plan: StreamPlan,
        precision: Precision,  # noqa: ARG002 - the document has it
        graph: Callable[[], Graph],  # noqa: ARG002 - never needed
    ) -> CudaServing:
        """Opens a frozen plan.

        Raises:
            PlanError: If the document is damaged, or a library cannot make its kernels any more.
            CudaError: If the GPU fails.
        """
        if not isinstance(weights.block, DeviceMemory):
            raise DeviceError("The weights of a plan for a GPU were not uploaded.")
        tools = ServingTools(self._library, self._streams, self._lock, self.use, self.info)
        with cuda_call(f"opening the plan {plan.name!r}"):
            return CudaServing(decode_document(document), weights.block, weights.offsets, plan, tools)

    def session(self, graph: Graph, precision: Precision) -> GraphSession:
        """What the plans of a Graph share; kept for the Graphs used last."""
        key = (id(graph), precision)
        session = self._sessions.pop(key, None)
        if session is None:
            session = GraphSession(graph, precision, self._resolver)
        self._sessions[key] = session  # a session refers to its Graph, so its id stays its own
        while len(self._sessions) > _KEPT_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def take_log(self) -> tuple[LogEntry, ...]:
        """What there is to say since this was asked last, for the build log of a job."""
        entries = (*self._log, *self._clock_entries())
        self._log, self._seen_clocks = [], []
        return entries

    def close(self) -> None:
        """Gives back what the device holds; its executables are to be closed before. May be called again."""
        self._sessions.clear()
        self._library.close()
        self.database.close()

    def use(self) -> None:
        """Makes it the GPU that this thread works with."""
        with cuda_call(f"opening cuda:{self._facts.index}"):
            load_cupy().cuda.runtime.setDevice(self._facts.index)

    def observe(self, progress: Progress | None) -> None:
        """Calls `progress` before every library kernel that has to be chosen; what it raises ends the choice."""
        self._resolver.progress = progress

    def forget_graphs(self) -> None:
        """Gives back the weights of Graphs that no executable uses any more."""
        self._sessions.clear()
        with suppress(Exception):  # after a fault on the GPU there is nothing to give back
            load_cupy().get_default_memory_pool().free_all_blocks()

    def _resources(self, session: GraphSession, names: Sequence[str]) -> list[OperatorResources]:
        works, graph, precision = session.operator_works(), session.graph, session.precision
        return [
            resources_of(
                self._solo.of(works[name].steps, precision),
                operator_work(graph, graph.operator(name), precision),
                precision,
                self.info,
            )
            for name in names
        ]

    def _clocks(self) -> Clocks | None:
        clocks = read_clocks(self._facts.pci_bus_id)
        if clocks is not None:
            self._seen_clocks.append(clocks)
        return clocks

    def _clock_entries(self) -> list[LogEntry]:
        if not self._seen_clocks:
            return []
        current = [clocks.current for clocks in self._seen_clocks]
        reason = (
            f"the SM clock was {min(current):,.0f} to {max(current):,.0f} MHz of at most "
            f"{self._seen_clocks[0].highest:,.0f} before and after measurements"
        )
        return [LogEntry("measure", ("clocks",), "read", reason)]

    def _note_memory(self, executable: CudaExecutable) -> None:
        use = executable.memory
        ratio = use.arena_bytes / use.live_bytes if use.live_bytes else 1.0
        self._log.append(
            LogEntry(
                "memory",
                (executable.plan.name,),
                "planned",
                f"arena {_mebibytes(use.arena_bytes)}, {ratio:.2f} times the largest set of live buffers; "
                f"weights {_mebibytes(use.weight_bytes)}",
            )
        )

    def _say(self, sentence: str) -> None:
        _logger.warning(sentence)
        self._log.append(LogEntry("device", ("cost database",), "noted", sentence))


def open_cuda_device(index: int, workspace_bytes: int | None = None) -> CudaDevice:
    """Opens a GPU; one that this process has open already is given again, without what it kept of earlier Graphs.

    Args:
        index: Which one.
        workspace_bytes: The largest workspace that a library's kernel may need; None for no limit beside the usual.

    Raises:
        DeviceError: If there is no such GPU, its driver is too old, or a library is missing; says what helps.
    """
    facts = driver_facts()
    if not facts.gpus:
        raise DeviceError(f"The device 'cuda:{index}' cannot be used: {facts.problem}. Try --device sim:h200.")
    if index >= len(facts.gpus):
        known = ", ".join(f"cuda:{gpu.index} ({gpu.name})" for gpu in facts.gpus)
        raise DeviceError(f"There is no device 'cuda:{index}'; there are {known}.")
    _check_driver(facts.cuda_version)
    gpu = facts.gpus[index]
    if gpu.compute_capability < OLDEST_COMPUTE_CAPABILITY:
        oldest = ".".join(map(str, OLDEST_COMPUTE_CAPABILITY))
        has = ".".join(map(str, gpu.compute_capability))
        raise DeviceError(f"The {gpu.name} has compute capability {has}, {oldest} or newer is needed.")
    device = _opened(gpu, facts.cuda_version, cache_folder(), workspace_bytes)
    device.use()
    device.forget_graphs()
    return device


@functools.cache
def _opened(gpu: GpuFacts, cuda_version: int, folder: Path, workspace_bytes: int | None) -> CudaDevice:
    return CudaDevice(gpu, cuda_version, folder / DATABASE_NAME, workspace_bytes)


def _limited(found: Environment, workspace_bytes: int | None) -> Environment:
    """The environment with the limit of workspaces, which decides between kernels as another library would."""
    if workspace_bytes is None:
        return found
    limit = ("workspace limit", f"{workspace_bytes} bytes")
    return dataclasses.replace(found, libraries=tuple(sorted((*found.libraries, limit))))


def _check_driver(cuda_version: int) -> None:
    needed = int(load_cupy().cuda.runtime.runtimeGetVersion()) // 1000
    if cuda_version // 1000 < needed:
        raise DeviceError(
            f"The NVIDIA driver is too old: it runs CUDA {version_text(cuda_version, 1000)}, the installed libraries "
            f"need CUDA {needed}.0. Update the driver (for example `sudo apt install nvidia-driver-580`)."
        )


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
