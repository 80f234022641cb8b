"""Runs what experiments ask for, and keeps every piece, so that an interrupted experiment goes on where it stopped."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from warploom.atomic import write_bytes_atomically
from warploom.errors import CancelledError, CommandError, RecordingError, ReportError
from warploom.version import __version__
from warploom.worker.messages import OptimizeOptions, OptimizeRequest

if TYPE_CHECKING:
    from warploom.recording.recording import Candidate, Recording
    from warploom.worker.messages import Event

T = TypeVar("T")

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LaboratorySettings:
    """What all runs of an experiment share.

    Attributes:
        device: "auto", "cuda:0", "sim:h200", ...
        precision: Of float operators.
        repeats: Samples of each latency.
        search_seconds: Bound of each search; None for no bound.
        peers: Names of the peers to run beside; None for all that can run here.
        peer_seconds: How long a peer may take until it is ready: some compile and tune for minutes.
        networks: Recipes and .onnx files; None for the networks of the paper.
        fresh: Whether nothing that an earlier run kept is used.
    """

    device: str = "auto"
    precision: str = "fp16"
    repeats: int = 50
    search_seconds: float | None = 60.0
    peers: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    fresh: bool = False
    peer_seconds: float = 900.0


class Laboratory:
    """A folder of models, recordings and figures that belong to one set of settings.

    Args:
        folder: Made when missing.
        settings: Of all runs.
        note: Is told what goes on.
        cancelled: Asked often; a search ends with its best, and nothing new is begun.

    Raises:
        CommandError: If the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        settings: LaboratorySettings,
        note: Note = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        from warploom.device.registry import AUTO, default_device, list_devices

        device = default_device()[0] if settings.device == AUTO else settings.device
        self.settings = dataclasses.replace(settings, device=device)
        self.folder = folder
        self.note = note
        self.cancelled = cancelled
        self._used: set[Path] = set()
        self._files: dict[str, Path] = {}
        self._names = {one.id: one.name for one in list_devices()}
        try:
            for name in ("models", "recordings", "figures"):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be made: {error.strerror or error}.") from None

    def networks(self, default: tuple[str, ...]) -> tuple[str, ...]:
        """The names of what to run: recipes, and model files by their stem.

        Raises:
            CommandError: If there is no such recipe or file, or two have one name.
        """
        from warploom.samples.recipes import RECIPES

        found: list[str] = []
        for name in self.settings.networks or default:
            path = Path(name)
            if path.suffix == ".onnx":
                if not path.is_file():
                    raise CommandError(f"There is no file {path}.")
                name = path.stem
                self._files[name] = path.resolve()
            elif name not in RECIPES:
                known = ", ".join(RECIPES)
                raise CommandError(f"There is no sample network {name!r}; there are {known}, or give an .onnx file.")
            if name in found:
                raise CommandError(f"Two networks are called {name!r}: rename one, or leave it out.")
            found.append(name)
        return tuple(found)

    def token(self, network: str) -> str:
        """What files of a network begin with; another one when a user's model has changed."""
        if network not in self._files:
            return network
        path = self._files[network]
        facts = path.stat()
        return f"{network}-{_digest_text(f'{path} {facts.st_size} {facts.st_mtime_ns}')[:8]}"

    def model(self, network: str) -> Path:
        """The ONNX file of a network; that of a recipe is built when missing."""
        from warploom.samples.recipes import build

        if network in self._files:
            return self._files[network]
        path = self.folder / "models" / f"{network}.onnx"
        if not path.exists():
            self.note(f"building {network}")
            build(network, path)
        return path

    def record(
        self,
        network: str,
        *,
        mode: str = "both",
        batch: int = 1,
        device: str | None = None,
        limits: tuple[int, int] = (3, 8),
        schedule: Path | None = None,
        verify: bool = True,
        profile: bool = False,
    ) -> Recording:
        """The recording of a search on a network, or of a saved schedule; read where an earlier run has made it.

        Args:
            network: One of `networks`.
            mode: Which schedulers compete.
            batch: Batch size.
            device: In place of the laboratory's own.
            limits: Operators in a group, groups in a stage.
            schedule: A saved schedule that is run instead of a search.
            verify: Whether outputs are compared with the original model's.
            profile: Whether timelines are measured where the device can.

        Raises:
            CancelledError: If the user asked to stop before this run ended; those before it are kept.
        """
        settings = self.settings
        options = OptimizeOptions(
            device=device or settings.device,
            mode=mode,
            max_group_operators=limits[0],
            max_stage_groups=limits[1],
            batch=batch,
            precision=settings.precision,
            repeats=settings.repeats,
            verify=verify,
            search_seconds=settings.search_seconds,
            schedule=None if schedule is None else str(schedule),
            profile=profile,
        )
        path = self.folder / "recordings" / f"{self.token(network)}-{_digest(options, schedule)}.warploom"
        kept = self._kept(path)
        if kept is not None:
            return kept
        self.stop_if_cancelled()
        what = f"the schedule {schedule.stem}" if schedule else f"mode {mode}"
        self.note(f"{network}, batch {batch}, {what} on {options.device}")
        try:
            recording = self._recorded(self.model(network), path, options)
        finally:
            self.stop_if_cancelled()  # a job that is cancelled early knows nothing of what is kept
        return recording

    def schedule_file(self, recording: Recording, name: str) -> Path:
        """The chosen schedule of a recording as a file, for `record`."""
        from warploom.report.export import export_recording

        path = self.folder / "recordings" / f"{name}.json"
        export_recording(recording, "schedule-json", path)
        return path

    def figure(self, key: str, compute: Callable[[], T], kind: type[T]) -> T:
        """Something computed, kept as JSON under its key; computed again only where it is not there."""
        path = self.folder / "figures" / f"{key}-{_digest_text(repr((self.settings_key, __version__)))}.json"
        if path.exists() and (not self.settings.fresh or path in self._used):
            try:
                return msgspec.json.decode(path.read_bytes(), type=kind)
            except msgspec.DecodeError:
                self.note(f"{path.name} is damaged and computed again")
        value = compute()
        write_bytes_atomically(path, msgspec.json.encode(value), ReportError)
        self._used.add(path)
        return value

    @property
    def settings_key(self) -> tuple[object, ...]:
        """What decides figures: everything but which networks and peers are asked for."""
        one = self.settings
        return (one.device, one.precision, one.repeats, one.search_seconds)

    def stop_if_cancelled(self) -> None:
        """Ends the experiment where the user asked for it.

        Raises:
            CancelledError: Saying that what was measured is kept.
        """
        if self.cancelled():
            raise CancelledError(f"Stopped. What was measured so far is kept in {self.folder}: run it again to go on.")

    def _kept(self, path: Path) -> Recording | None:
        from warploom.recording.file import read_recording

        if not path.exists() or (self.settings.fresh and path not in self._used):
            return None
        try:
            found = read_recording(path)
        except RecordingError as error:
            self.note(f"{error} It is made again.")
            return None
        here = self._names.get(found.device.id, found.device.name)
        if here != found.device.name:  # the folder was begun on another machine
            self.note(f"{path.name} is of {found.device.name}, not of the {here} here: it is made again.")
            return None
        return found

    def _recorded(self, model: Path, path: Path, options: OptimizeOptions) -> Recording:
        from warploom.recording.file import write_recording
        from warploom.worker.context import JobContext
        from warploom.worker.job import record_model

        request = OptimizeRequest(job=1, model=str(model), output=str(path), options=options)
        recording = record_model(request, JobContext(1, _ignore, self.cancelled))
        if not self.cancelled():
            write_recording(recording, path)
            self._used.add(path)
        return recording


def latency_ms(recording: Recording, scheduler: str) -> float | None:
    """Measured latency of a candidate by its name; None where it did not compete."""
    found: Candidate | None = next((one for one in recording.candidates if one.name == scheduler), None)
    return None if found is None else found.measurement.median_us / 1000


def source_of(recording: Recording) -> str:
    """Where a recording's figures are from, for a table."""
    how = "simulated" if recording.simulated else "measured"
    name = recording.device.name.removesuffix(" (simulated)")
    return f"{how}: {name}, {recording.settings.precision.value}"


def _digest(options: OptimizeOptions, schedule: Path | None) -> str:
    content = schedule.read_bytes() if schedule is not None else b""
    described = msgspec.structs.replace(options, schedule=None)
    return _digest_text(f"{described!r} {hashlib.sha256(content).hexdigest()} {__version__}")


def _digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _ignore(_event: Event) -> None:
    pass
