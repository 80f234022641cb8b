"""Why a peer cannot run a problem."""

from __future__ import annotations

from warploom.errors import WarploomError


class PeerError(WarploomError):
    """A peer cannot run a model: an operator that its adapter does not know, a precision that it does not have."""

    code = "peer"
