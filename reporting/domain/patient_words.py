"""Every sentence of the patient's pages that is not in the content tables, by name."""

from reporting.domain.language import ENGLISH, translator

WORDS = {
    "title": "Your skin check-in",
    "day": "Day {day} after {treatment}",
    "back": "Back",
    "continue": "Continue",
    "send": "Send",
    "change": "Change",
    "chosen": "✓ {label}",
    "review": "Check your answers",
    "review_hint": "Nothing is sent yet. Press Send when all is right.",
    "nothing_written": "Nothing written",
    "choose_one": "Choose at least one.",
    "not_sent": "This was not sent.",
    "call_clinic": "Call {name}: {telephone}",
    "call_emergency": "Call {telephone} now",
    "received": "We have your answers. Your number is {number}.",
    "again": "Report something else",
    "home": "See your recovery",
    "who_reads": "A person at the clinic reads your answers when the clinic is open. This page is not for emergencies.",
    "hours": "Open: {hours}.",
    "telephone": "Telephone: {telephone}.",
    "emergency": "In an emergency, call {telephone}.",
    "kept": "Your answers are kept as you go. You can stop and come back.",
    "sign_in_title": "Open your check-in",
    "sign_in": "Use the link from your clinic. You can also type in the code from your card.",
    "type_code": "Type in the code",
    "home_title": "Your recovery",
    "next": "Your next check-in is on {day}.",
    "no_next": "There are no more check-ins planned. You can still send one.",
    "start": "Start a check-in",
    "past": "What you sent",
    "nothing_sent": "You have not sent anything yet.",
    "past_locked": "To see what you sent, open this page with the code from your card.",
    "past_row": "{day} (day {number}): {heading}",
    "day_number": "Day {day}",
    "language": "Choose a language",
    "no_script": "This page needs JavaScript. The check-in works without it: use your link or your code.",
}
"""English. ``{name}`` parts are filled in; sentences stay short and plain."""

WEEKDAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}


def say(name: str, /, language: str = ENGLISH, **values: object) -> str:
    """The sentence of that name in that language, with its parts filled in."""
    return translator(language)(WORDS[name]).format(**values)
