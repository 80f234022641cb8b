"""Works out one convolution window that covers several exactly: where each kernel sits inside a common, larger one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A convolution's window along one spatial axis."""

    kernel: int
    pad_begin: int
    pad_end: int
    stride: int
    dilation: int
    size: int
    """Input elements along the axis."""
    output: int
    """Output elements along the axis."""


@dataclass(frozen=True, slots=True)
class CommonWindow:
    """The window of the merged convolution along one axis, and at which tap each member's kernel begins."""

    kernel: int
    pad_begin: int
    pad_end: int
    dilation: int
    offsets: tuple[int, ...]


def common_window(windows: Sequence[Window]) -> CommonWindow | str:
    """One window whose zero-padded kernels compute exactly what the members compute, or why there is none.

    Output o of a member reads the inputs o * stride - pad_begin + i * dilation for its taps i. A larger kernel reads
    the same inputs when its own taps meet these positions, which needs equal strides and a difference of the
    paddings that is a multiple of the dilation; its other taps get the weight zero. The padding at the end
    only has to give the same number of outputs. A kernel of one tap has no dilation of its own.

    Args:
        windows: The members' windows along one axis, all on the same input.
    """
    stride, output, size = windows[0].stride, windows[0].output, windows[0].size
    if any(window.stride != stride for window in windows):
        return "their strides differ"
    if any(window.output != output for window in windows):
        return "their outputs differ in height or width"
    dilations = {window.dilation for window in windows if window.kernel > 1} or {1}
    if len(dilations) > 1:
        return "their dilations differ"
    dilation = dilations.pop()
    pad_begin = max(window.pad_begin for window in windows)
    if any((pad_begin - window.pad_begin) % dilation for window in windows):
        return "their kernels do not align inside a common one"
    offsets = tuple((pad_begin - window.pad_begin) // dilation for window in windows)
    kernel = max(offset + window.kernel for offset, window in zip(offsets, windows, strict=True))
    # The last window must fit, and one more must not: pad_end may be anything in [least, least + stride). It is never
    # negative, for the member whose kernel reaches furthest has the same bounds.
    least = (output - 1) * stride + dilation * (kernel - 1) + 1 - size - pad_begin
    pad_end = min(max(max(window.pad_end for window in windows), least), least + stride - 1)
    return CommonWindow(kernel, pad_begin, pad_end, dilation, offsets)
