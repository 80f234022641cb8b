"""FollowedOptions: the run bar shows how an opened recording was made; the next model gets the user's own settings."""

from __future__ import annotations

from warploom.recording.recording import Recording
from warploom.worker.messages import OptimizeOptions
from warploom_app.presenters.run_options import as_recorded
from warploom_app.state import AppState


class FollowedOptions:
    """Lends the state the options of recordings; a change that the user makes then is the user's own again."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._own: OptimizeOptions | None = None
        self._lent: OptimizeOptions | None = None

    @property
    def own(self) -> OptimizeOptions:
        """What the user set, whatever is shown for a recording."""
        return self._own if self._own is not None and self._state.options == self._lent else self._state.options

    def follow(self, recording: Recording) -> None:
        """Shows the settings of a recording."""
        own = self.own
        self._lent = as_recorded(own, recording.settings)
        self._own = own
        self._state.set_options(self._lent)

    def give_back(self) -> None:
        """Shows the user's own settings again."""
        own = self.own
        self._own = self._lent = None
        self._state.set_options(own)
