"""The recording: one piece of work saved in one file."""
