"""Findings of clocks: what `clock_faults` found at the events of this visit, once for each device."""

from __future__ import annotations

from server.domain.clock_faults import ClockFault, ClockFaultKind
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.findings.presence import crew_events


def find_clock_off(context: Context) -> list[Finding]:
    """Find wall clocks that were far off."""
    return [
        Finding(
            Code.CLOCK_OFF,
            {
                "device_id": device_id,
                "least_off_ms": abs(fault.at_least_ms),
                "direction": "ahead" if fault.at_least_ms > 0 else "behind",
            },
            key=device_id,
        )
        for device_id, fault in _worst(context, ClockFaultKind.OFF)
    ]


def find_clock_stepped(context: Context) -> list[Finding]:
    """Find wall clocks that were set during a visit."""
    return [
        Finding(
            Code.CLOCK_STEPPED,
            {
                "device_id": device_id,
                "least_step_ms": abs(fault.at_least_ms),
                "direction": "forward" if fault.at_least_ms > 0 else "back",
            },
            key=device_id,
        )
        for device_id, fault in _worst(context, ClockFaultKind.STEPPED)
    ]


def find_clock_future(context: Context) -> list[Finding]:
    """Find wall times later than their own receipt."""
    return [
        Finding(Code.CLOCK_FUTURE, {"device_id": device_id, "least_ahead_ms": fault.at_least_ms}, key=device_id)
        for device_id, fault in _worst(context, ClockFaultKind.FUTURE)
    ]


def _worst(context: Context, kind: ClockFaultKind) -> list[tuple[str, ClockFault]]:
    """Give, for each device of the crew, its greatest fault of *kind*."""
    worst: dict[str, ClockFault] = {}
    for event in crew_events(context.visit):
        for fault in context.clock_faults.get(event.id, ()):
            known = worst.get(event.device_id)
            if fault.kind is kind and (known is None or abs(fault.at_least_ms) > abs(known.at_least_ms)):
                worst[event.device_id] = fault
    return sorted(worst.items(), key=lambda each: each[0])
