"""Which elements of the input a thread reads, and by which taps its outputs read them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.window.sliding import Sliding


@dataclass(frozen=True, slots=True)
class Tap:
    """One place of the window.

    Attributes:
        name: Unique among the taps that are alive together.
        index: C++ expression of its number, row by row.
        there: C++ condition under which it exists; "" if it always does.
    """

    name: str
    index: str
    there: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One element of the input (of every lane) that a thread reads.

    Attributes:
        variable: The array of its values.
        there: The variable that says whether it exists.
        place: C++ expressions of its spatial coordinates.
        readers: Outputs that read it, each as (line, pixel), with the tap that they read it by.
    """

    variable: str
    there: str
    place: tuple[str, ...]
    readers: tuple[tuple[tuple[int, int], Tap], ...]

    def of_line(self, line: int) -> Cell:
        """The same with the readers of one line only."""
        return replace(self, readers=tuple(reader for reader in self.readers if reader[0][0] == line))


@dataclass(frozen=True, slots=True)
class Taps:
    """The taps and cells of one kernel, row by row.

    Rows of taps are loops (variables `k0`, `k1`, ...) down to dimension `loops`; the rest is written into the text.

    Attributes:
        sliding: The geometry.
    """

    sliding: Sliding

    @property
    def loops(self) -> int:
        """Dimensions of which the taps are a loop."""
        rank = self.sliding.rank
        return rank - 1 if self.sliding.looped else max(0, rank - 2)

    def rows(self) -> dict[int, list[tuple[int, str]]]:
        """Input rows, relative to the first tap, each with the (line, tap) that read it; a single one in a loop."""
        window, rank, lines = self.sliding.window, self.sliding.rank, self.sliding.lines
        if rank == 1:
            return {0: [(0, "0")]}
        if self.loops == rank - 1:
            d = rank - 2
            shift = [line * window.strides[d] for line in range(lines)]
            return {0: [(line, f"(k{d} - {by})" if by else f"k{d}") for line, by in enumerate(shift)]}
        rows = _readers(lines, window.kernel[-2], window.strides[-2], window.dilations[-2])
        return {row: [(line, str(tap)) for line, tap in found] for row, found in rows.items()}

    def cells(self, row: int, rows: list[tuple[int, str]]) -> list[tuple[str, Cell]]:
        """The elements of one row, each with its column relative to `first`."""
        coordinates = [f"s{d}" for d in range(self.sliding.rank - 1)]
        cells = []
        for number, (column, pixels) in enumerate(self._columns().items()):
            readers = [((line, pixel), self._tap(line, k, tap)) for line, k in rows for pixel, tap in pixels]
            variable = f"u{row}_{number}"
            place = (*coordinates, f"(first + {column})")
            cells.append((column, Cell(variable, f"{variable}_there", place, tuple(readers))))
        return cells

    def _columns(self) -> dict[str, list[tuple[int, str]]]:
        """Input columns, relative to the first tap, each with the (pixel, tap) that read it; a single one in a loop."""
        window = self.sliding.window
        if self.sliding.wide:
            return {f"column * {window.dilations[-1]}": [(0, "column")]}
        columns = _readers(self.sliding.pixels, window.kernel[-1], window.strides[-1], window.dilations[-1])
        return {str(column): [(pixel, str(tap)) for pixel, tap in found] for column, found in columns.items()}

    def _tap(self, line: int, k: str, tap: str) -> Tap:
        looped = self.sliding.looped
        name = f"{line}_{tap}" if looped else f"{k}_{tap}"
        there = f"line{line}" if looped and self.sliding.lines > 1 else ""
        return Tap(name, f"({self._row_of_taps(k)} * {self.sliding.window.kernel[-1]} + {tap})", there)

    def _row_of_taps(self, k: str) -> str:
        """The number of a row of taps, of which the last coordinate is `k`."""
        rank = self.sliding.rank
        above = ""
        for d in range(rank - 1):
            tap = k if d == rank - 2 else f"k{d}"
            above = f"({above} * {self.sliding.window.kernel[d]} + {tap})" if above else tap
        return above or "0"


def _readers(outputs: int, taps: int, stride: int, dilation: int) -> dict[int, list[tuple[int, int]]]:
    """Input coordinates along one dimension, ascending, each with the (output, tap) that read it."""
    readers: dict[int, list[tuple[int, int]]] = {}
    for output in range(outputs):
        for tap in range(taps):
            readers.setdefault(output * stride + tap * dilation, []).append((output, tap))
    return {coordinate: readers[coordinate] for coordinate in sorted(readers)}
