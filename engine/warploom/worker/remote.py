"""RemoteHost: a machine with a GPU that is reached over ssh, and what ssh's complaints mean."""

from __future__ import annotations

import re
import shlex

import msgspec

from warploom.errors import CommandError

CONNECT_SECONDS = 10
"""How long ssh waits for the host to answer."""

_ALIVE_SECONDS, _ALIVE_COUNT = 5, 4

_COMPLAINTS = (
    (
        r"Permission denied|Too many authentication failures|passphrase|No more authentication methods",
        "{host} asks for a password, which cannot be typed here: set up a key with ssh-copy-id {host} "
        "(a key with a passphrase needs ssh-add first), then test again.",
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        "The identity of {host} is not known, or has changed: run ssh {host} once in a terminal and check its key.",
    ),
    (r"Could not resolve hostname", "There is no host called {host}: check the name, or add it to ~/.ssh/config."),
    (
        r"timed out|No route to host|Network is unreachable",
        "{host} does not answer: check that it is on and that this machine reaches its network.",
    ),
    (r"Connection refused", "{host} refuses the connection: check that its ssh server runs, and the port."),
    (
        r"command not found|No such file or directory|not recognized",
        "{host} has no command {program!r}: install Warploom there, or give the path of its command.",
    ),
    (r"No module named", "The Python of {host} has no Warploom: install it there, or give the path of its command."),
)


class RemoteHost(msgspec.Struct, frozen=True):
    """A machine that runs the worker.

    Attributes:
        address: As ssh takes it: "host", "user@host", or a name of ~/.ssh/config.
        command: The host's command line of Warploom, for example "~/venv/bin/warploom".
        port: Of its ssh server; 0 leaves it to ssh.
        ssh: The program that connects.
    """

    address: str
    command: str = "warploom"
    port: int = 0
    ssh: str = "ssh"


def check_host(host: RemoteHost) -> None:
    """Makes sure that the fields can be put into a command line.

    Raises:
        CommandError: Naming what cannot be used.
    """
    if not host.address or host.address.startswith("-") or re.search(r"\s", host.address):
        raise CommandError(f"{host.address!r} is not a host: give it as ssh does, for example user@machine.")
    if not 0 <= host.port <= 65_535:
        raise CommandError(f"{host.port} is not a port: choose 1 to 65535, or 0 for ssh's own choice.")
    try:
        words = shlex.split(host.command)
    except ValueError:
        words = []
    if not words:
        raise CommandError(f"{host.command!r} is not a command: give the one that starts Warploom on the host.")


def remote_worker_command(host: RemoteHost) -> list[str]:
    """The command line on this machine that starts a worker on the host. It never asks anything.

    Raises:
        CommandError: If the host's fields cannot be used.
    """
    check_host(host)
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "ServerAliveInterval": str(_ALIVE_SECONDS),
        "ServerAliveCountMax": str(_ALIVE_COUNT),
    }
    line = [*shlex.split(host.ssh), "-T"]
    for name, value in options.items():
        line += ["-o", f"{name}={value}"]
    if host.port:
        line += ["-p", str(host.port)]
    return [*line, "--", host.address, f"{host.command} worker --stdio"]


def explain(host: RemoteHost, log: str) -> str:
    """What the last words of a connection that ended mean, as a sentence; "" when they are not known."""
    for pattern, sentence in _COMPLAINTS:
        if re.search(pattern, log, re.IGNORECASE):
            return sentence.format(host=host.address, program=shlex.split(host.command)[0])
    return ""
