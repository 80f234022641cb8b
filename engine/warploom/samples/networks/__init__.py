"""One sample network per file: functions that describe it to a NetworkBuilder."""
