"""`warploom run`: answers one request with a plan file, inputs and outputs as .npy files."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from warploom.device.protocol import Array

PlanPath = Annotated[Path, typer.Argument(metavar="FILE.plan", help="Made by warploom build.", show_default=False)]
Retune = Annotated[
    bool, typer.Option("--retune", help="Choose kernels anew where the plan was built for another GPU or library.")
]
PlanDevice = Annotated[str | None, typer.Option("--device", help="Where to run.", show_default="what it was built on")]


def run(
    plan: PlanPath,
    input_: Annotated[
        list[str],
        typer.Option("--input", "-i", metavar="[NAME=]x.npy", help="An input; the name where there are several."),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="y.npy", help="The output; a folder where there are several."),
    ],
    device: PlanDevice = None,
    retune: Retune = False,
) -> None:
    """Answer one request with a plan."""
    from warploom.serving.opening import load_plan

    inputs = read_inputs(input_)
    with load_plan(plan, device=device, retune=retune) as opened:
        names = [port.name for port in opened.inputs]
        if set(inputs) == {""} and len(names) == 1:
            inputs = {names[0]: inputs[""]}
        for path in write_outputs(opened(inputs), output):
            typer.echo(str(path))


def read_inputs(texts: list[str]) -> dict[str, Array]:
    """Arrays by input name; under an empty name where the text has none.

    Raises:
        CommandError: If a file cannot be read or is no array, or a name is given twice.
    """
    import numpy as np

    from warploom.errors import CommandError

    arrays: dict[str, Array] = {}
    for text in texts:
        name, _, path = text.rpartition("=")
        if name in arrays:
            raise CommandError(f"The input {name or path!r} was given twice: write NAME=x.npy for each.")
        try:
            with Path(path).open("rb") as stream:
                arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
        except OSError as error:
            raise CommandError(f"The input {path} cannot be read: {error.strerror or error}.") from None
        except (ValueError, EOFError) as error:
            why = str(error).rstrip(". ")
            raise CommandError(f"The input {path} is no array in NumPy's .npy format: {why}.") from None
    return arrays


def write_outputs(outputs: dict[str, Array], path: Path) -> list[Path]:
    """Writes one output to a file, several to a folder, each whole or not at all.

    Raises:
        CommandError: If there are several outputs and the path names a file, or it cannot be written.
    """
    import numpy as np

    from warploom.atomic import write_atomically
    from warploom.errors import CommandError

    if len(outputs) == 1 and not path.is_dir():
        targets = {path: next(iter(outputs.values()))}
    elif path.suffix == ".npy" and not path.is_dir():
        raise CommandError(f"The plan has {len(outputs)} outputs: name a folder with -o, not {path}.")
    else:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {path} cannot be made: {error.strerror or error}.") from None
        targets = {path / f"{_file_name(name)}.npy": array for name, array in outputs.items()}
        if len(targets) < len(outputs):
            raise CommandError("Two outputs would have the same file name: use the Python API for this model.")
    for target, array in targets.items():
        write_atomically(target, functools.partial(np.save, arr=array), CommandError)
    return list(targets)


def _file_name(name: str) -> str:
    """An output's name as a file name: what separates folders becomes an underscore."""
    return "".join("_" if character in '/\\:*?"<>|' or not character.isprintable() else character for character in name)
