"""Descriptions of the GPUs that can be simulated: read from `assets/devices`, checked when they are loaded."""

from __future__ import annotations

import functools
from typing import Annotated, Literal

import msgspec

from warploom.device.protocol import DeviceInfo
from warploom.errors import DeviceError
from warploom.graph import Precision
from warploom.paths import data_path

Count = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Microseconds = Annotated[float, msgspec.Meta(ge=0)]

_LATENCIES = {"measured": "measured on such a GPU", "scaled": "scaled by clock from an H200's"}


class GpuDescription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model knows about a GPU. Peaks and limits are the vendor's; latencies are measured or scaled.

    Attributes:
        id: What the user types: "sim:" and the file's name.
        name: The product.
        compute_capability: (major, minor).
        sm_count: Streaming multiprocessors.
        warps_per_sm: Resident warps that an SM holds.
        blocks_per_sm: Resident thread blocks that an SM holds.
        threads_per_warp: Threads that execute together.
        max_threads_per_block: Largest thread block.
        registers_per_sm: 32-bit registers of an SM.
        registers_per_thread: Most registers that a thread may use.
        register_allocation_unit: Registers are given to a warp in multiples of this.
        shared_memory_per_sm_bytes: Shared memory of an SM.
        shared_memory_per_block_bytes: Most that one block may ask for.
        shared_memory_reserved_bytes: What the system keeps per resident block.
        shared_memory_allocation_unit: Shared memory is given to a block in multiples of this.
        clock_mhz: SM clock that everything assumes.
        fp32_flops_per_clock: Per SM, on CUDA cores (a multiply-add counts as two).
        tensor_flops_per_clock: Per SM and precision, on tensor cores, dense, fp32 accumulation (operations on integers
            and int32 accumulation for int8); absent: no such path.
        tensor_efficiency: What matrix kernels reach of that peak (warp-level instructions reach 60 % on Hopper).
        memory_bytes: DRAM.
        memory_bandwidth_gb_s: Peak DRAM bandwidth, 1e9 bytes per second.
        l2_bytes: L2 cache.
        l2_bandwidth_gb_s: What the whole L2 delivers to the SMs.
        l2_bytes_per_clock_per_sm: What one SM takes from L2.
        store_bytes_per_clock_per_sm: What one SM writes to L2 at the end of a product, while all others do so, too.
        graph_launch_us: From the launch of a CUDA graph to its first node.
        dependency_us: From the end of a node to the start of the node that waits for it.
        launch_interval_us: Shortest time between two node starts, whatever their streams.
        fork_us: Between the starts of nodes that wait for the same one.
        early_us: What a library's kernel gains that may start before the one before it on its stream has ended.
        block_latency_us: Shortest life of a thread block: launch, first load, last store, retirement.
        window_efficiency: What kernels that walk windows reach of the CUDA cores' peak: most of their instructions
            convert, test bounds and compute addresses.
        product_latency_us: What each tile of a matrix product needs more: filling the pipeline, and the epilogue.
        cold_latency_us: How much longer a block of a product waits whose weights come from DRAM.
        step_cycles: One step of a software-pipelined loop that waits for shared memory and L2.
        load_cycles: One of the loads that a thread of a window kernel waits for.
        gather_latency_us: What a product needs more that gathers its operands element by element.
        gather_cycles: One tap of such a product.
        loaded_latency: By how many times the part of L2's bandwidth that is in use its latency grows.
        pinned_copy_us: What a copy from or to page-locked host memory takes beside moving its bytes.
        pinned_gb_s: Bytes per second (1e9) of such a copy.
        pageable_copy_us: What a copy from or to ordinary host memory takes beside moving its bytes.
        pageable_gb_s: Bytes per second (1e9) of such a copy.
        calibration: Whether the latencies were measured on this GPU or scaled from the H200's.
        sources: Where the figures come from.
    """

    id: str
    name: str
    compute_capability: tuple[int, int]
    sm_count: Count
    warps_per_sm: Count
    blocks_per_sm: Count
    threads_per_warp: Count
    max_threads_per_block: Count
    registers_per_sm: Count
    registers_per_thread: Count
    register_allocation_unit: Count
    shared_memory_per_sm_bytes: Count
    shared_memory_per_block_bytes: Count
    shared_memory_reserved_bytes: Amount
    shared_memory_allocation_unit: Count
    clock_mhz: Positive
    fp32_flops_per_clock: Count
    tensor_flops_per_clock: dict[Literal["fp16", "bf16", "tf32", "int8"], Count]
    tensor_efficiency: Annotated[float, msgspec.Meta(gt=0, le=1)]
    memory_bytes: Count
    memory_bandwidth_gb_s: Positive
    l2_bytes: Count
    l2_bandwidth_gb_s: Positive
    l2_bytes_per_clock_per_sm: Count
    store_bytes_per_clock_per_sm: Positive
    graph_launch_us: Microseconds
    dependency_us: Microseconds
    launch_interval_us: Microseconds
    fork_us: Microseconds
    early_us: Microseconds
    block_latency_us: Positive
    window_efficiency: Annotated[float, msgspec.Meta(gt=0, le=1)]
    product_latency_us: Microseconds
    cold_latency_us: Microseconds
    step_cycles: Positive
    load_cycles: Positive
    gather_latency_us: Microseconds
    gather_cycles: Positive
    loaded_latency: Annotated[float, msgspec.Meta(ge=0)]
    pinned_copy_us: Microseconds
    pinned_gb_s: Positive
    pageable_copy_us: Microseconds
    pageable_gb_s: Positive
    calibration: Literal["measured", "scaled"]
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.shared_memory_per_block_bytes > self.shared_memory_per_sm_bytes:
            raise ValueError("a block cannot have more shared memory than an SM")
        if self.max_threads_per_block > self.warps_per_sm * self.threads_per_warp:
            raise ValueError("a block cannot have more threads than an SM")
        if self.early_us > self.dependency_us:
            raise ValueError("a kernel cannot start before the one that it follows")

    @property
    def step_us(self) -> float:
        """One step of a pipelined loop, in microseconds."""
        return self.step_cycles / self.clock_mhz

    @property
    def load_us(self) -> float:
        """One load that a thread of a window kernel waits for, in microseconds."""
        return self.load_cycles / self.clock_mhz

    @property
    def gather_us(self) -> float:
        """One tap of a product that gathers its operands, in microseconds."""
        return self.gather_cycles / self.clock_mhz

    @property
    def keeps_operands_in_shared_memory(self) -> bool:
        """Whether tensor cores multiply straight from shared memory, which copy engines fill (from Hopper on)."""
        return self.compute_capability >= (9, 0)

    @property
    def sm_l2_bytes_per_us(self) -> float:
        """What one SM takes from L2."""
        return self.l2_bytes_per_clock_per_sm * self.clock_mhz

    @property
    def sm_store_bytes_per_us(self) -> float:
        """What one SM writes to L2 at the end of a product."""
        return self.store_bytes_per_clock_per_sm * self.clock_mhz

    @property
    def l2_bytes_per_us(self) -> float:
        """What the whole L2 delivers."""
        return self.l2_bandwidth_gb_s * 1e3

    @property
    def dram_bytes_per_us(self) -> float:
        """Peak DRAM bandwidth."""
        return self.memory_bandwidth_gb_s * 1e3

    def stores(self, precision: Precision) -> bool:
        """Whether the GPU has arithmetic for this precision at all (fp16 storage counts, on any GPU)."""
        always = (Precision.FP32, Precision.FP16, Precision.MIXED)
        return precision in always or precision.value in self.tensor_flops_per_clock

    def tensor_flops_per_us(self, precision: Precision) -> float | None:
        """Peak of one SM's tensor cores, or None where matrix products run on CUDA cores."""
        per_clock = {str(key): value for key, value in self.tensor_flops_per_clock.items()}.get(precision.value)
        return None if per_clock is None else per_clock * self.clock_mhz

    def copy_us(self, size_bytes: int, *, pinned: bool) -> float:
        """One copy between host and device, either way."""
        if pinned:
            return self.pinned_copy_us + size_bytes / (self.pinned_gb_s * 1e3)
        return self.pageable_copy_us + size_bytes / (self.pageable_gb_s * 1e3)

    @property
    def fp32_flops_per_us(self) -> float:
        """Peak of one SM's CUDA cores."""
        return self.fp32_flops_per_clock * self.clock_mhz

    @property
    def info(self) -> DeviceInfo:
        """The facts that are stored with every result."""
        return DeviceInfo(
            id=self.id,
            name=self.name,
            simulated=True,
            compute_capability=self.compute_capability,
            sm_count=self.sm_count,
            warps_per_sm=self.warps_per_sm,
            clock_mhz=self.clock_mhz,
            memory_bytes=self.memory_bytes,
            memory_bandwidth_gb_s=self.memory_bandwidth_gb_s,
            details=(("latencies", _LATENCIES[self.calibration]),),
        )


