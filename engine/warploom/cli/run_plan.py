"""`warploom run`: answers one request with a plan file, inputs and outputs as .npy files."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
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

    files = name_inputs(input_)
    inputs = {name: read_input(file) for name, file in files.items()}
    with load_plan(plan, device=device, retune=retune) as opened:
        names = [port.name for port in opened.inputs]
        if set(inputs) == {""} and len(names) == 1:
            inputs = {names[0]: inputs[""]}
        targets = name_outputs([port.name for port in opened.outputs], output)
        check_targets(targets, (plan, *files.values()))
        write_outputs(opened(inputs), targets)
    for target in targets.values():
        typer.echo(str(target))


def name_inputs(texts: list[str]) -> dict[str, Path]:
    """Files by input name; under an empty name where the text has none.

    Raises:
        CommandError: If a name is given twice.
    """
    from warploom.errors import CommandError

    files: dict[str, Path] = {}
    for text in texts:
        name, _, path = ("", "", text) if Path(text).is_file() else text.rpartition("=")
        if name in files:
            raise CommandError(f"The input {name or path!r} was given twice: write NAME=x.npy for each.")
        files[name] = Path(path)
    return files


def read_input(path: Path) -> Array:
    """The array in a file.

    Raises:
        CommandError: If it cannot be read or is no array.
    """
    import numpy as np

    from warploom.errors import CommandError

    try:
        with path.open("rb") as stream:
            array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    except OSError as error:
        raise CommandError(f"The input {path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except (ValueError, EOFError) as error:
        why = str(error).partition("\n")[0].rstrip(". ")
        raise CommandError(f"The input {path} is no array in NumPy's .npy format: {why}.") from None
    return array


def name_outputs(names: list[str], path: Path) -> dict[str, Path]:
    """Where each output goes: one to a file, several to a folder.

    Raises:
        CommandError: If there are several outputs and the path names a file, or two would share one.
    """
    from warploom.errors import CommandError

    if len(names) == 1 and not path.is_dir():
        return {names[0]: path}
    if path.suffix == ".npy" and not path.is_dir():
        raise CommandError(f"The plan has {len(names)} outputs: name a folder with -o, not {path}.")
    targets = {name: path / f"{_file_name(name)}.npy" for name in names}
    if len(set(targets.values())) < len(names):
        raise CommandError("Two outputs would have the same file name: use the Python API for this model.")
    return targets


def check_targets(targets: Mapping[str, Path], sources: Sequence[Path]) -> None:
    """Makes sure that what is read is not replaced, and that a single file can be written, before anything runs.

    Raises:
        CommandError: Naming the file.
    """
    from warploom.errors import CommandError
    from warploom.worker.output import check_output

    for target in targets.values():
        if any(target.exists() and source.exists() and target.samefile(source) for source in sources):
            raise CommandError(f"The output {target} would replace a file that is read: choose another with -o.")
        if len(targets) == 1 or target.parent.exists():
            check_output(target)


def write_outputs(outputs: Mapping[str, Array], targets: Mapping[str, Path]) -> None:
    """Writes each output whole or not at all, and makes their folder if there is none.

    Raises:
        CommandError: If one cannot be written.
    """
    import numpy as np

    from warploom.atomic import write_atomically
    from warploom.errors import CommandError

    for folder in {target.parent for target in targets.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be made: {error.strerror or error}.") from None
    for name, target in targets.items():
        write_atomically(target, functools.partial(np.save, arr=outputs[name]), CommandError)


def _file_name(name: str) -> str:
    """An output's name as a file name: what separates folders becomes an underscore."""
    return "".join("_" if character in '/\\:*?"<>|' or not character.isprintable() else character for character in name)
