"""The process of one peer: loads the problem, then executes and measures as it is told, one line of JSON each way.

    python -m warploom.peers.serve NAME FOLDER

Whatever the peer's library prints goes to stderr, so that only answers are on stdout.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from warploom.errors import WarploomError
from warploom.peers.messages import Answer, Command, Kind
from warploom.peers.problem_files import read_problem, write_arrays
from warploom.peers.protocol import LoadedPeer
from warploom.peers.registry import find_peer


def main(arguments: list[str]) -> int:
    """Serves one peer until its stdin ends."""
    name, folder = arguments
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    peer, loaded = find_peer(name), None
    for line in sys.stdin.buffer:
        command = msgspec.json.decode(line, type=Command)
        try:
            if command.kind is Kind.FIND:
                found = peer.find()
                _send(answers, Answer(version=found.version, error=found.reason))
            elif command.kind is Kind.LOAD:
                loaded = peer.load(read_problem(Path(folder)))
                _send(answers, Answer())
            else:
                _send(answers, _execute(command, loaded, Path(folder), name))
        except WarploomError as error:
            _send(answers, Answer(error=str(error)))
        except Exception as error:  # whatever a peer's library raises is a fact about the peer, not of this program
            text = " ".join(str(error).split())[:300]
            _send(answers, Answer(error=f"It failed ({type(error).__name__}: {text})."))
    return 0


def _execute(command: Command, loaded: LoadedPeer | None, folder: Path, name: str) -> Answer:
    if loaded is None:
        return Answer(error="Nothing is loaded.")
    if command.kind is Kind.MEASURE:
        timing = loaded.measure(command.repeats)
        return Answer(samples_us=timing.samples_us, clock=timing.clock)
    outputs = loaded.run()
    path = folder / f"{name}.npz"
    write_arrays(path, outputs)
    return Answer(outputs=tuple(outputs), path=str(path))


def _send(stream: BinaryIO, answer: Answer) -> None:
    stream.write(msgspec.json.encode(answer) + b"\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
