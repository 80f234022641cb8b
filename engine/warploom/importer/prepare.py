"""The model as its file says it, made ready: read, checked, functions inlined, inputs given fixed shapes.

What comes out is still ONNX and computes the same; both the Graph and the reference outputs start from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onnx import ModelProto

from warploom.errors import ModelImportError
from warploom.graph import Constant, LogEntry
from warploom.importer.bind import bind_inputs, true_inputs
from warploom.importer.check import check_graph, check_header
from warploom.importer.options import ImportOptions
from warploom.importer.read import read_model
from warploom.importer.rebatch import rebatch
from warploom.importer.simplify import inline_functions
from warploom.importer.weights import initializer_constants


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """A checked model with fixed input shapes.

    Attributes:
        model: Whole, initializers included (external data still in its files).
        constants: Its initializers, read when first used.
        inputs: Names of the inputs that the caller provides.
        sha256: Hash of the file.
        opset: Version of the default operator set.
        node_count: Nodes in the file.
        log: What was assumed and changed.
    """

    model: ModelProto
    constants: dict[str, Constant]
    inputs: tuple[str, ...]
    sha256: str
    opset: int
    node_count: int
    log: tuple[LogEntry, ...]


@contextlib.contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Puts the file's name before the message of an import error that does not name it yet."""
    try:
        yield
    except ModelImportError as error:
        message = str(error) if str(path) in str(error) else f"{path}: {error}"
        raise ModelImportError(_printable(message)) from None


def _printable(text: str) -> str:
    """A damaged file may hold anything in place of names: nothing of it may move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)


def prepare_model(path: Path, options: ImportOptions) -> PreparedModel:
    """Reads, checks and binds a model file.

    Raises:
        ModelImportError: With the file's name and what is wrong.
    """
    model, sha256 = read_model(path)
    try:
        return _prepare(model, sha256, path.absolute(), options)
    except RecursionError:
        raise ModelImportError("The model's subgraphs are nested too deeply to be read.") from None


def _prepare(model: ModelProto, sha256: str, path: Path, options: ImportOptions) -> PreparedModel:
    node_count = len(model.graph.node)
    opset = check_header(model)
    constants = initializer_constants(model, path)
    inlined = inline_functions(model)
    check_graph(model)
    inputs = true_inputs(model)
    binding = bind_inputs(inputs, options)
    log = [*([inlined] if inlined else ()), *binding.log]
    if binding.changed:
        log += rebatch(model, constants, [info.name for info in inputs], binding.changed)
    return PreparedModel(model, constants, tuple(info.name for info in inputs), sha256, opset, node_count, tuple(log))