@functools.cache
def load_description(gpu: str) -> GpuDescription:
    """The description of one GPU.

    Args:
        gpu: Its id, such as "sim:h200"; "h200" is the same.

    Raises:
        DeviceError: If there is no such description, or it is not valid.
    """
    name = gpu.removeprefix("sim:")
    path = data_path("assets", "devices") / f"{name}.json"
    if not name.replace("_", "").isalnum() or not path.is_file():
        raise DeviceError(f"There is no simulated GPU {gpu!r}: choose one of {', '.join(description_ids())}.")
    try:
        description = msgspec.json.decode(path.read_bytes(), type=GpuDescription)
    except msgspec.DecodeError as error:
        raise DeviceError(f"The device description {path.name} is not valid: {error}.") from None
    if description.id != f"sim:{name}":
        raise DeviceError(f"The device description {path.name} is not valid: it says it is {description.id!r}.")
    return description


@functools.cache
def description_ids() -> tuple[str, ...]:
    """Ids of all descriptions, the default first."""
    found = sorted(path.stem for path in data_path("assets", "devices").glob("*.json"))
    return tuple(f"sim:{name}" for name in sorted(found, key=lambda name: name != "h200"))


def descriptions() -> tuple[GpuDescription, ...]:
    """All descriptions, the default first.

    Raises:
        DeviceError: If one of them is not valid.
    """
    return tuple(load_description(name) for name in description_ids())
