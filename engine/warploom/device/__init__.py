"""Devices: what compiles a StreamPlan into something that runs, measures and profiles."""

from warploom.device.protocol import (
    Device,
    DeviceInfo,
    Executable,
    LoggingDevice,
    Measurement,
    PreparingDevice,
    Support,
)

__all__ = ["Device", "DeviceInfo", "Executable", "LoggingDevice", "Measurement", "PreparingDevice", "Support"]
