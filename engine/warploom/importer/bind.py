"""Gives every input of a model a fixed shape: from the file, from `--shape`, from `--batch`, or one clear error."""

from __future__ import annotations

from dataclasses import dataclass, field

from onnx import ModelProto, TensorShapeProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.graph import LogEntry
from warploom.importer.element_types import dtype_of
from warploom.importer.options import ImportOptions
from warploom.importer.weights import check_shape

_Dimension = TensorShapeProto.Dimension


@dataclass(slots=True)
class Binding:
    """What binding the inputs has found out.

    Attributes:
        symbols: Values of the symbolic dimensions.
        log: Assumptions made, for the build log.
        changed: Inputs whose fixed shape was changed: their shape before and after.
    """

    symbols: dict[str, int] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)
    changed: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)


def bind_inputs(inputs: list[ValueInfoProto], options: ImportOptions) -> Binding:
    """Replaces every unknown dimension of the inputs by a number.

    Args:
        inputs: The model's inputs without its initializers; changed in place.
        options: Batch and shapes that were asked for.

    Raises:
        ModelImportError: If a dimension stays unknown, or the options do not fit the inputs.
    """
    if options.batch is not None and options.batch < 1:
        raise ModelImportError(f"The batch must be at least 1, not {options.batch}.")
    binding = Binding()
    _check_names(inputs, options)
    texts = {info.name: dimensions_text(info) for info in inputs}
    for info in inputs:
        if info.name in options.shapes:
            _apply_shape(info, tuple(options.shapes[info.name]), binding)
    _apply_batch([info for info in inputs if info.name not in options.shapes], options.batch, binding)
    for info in inputs:
        _apply_symbols(info, binding.symbols)
        _require_known(info, texts[info.name], given=info.name in options.shapes)
    return binding


def true_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The inputs that the caller provides (old files list their initializers as inputs too)."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in initializers]


def _check_names(inputs: list[ValueInfoProto], options: ImportOptions) -> None:
    names = [info.name for info in inputs]
    for name in options.shapes:
        if name not in names:
            raise ModelImportError(f"The model has no input {name!r} to give a shape; its inputs: {', '.join(names)}.")


def _apply_shape(info: ValueInfoProto, shape: tuple[int, ...], binding: Binding) -> None:
    tensor = info.type.tensor_type
    if tensor.HasField("shape") and len(tensor.shape.dim) != len(shape):
        raise ModelImportError(
            f"The input {info.name!r} has {len(tensor.shape.dim)} dimensions ({dimensions_text(info)}), but the shape "
            f"given for it has {len(shape)}."
        )
    if any(size < 0 for size in shape):
        raise ModelImportError(f"The shape given for the input {info.name!r} has a negative dimension: {list(shape)}.")
    if not tensor.HasField("shape"):
        tensor.shape.dim.extend(_Dimension() for _ in shape)
        tensor.shape.SetInParent()
    before = _fixed(info)
    for dimension, size in zip(tensor.shape.dim, shape, strict=True):
        if dimension.dim_param and binding.symbols.setdefault(dimension.dim_param, size) != size:
            raise ModelImportError(
                f"The shapes given disagree about the dimension {dimension.dim_param!r}: "
                f"{binding.symbols[dimension.dim_param]} and {size}."
            )
        dimension.dim_value = size
    if before is not None and before != shape:
        binding.changed[info.name] = (before, shape)


def _apply_batch(inputs: list[ValueInfoProto], batch: int | None, binding: Binding) -> None:
    """Sets leading dimensions: unknown ones to the batch (1 if none is given), fixed ones only when asked."""
    leading = [(info, info.type.tensor_type.shape.dim[0]) for info in inputs if info.type.tensor_type.shape.dim]
    for info, dimension in leading:
        if _is_known(dimension):
            continue
        size = binding.symbols.get(dimension.dim_param) if dimension.dim_param else None
        if size is None:
            size = batch or 1
            binding.log.append(_assumption(info, dimension, size, batch))
        if dimension.dim_param:
            binding.symbols[dimension.dim_param] = size
        dimension.dim_value = size
    if batch is not None and leading:
        fixed = leading[0][1].dim_value
        for info, dimension in leading:
            if dimension.dim_value == fixed != batch and (info is leading[0][0] or len(_dims(info)) > 1):
                before = _fixed(info)
                dimension.dim_value = batch
                if before is not None:
                    binding.changed[info.name] = (before, (batch, *before[1:]))


def _assumption(info: ValueInfoProto, dimension: _Dimension, size: int, batch: int | None) -> LogEntry:
    name = f" {dimension.dim_param!r}" if dimension.dim_param else ""
    reason = f"The first dimension{name} of the input {info.name!r} is unknown in the file"
    how = "taken from --batch" if batch is not None else "no batch was asked for"
    return LogEntry("import", (info.name,), f"batch {size}", f"{reason}; {how}.")


def _apply_symbols(info: ValueInfoProto, symbols: dict[str, int]) -> None:
    for dimension in _dims(info):
        if dimension.dim_param in symbols and not _is_known(dimension):
            dimension.dim_value = symbols[dimension.dim_param]


def _require_known(info: ValueInfoProto, text: str, *, given: bool) -> None:
    """Refuses unknown dimensions, and empty inputs unless they were asked for (a decoder's past at its first step)."""
    where = f"The input {info.name!r}"
    tensor = info.type.tensor_type
    dtype_of(tensor.elem_type, where)
    if not tensor.HasField("shape"):
        raise ModelImportError(f"{where} has no shape in the file: give it with --shape {info.name}=1,3,224,224.")
    if not all(_is_known(dimension) for dimension in _dims(info)):
        example = ",".join(str(d.dim_value) if _is_known(d) else (d.dim_param or "N") for d in _dims(info))
        raise ModelImportError(
            f"{where} has unknown dimensions ({text}): give them with --shape {info.name}={example} "
            "(numbers in place of names); --batch sets an unknown first dimension only."
        )
    shape = tuple(dimension.dim_value for dimension in _dims(info))
    if any(size == 0 for size in shape) and not given:
        raise ModelImportError(
            f"{where} has the shape {list(shape)}, with a dimension of 0: give its shape with --shape {info.name}=..."
        )
    check_shape(shape, where)


def dimensions_text(info: ValueInfoProto) -> str:
    """The dimensions of an input as the file gives them, "?" for one without name and size."""
    return " x ".join(str(d.dim_value) if d.HasField("dim_value") else (d.dim_param or "?") for d in _dims(info))


def _dims(info: ValueInfoProto) -> list[_Dimension]:
    return list(info.type.tensor_type.shape.dim)


def _is_known(dimension: _Dimension) -> bool:
    return dimension.HasField("dim_value") and dimension.dim_value >= 0


def _fixed(info: ValueInfoProto) -> tuple[int, ...] | None:
    """The shape in the file when all of it is fixed."""
    dims = _dims(info)
    return tuple(d.dim_value for d in dims) if dims and all(_is_known(d) for d in dims) else None
