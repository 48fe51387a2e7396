"""Sentences of the pages about reminders. Those of the messages themselves are in the content tables."""

REMINDER_WORDS = {
    "unsubscribe_title": "Stop e-mails about your check-ins",
    "unsubscribe_hint": "Press the button to stop them. You can still use your link.",
    "unsubscribe_button": "Stop the e-mails",
    "unsubscribed_title": "The e-mails have stopped",
    "unsubscribed": "You will get no more e-mails about your check-ins. You can still use your link.",
}
