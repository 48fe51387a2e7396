"""Sentences of the check-in beside the content tables: changes, opening hours, what went wrong."""

CHECK_IN_WORDS = {
    "change_of": "Change: {question}",
    "open_now": "The clinic is open now, until {time}.",
    "opens_today": "The clinic is closed now. It opens today at {time}.",
    "opens_tomorrow": "The clinic is closed now. It opens tomorrow at {time}.",
    "opens_on": "The clinic is closed now. It opens on {day} at {time}.",
    "late": "This check was due on day {due}. We have kept it as sent late. That is fine.",
    "changed": "Your answers have changed since this page was opened. Please look at this question.",
    "choose_answer": "Choose one answer.",
    "note_too_long": "Your note is too long. It can have up to {count} letters.",
    "note_signs": "Your note has signs that we cannot keep. Take them out and try again.",
    "busy": "We could not keep this just now. Your answers are still here. Try again in a moment.",
    "full": "We could not keep this. Your answers are still here. If you need help, call the clinic.",
    "went_wrong": "Something went wrong. What you sent before is safe. Please try again.",
}
