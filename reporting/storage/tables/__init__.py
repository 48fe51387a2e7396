"""The tables. Every row that matters carries ``clinic_id``; units are in the column names."""

from reporting.storage.tables.access import (
    Consent,
    Draft,
    ErasureRequest,
    Invitation,
    OneTimeCode,
    SignInSession,
    Throttle,
)
from reporting.storage.tables.care import CheckIn, Outcome, Photo, TreatedArea, Treatment
from reporting.storage.tables.clinic import (
    Clinic,
    CustomDeviceClass,
    CustomParameter,
    Device,
    Operator,
    Patient,
    ServiceEvent,
    StaffAccount,
)
from reporting.storage.tables.evidence import Signal, SignalEvent, SignalRun
from reporting.storage.tables.work import (
    AuditEvent,
    AuditHead,
    CaseEvent,
    ImportRun,
    InboundMessage,
    OutboxMessage,
    Revision,
    TriageCase,
)

__all__ = [
    "AuditEvent",
    "AuditHead",
    "CaseEvent",
    "CheckIn",
    "Clinic",
    "Consent",
    "CustomDeviceClass",
    "CustomParameter",
    "Device",
    "Draft",
    "ErasureRequest",
    "ImportRun",
    "InboundMessage",
    "Invitation",
    "OneTimeCode",
    "Operator",
    "OutboxMessage",
    "Outcome",
    "Patient",
    "Photo",
    "Revision",
    "ServiceEvent",
    "SignInSession",
    "Signal",
    "SignalEvent",
    "SignalRun",
    "StaffAccount",
    "Throttle",
    "TreatedArea",
    "Treatment",
    "TriageCase",
]
