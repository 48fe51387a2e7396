"""Sentences of the patient's home, and of the page on which a report is changed or taken back."""

RECOVERY_WORDS = {
    "already_changed": "This report was changed before.",
    "already_changed_do": "Look at your newest report. You can change that one.",
    "not_ours": "This report did not come from this page.",
    "not_ours_do": "Call the clinic to have it changed.",
}
