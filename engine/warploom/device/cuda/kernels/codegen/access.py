"""Access: how a thread loads or stores neighbouring elements, as vectors where that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.types import lowest, value_type
from warploom.graph import DType

# Machine words that hold nothing but the smallest value.
_LOWEST: Mapping[DType, str] = {
    DType.FLOAT16: "0xfc00fc00u",
    DType.BFLOAT16: "0xff80ff80u",
    DType.FLOAT32: "0xff800000u",
    DType.INT8: "0x80808080u",
    DType.UINT8: "0u",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Some lanes of one operand.

    Attributes:
        pointer: C++ expression of the address of lane 0.
        dtype: Storage type.
        stride: Elements between lanes; 0 for one element that all lanes share.
        lanes: How many.
        limit: C++ expression of how many lanes exist from here on; "" when all do.
        there: C++ condition under which the element exists at all; "" when it always does.
        otherwise: What is loaded when it does not: the smallest value of its type if `lowest`, else zero.
    """

    pointer: str
    dtype: DType
    stride: int
    lanes: int
    limit: str = ""
    there: str = ""
    lowest: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is one vector that a predicate may guard."""
        if self.stride != 1 or self.limit:
            return False
        return not self.there or (self.lanes * self.dtype.itemsize >= 4 and (not self.lowest or self.dtype in _LOWEST))

    @property
    def _missing(self) -> str:
        return f"({value_type(self.dtype)})({lowest(self.dtype) if self.lowest else 0})"

    def fetch(self, variable: str) -> list[str]:
        """Statements that begin a load; `unpack` ends it. In between, a vector is as small as it is in memory."""
        if not self.whole:
            return self.load(variable)[0]
        fill = _LOWEST[self.dtype] if self.lowest else "0u"
        what = f"fetch_or<{self.lanes}>({self.there}, {self.pointer}, {fill})"
        if not self.there:
            what = f"fetch<{self.lanes}>({self.pointer})"
        return [f"const auto {variable}_raw = wl::{what};"]

    def unpack(self, variable: str) -> tuple[list[str], str]:
        """Statements that end what `fetch` began, and the expression of lane `l`."""
        if self.whole:
            kind = value_type(self.dtype)
            lines = [f"{kind} {variable}[{self.lanes}];", f"wl::unpack<{self.lanes}>({variable}_raw, {variable});"]
            return lines, f"{variable}[l]"
        return [], variable if self.stride == 0 else f"{variable}[l]"

    def load(self, variable: str) -> tuple[list[str], str]:
        """Statements that load into `variable` (zero beyond the limit), and the expression of its lane `l`."""
        kind = value_type(self.dtype)
        missing = self._missing
        if self.stride == 0:
            element = f"wl::decode(*({self.pointer}))"
            return [f"const {kind} {variable} = {_either(self.there, element, missing)};"], variable
        lines = [f"{kind} {variable}[{self.lanes}];"]
        if self.stride != 1:
            element = f"wl::decode(({self.pointer})[l * {self.stride}])"
            guard = " && ".join(part for part in (self.there, f"l < {self.limit}" if self.limit else "") if part)
            lines.extend(each_lane(self.lanes, [f"{variable}[l] = {_either(guard, element, missing)};"]))
        elif self.limit:
            limit = _either(self.there, self.limit, "0")
            lines.append(f"wl::load_some<{self.lanes}>({self.pointer}, {limit}, {variable});")
        elif self.there:
            lines.extend(each_lane(self.lanes, [f"{variable}[l] = {missing};"]))
            lines.append(f"if ({self.there}) wl::load<{self.lanes}>({self.pointer}, {variable});")
        else:
            lines.append(f"wl::load<{self.lanes}>({self.pointer}, {variable});")
        return lines, f"{variable}[l]"

    def store(self, values: str) -> list[str]:
        """Statements that store the array `values` (of the type's `value_type`), up to the limit."""
        if self.stride == 1 or self.lanes == 1:
            if self.limit:
                return [f"wl::store_some<{self.lanes}>({self.pointer}, {self.limit}, {values});"]
            return [f"wl::store<{self.lanes}>({self.pointer}, {values});"]
        guard = f"if (l < {self.limit}) " if self.limit else ""
        one = f"wl::store_one(({self.pointer}) + l * {self.stride}, {values}[l]);"
        return each_lane(self.lanes, [guard + one])


def each_lane(lanes: int, statements: list[str]) -> list[str]:
    """Statements repeated for every lane `l`."""
    head = ["#pragma unroll", f"for (int l = 0; l < {lanes}; ++l) {{"]
    return [*head, *(f"  {statement}" for statement in statements), "}"]


def _either(condition: str, yes: str, no: str) -> str:
    return f"({condition} ? {yes} : {no})" if condition else yes
