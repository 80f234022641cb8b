#!/usr/bin/env python3
"""Stands in for ssh: checks how it is called, then runs the remote command here, or fails as ssh does.

The address decides: locked, unknown, silent, stranger, bare, mute fail or hang in their ways; any other one works.
"""

from __future__ import annotations

import os
import sys
import time

_FAILURES = {
    "locked": "user@locked: Permission denied (publickey,password).",
    "unknown": "ssh: Could not resolve hostname unknown: Name or service not known",
    "silent": "ssh: connect to host silent port 22: Connection timed out",
    "stranger": "Host key verification failed.",
}


def main(arguments: list[str]) -> None:
    separator = arguments.index("--")
    options, address, command = arguments[:separator], arguments[separator + 1], arguments[separator + 2]
    if "BatchMode=yes" not in options or not any(one.startswith("ConnectTimeout=") for one in options):
        sys.exit("fake ssh: it could ask for a password, or wait for ever")
    if address in _FAILURES:
        sys.stderr.write(_FAILURES[address] + "\n")
        sys.exit(255)
    if address == "bare":
        sys.stderr.write("bash: line 1: warploom: command not found\n")
        sys.exit(127)
    if address == "mute":
        time.sleep(3600)
    os.execv("/bin/sh", ["/bin/sh", "-c", command])


if __name__ == "__main__":
    main(sys.argv[1:])
