"""PM sampling: hardware counters of the whole GPU at a fixed interval, read out after each replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from warploom.device.cuda.profiler.counters import READ_AS, choose_metrics
from warploom.device.cuda.profiler.cupti_library import Cupti, why_not
from warploom.device.protocol import Array
from warploom.errors import ProfileError

_BUFFER_BYTES = 512 << 20
_WITHOUT_TIME_TRIGGER = ((7, 5), (8, 0))  # Turing and GA100 sample by their system clock only
_SPARE = 2000
_CANNOT = "hardware counters cannot be read"


class Sampler:
    """Samples one GPU. Configured once: a second configuration in one process makes CUPTI read freed memory.

    Attributes:
        interval_ns: From one sample to the next.
        metrics: What is sampled, in the order of the rows of `samples`.
        notes: Sets that were asked for and do not fit.
    """

    def __init__(self, cupti: Cupti, device: int, capability: tuple[int, int], interval_ns: int, sets: Sequence[str]):
        """Prepares the GPU.

        Raises:
            ProfileError: If counters cannot be read, with the reason and what helps.
        """
        self.interval_ns = interval_ns
        self._collector = cupti.sampling.Collector(device_index=device)
        try:
            self._collector.enable()
            asked, self.notes = choose_metrics(cupti, self._collector._chip_name, sets)
            self.metrics = tuple(READ_AS.get(metric, (metric, 1.0))[0] for metric in asked)
            self._factors = np.array([READ_AS.get(metric, (metric, 1.0))[1] for metric in asked])
            trigger = cupti.sampling.TriggerMode
            by_time = capability not in _WITHOUT_TIME_TRIGGER
            self._collector.configure(
                metrics=list(asked),
                hardware_buffer_size=_BUFFER_BYTES,
                sampling_interval=interval_ns,
                trigger_mode=trigger.GPU_TIME_INTERVAL if by_time else trigger.GPU_SYSCLK_INTERVAL,
            )
        except Exception as error:
            self.close()
            raise ProfileError(why_not(error, _CANNOT)) from error

    def sampled(self, work: Callable[[], None]) -> tuple[Array, Array, Array]:
        """Samples while something runs, which has ended on the GPU when it returns.

        Returns:
            int64 (m,) starts and (m,) ends of the samples; float64 (metrics, m) values.

        Raises:
            ProfileError: If samples were lost, with the setting that helps.
        """
        try:
            self._collector.start()
            begun = time.perf_counter()
            try:
                work()
            finally:
                self._collector.stop()
            most = _SPARE + int(1.5e9 * (time.perf_counter() - begun) / self.interval_ns)
            decoded = self._collector.decode(max_samples=most)
        except ProfileError:
            raise
        except Exception as error:
            raise ProfileError(why_not(error, _CANNOT)) from error
        if decoded.num_completed_samples >= most:
            raise ProfileError(why_not(MemoryError(), _CANNOT))
        starts, ends, values = _columns(decoded, len(self.metrics))
        return starts, ends, values * self._factors[:, np.newaxis]

    def close(self) -> None:
        """Ends sampling; may be called again."""
        self._collector.disable()


def _columns(decoded: Any, metrics: int) -> tuple[Array, Array, Array]:
    rows = [sample for sample in decoded if sample.start_timestamp > 0]  # the first one has no beginning
    starts = np.array([row.start_timestamp for row in rows], dtype=np.int64)
    ends = np.array([row.end_timestamp for row in rows], dtype=np.int64)
    values = np.array([row.metric_values for row in rows], dtype=np.float64).reshape(len(rows), metrics).T
    return starts, ends, np.ascontiguousarray(values)
