"""Answers which devices this machine offers, as a message."""

from __future__ import annotations

from warploom.worker.messages import DeviceEntry, DeviceList


def list_for_user(job: int) -> DeviceList:
    """All devices, usable or not, and what "auto" means."""
    from warploom.device.registry import default_device, list_devices

    default, why = default_device()
    entries = tuple(
        DeviceEntry(
            id=listed.id, name=listed.name, simulated=listed.simulated, available=listed.available, note=listed.note
        )
        for listed in list_devices()
    )
    return DeviceList(job=job, devices=entries, default=default, why=why)
