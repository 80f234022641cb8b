"""Answers which devices this machine offers, and what they lack, as messages."""

from __future__ import annotations

from warploom.worker.messages import DeviceEntry, DeviceList, DoctorFinding, DoctorReport


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


def examine_for_user(job: int) -> DoctorReport:
    """What a CUDA device needs, and whether it is here."""
    from warploom.device.cuda.doctor_facts import examine

    findings = tuple(
        DoctorFinding(subject=one.subject, state=one.state.value, text=one.text, remedy=one.remedy) for one in examine()
    )
    return DoctorReport(job, findings)
