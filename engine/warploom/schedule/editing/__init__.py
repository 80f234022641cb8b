"""Edits of schedules and plans by hand: every function returns a new value or says why the edit is not possible."""
