"""Editing schedules by hand: the draft, its picture, and what may be done to it."""
