"""The Qt application over the headless engine."""
