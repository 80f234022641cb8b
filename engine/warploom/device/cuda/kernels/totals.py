"""Passes over rows that several operators share: sums, extremes, positions."""

from __future__ import annotations

from warploom.device.cuda.kernels.codegen.rows import Pass, Total
from warploom.device.cuda.kernels.codegen.types import greatest, lowest, value_type
from warploom.graph import DType


def sum_of(
    template: str, name: str = "sum", kind: str = "float", finish: tuple[tuple[str, str, str], ...] = ()
) -> Pass:
    """Adds up a function of {x}."""
    return Pass(
        (Total(name, kind, "0"),), (f"{{{name}}} += {template};",), (f"{{{name}}} += {{other_{name}}};",), finish
    )


def product_of(kind: str) -> Pass:
    """Multiplies all elements."""
    return Pass((Total("product", kind, "1"),), ("{product} *= {x};",), ("{product} *= {other_product};",))


def extreme(dtype: DType, *, largest: bool, finish: tuple[tuple[str, str, str], ...] = ()) -> Pass:
    """The largest or smallest element, as {extreme}; NaN if there is one."""
    kind = value_type(dtype)
    choose = f"wl::{'maximum' if largest else 'minimum'}<{kind}>"
    return Pass(
        (Total("extreme", kind, _bound(dtype, largest=largest)),),
        (f"{{extreme}} = {choose}({{extreme}}, {{x}});",),
        (f"{{extreme}} = {choose}({{extreme}}, {{other_extreme}});",),
        finish,
    )


def position(dtype: DType, *, largest: bool, last: bool) -> Pass:
    """The place of the largest or smallest element, as {place}; the first or last of equal ones."""
    better = ">" if largest else "<"
    reached = f"{better}=" if last else better
    wins = f"{{other_best}} {better} {{best}} || {{best}} != {{best}}"
    ties = f"{{other_best}} == {{best}} && {{other_place}} {'>' if last else '<'} {{place}}"
    return Pass(
        (Total("best", value_type(dtype), _bound(dtype, largest=largest)), Total("place", "int", "-1")),
        (
            f"if ({{place}} < 0 || {{x}} {reached} {{best}} || {{best}} != {{best}}) "
            "{{ {best} = {x}; {place} = {index}; }}",
        ),
        (
            f"if ({{other_place}} >= 0 && ({{place}} < 0 || {wins} || ({ties}))) "
            "{{ {best} = {other_best}; {place} = {other_place}; }}",
        ),
    )


def _bound(dtype: DType, *, largest: bool) -> str:
    return lowest(dtype) if largest else greatest(dtype)
