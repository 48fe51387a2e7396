"""The tables. Every row that matters carries ``clinic_id``; units are in the column names."""

from reporting.storage.tables.access import Consent, Draft, Invitation, SignInSession, Throttle
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
from reporting.storage.tables.work import (
    AuditEvent,
    AuditHead,
    CaseEvent,
    ImportRun,
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
    "ImportRun",
    "Invitation",
    "Operator",
    "OutboxMessage",
    "Outcome",
    "Patient",
    "Photo",
    "Revision",
    "ServiceEvent",
    "SignInSession",
    "StaffAccount",
    "Throttle",
    "TreatedArea",
    "Treatment",
    "TriageCase",
]
