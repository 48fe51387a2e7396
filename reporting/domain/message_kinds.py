"""Kinds of messages by whom they go to."""

PATIENT_KINDS = ("reminder", "second_factor_code", "sms_reply")
"""Messages to patients: what the front desk may see of them is that an address does not work."""
