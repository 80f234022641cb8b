"""The geometry of a sliding window: which outputs a thread computes, and where they and their inputs lie.

A thread computes `lines` x `pixels` neighbouring outputs for `lanes` neighbouring channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region

# Larger windows are loops: their text would be long to compile and gain nothing.
_MOST_TAPS = 64
_MOST_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class Window:
    """A window, one number per spatial dimension."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begins: tuple[int, ...]

    @property
    def taps(self) -> int:
        """Elements of the window."""
        return math.prod(self.kernel)


@dataclass(frozen=True, slots=True)
class Sliding:
    """Geometry of one kernel.

    Attributes:
        window: The window.
        x: Input (N, C, spatial...).
        y: Output (N, K, spatial...), where K is a multiple of C (`multiplier`).
        lanes: Channels per thread.
        pixels: Outputs along the last dimension per thread.
        lines: Outputs along the last dimension but one per thread.
        unroll: Rows of taps written into the text together; the rest is a loop (0: no loop while the window is small).
    """

    window: Window
    x: Region
    y: Region
    lanes: int
    pixels: int
    lines: int = 1
    unroll: int = 0

    @property
    def rank(self) -> int:
        """Spatial dimensions."""
        return len(self.window.kernel)

    @property
    def multiplier(self) -> int:
        """Output channels per input channel."""
        return self.y.layout.shape[1] // self.x.layout.shape[1]

    @property
    def channels(self) -> int:
        """Channels written, padded lanes included."""
        layout = self.y.layout
        return layout.channels if layout.channels_last else layout.shape[1]

    @property
    def padded(self) -> bool:
        """Whether some lanes lie beyond the tensor."""
        return self.channels > self.y.layout.shape[1]

    @property
    def threads(self) -> int:
        """Threads of the launch."""
        return math.prod(size for _, size in self._dimensions())

    @property
    def outputs(self) -> list[tuple[int, int]]:
        """What a thread computes, as (line, pixel)."""
        return [(line, pixel) for line in range(self.lines) for pixel in range(self.pixels)]

    def _dimensions(self) -> list[tuple[str, int]]:
        layout = self.y.layout
        names = ["n", "cv", *(f"t{d}" for d in range(self.rank))]
        sizes = list(layout.shape)
        sizes[1] = self.channels // self.lanes
        sizes[-1] = -(-sizes[-1] // self.pixels)
        if self.rank > 1:
            sizes[-2] = -(-sizes[-2] // self.lines)
        order = sorted(range(len(sizes)), key=lambda d: layout.strides[d], reverse=True)
        return [(names[d], sizes[d]) for d in order]

    def begin(self, block: int) -> list[str]:
        """Statements that find out what this thread computes: n, c (its first channel), p0, ... (its first output)."""
        steps = [1] * self.rank
        steps[-1] = self.pixels
        if self.rank > 1:
            steps[-2] = self.lines
        return [
            f"const unsigned t = blockIdx.x * {block}u + threadIdx.x;",
            f"if (t >= {self.threads}u) return;",
            *split_index("t", self._dimensions()),
            f"const int c = cv * {self.lanes};",
            *(f"const int p{d} = t{d} * {step};" for d, step in enumerate(steps)),
            f"const int first = {self.coordinate(self.rank - 1, '0')};",
        ]

    def coordinate(self, d: int, tap: str) -> str:
        """The input coordinate of a tap of the first output."""
        return f"p{d} * {self.window.strides[d]} - {self.window.begins[d]} + {tap}"

    @property
    def looped(self) -> bool:
        """Whether rows of taps are a loop, and not all written into the text."""
        return self.unroll > 0 or self.window.taps > _MOST_TAPS or self.wide

    @property
    def wide(self) -> bool:
        """Whether the window is too wide to write every column into the text."""
        return self.window.kernel[-1] > _MOST_COLUMNS

    def output_place(self, output: tuple[int, int]) -> list[str]:
        """C++ expressions of the spatial coordinates of one output."""
        texts = [f"p{d}" for d in range(self.rank)]
        texts[-1] = f"(p{self.rank - 1} + {output[1]})"
        if self.rank > 1:
            texts[-2] = f"(p{self.rank - 2} + {output[0]})"
        return texts

    def guard(self, output: tuple[int, int]) -> str:
        """Begins a statement with "if" where this output may lie outside the tensor; else nothing."""
        tests = []
        texts = self.output_place(output)
        for back, (number, step) in enumerate(((output[1], self.pixels), (output[0], self.lines)), 1):
            if back <= self.rank and number and self.y.layout.shape[-back] % step:
                tests.append(f"{texts[-back]} < {self.y.layout.shape[-back]}")
        return f"if ({' && '.join(tests)}) " if tests else ""

    def limit(self, layout: Layout, multiplier: int = 1) -> str:
        """Lanes of a tensor that may be touched, where not all may.

        Args:
            layout: The tensor's.
            multiplier: Output channels that share one of the tensor's.
        """
        readable = layout.channels if layout.channels_last else layout.shape[1]
        if (self.channels - 1) // multiplier < readable:
            return ""
        return f"{readable} - c / {multiplier}" if multiplier > 1 else f"{readable} - c"
