"""Convolutions and matrix products without a library: a thread per result. Slow, but there is no form that it refuses.

They run what the libraries have no kernel for: unusual groups, three dimensions, weights that are computed, integers.
Sums are of float32, or of the integers' own type.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.indexed import Indexed, address, element
from warploom.device.cuda.kernels.codegen.types import value_type
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import ConvStep, KernelStep, MatmulStep, Region

_EPILOGUES = ((), ("Relu",))


@dataclass(frozen=True, slots=True)
class DirectConv:
    """One convolution over any number of dimensions.

    Attributes:
        x: Input (N, C, spatial...).
        w: Weights by strides (K, C / groups, window...), or (C, K / groups, window...) where it is transposed.
        y: Output (N, K, spatial...).
        bias: (K,) or None.
        begins: Padding before each spatial dimension.
        strides: Per spatial dimension.
        dilations: Per spatial dimension.
        groups: Number of groups.
        relu: Whether Relu ends it.
        transposed: Whether it is a transposed convolution.
    """

    x: Region
    w: Region
    y: Region
    bias: Region | None
    begins: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    groups: int
    relu: bool = False
    transposed: bool = False


def direct_conv(layer: DirectConv) -> KernelStep:
    """The kernel of a convolution."""
    shape = layer.w.layout.shape
    rank = len(shape) - 2
    inside, outside = shape[1], shape[0] // layer.groups
    reads, written = (outside, inside) if layer.transposed else (inside, outside)
    places = {0: "d0", 1: f"(group * {reads} + c)"} | {i + 2: f"p{i}" for i in range(rank)}
    first, second = (f"(group * {reads} + c)", f"(d1 - group * {written})") if layer.transposed else ("d1", "c")
    taps = {0: first, 1: second} | {i + 2: f"i{i}" for i in range(rank)}
    body = [f"float sum = {_bias('x2', layer.bias, 'd1')};", f"const int group = d1 / {written};"]
    for i in range(rank):
        body.append(f"for (int i{i} = 0; i{i} < {shape[i + 2]}; ++i{i}) {{")
        body.extend(f"  {line}" for line in _place(layer, i))
    body += [
        "float part = 0.0f;",
        f"for (int c = 0; c < {reads}; ++c)",
        f"  part = fmaf({element('x0', layer.x, places)}, {element('x1', layer.w, taps)}, part);",
        "sum += part;",
        *("}" for _ in range(rank)),
        f"r[0] = {'wl::relu(sum)' if layer.relu else 'sum'};",
    ]
    stem = f"direct_{'transposed_' if layer.transposed else ''}conv{rank}d{'_relu' if layer.relu else ''}"
    operands = (layer.x, layer.w, *([layer.bias] if layer.bias is not None else []))
    return Indexed(layer.y, 1).step(stem, body, operands)


def _place(layer: DirectConv, i: int) -> list[str]:
    """Statements that find where tap `i` of a dimension reads, and leave out what lies outside of the input."""
    size, stride, dilation, begin = layer.x.layout.shape[i + 2], layer.strides[i], layer.dilations[i], layer.begins[i]
    if not layer.transposed:
        lines = [f"const int p{i} = d{i + 2} * {stride} - {begin} + i{i} * {dilation};"]
    else:
        lines = [
            f"const int t{i} = d{i + 2} + {begin} - i{i} * {dilation};",
            f"if (t{i} < 0 || t{i} % {stride}) continue;",
            f"const int p{i} = t{i} / {stride};",
        ]
    return [*lines, f"if ((unsigned)p{i} >= {size}u) continue;"]


def direct_product(a: Region, b: Region, y: Region, bias: Region | None = None, *, relu: bool = False) -> KernelStep:
    """The kernel of a product y = a @ b for each batch.

    Args:
        a: (..., M, K) of the rank of y; batch dimensions of size 1 are shared.
        b: (..., K, N), likewise.
        y: (..., M, N).
        bias: (N,) or None.
        relu: Whether Relu ends it.
    """
    rank, depth = len(y.layout.shape), a.layout.shape[-1]
    kind = value_type(y.layout.dtype)
    batch = {axis: f"d{axis}" for axis in range(rank - 2)}
    left = _shared(a, batch) | {rank - 2: f"d{rank - 2}", rank - 1: "k"}
    right = _shared(b, batch) | {rank - 2: "k", rank - 1: f"d{rank - 1}"}
    body = [f"{kind} sum = {_bias('x2', bias, f'd{rank - 1}') if bias is not None else f'({kind})(0)'};"]
    if depth:
        term = f"{element('x0', a, left)} * {element('x1', b, right)}"
        body.append(f"for (int k = 0; k < {depth}; ++k) sum += {term};")
    body.append(f"r[0] = {'wl::relu(sum)' if relu else 'sum'};")
    reads = ((a, b) if depth else ()) + ((bias,) if bias is not None else ())
    return Indexed(y, 1).step(f"direct_product{'_relu' if relu else ''}", body, reads)


def direct_step(step: ConvStep | MatmulStep) -> KernelStep:
    """The kernel that does what a library step does.

    Raises:
        ValueError: If the step ends in more than a bias and Relu, which the last of several alternatives never does.
    """
    if step.residual is not None or step.activation not in _EPILOGUES:
        raise ValueError(f"no own kernel ends in {step.activation} or adds a residual")
    relu = step.activation == ("Relu",)
    if isinstance(step, MatmulStep):
        return direct_product(step.a, step.b, step.y, step.bias, relu=relu)
    old = step.w.layout
    order = (0, 3, 1, 2)
    layout = Layout(tuple(old.shape[i] for i in order), tuple(old.strides[i] for i in order), old.dtype)
    return direct_conv(
        DirectConv(
            x=_widened(step.x),
            w=replace(step.w, layout=layout),
            y=_widened(step.y),
            bias=step.bias,
            begins=step.pads[:2],
            strides=step.strides,
            dilations=step.dilations,
            groups=step.groups,
            relu=relu,
            transposed=step.transposed,
        )
    )


def _widened(region: Region) -> Region:
    """An image with its padded channels as channels of its own: the weights of a library step know them."""
    layout = region.layout
    shape = (layout.shape[0], layout.channels, *layout.shape[2:])
    return replace(region, layout=Layout(shape, layout.strides, layout.dtype, layout.channels))


def _shared(region: Region, batch: dict[int, str]) -> dict[int, str]:
    return {axis: "0" if region.layout.shape[axis] == 1 else text for axis, text in batch.items()}


def _bias(pointer: str, bias: Region | None, channel: str) -> str:
    return "0.0f" if bias is None else f"wl::decode({pointer}[{address(bias.layout, {0: channel})}])"
