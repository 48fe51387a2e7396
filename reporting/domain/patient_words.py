"""Every sentence of the patient's pages that is not in the content tables, by name."""

from reporting.domain.check_in_words import CHECK_IN_WORDS
from reporting.domain.language import ENGLISH, translator
from reporting.domain.light_words import LIGHT_WORDS
from reporting.domain.recovery_words import RECOVERY_WORDS
from reporting.domain.reminder_words import REMINDER_WORDS
from reporting.domain.rights_words import RIGHTS_WORDS

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
    "synthetic": "This is a demo (synthetic). No one here is real.",
    "loading": "One moment.",
    "no_script": "This page needs JavaScript. The check-in works without it: use your link or your code.",
}
"""English. ``{name}`` parts are filled in; sentences stay short and plain."""

WORDS |= {
    "photo_title": "Add photos",
    "photo_hint": "You can add up to {count} photos of up to {megabytes} MB. Use good light. Hold the phone still.",
    "photo_private": "Only you and your clinic can see them. We take out the place and the phone's name.",
    "photo_take": "Take a photo",
    "photo_choose": "Choose a photo",
    "photo_use_camera": "Use the camera of this device",
    "photo_add": "Add this photo",
    "photo_added": "Photo {number} is added. It goes with your answers when you press Send.",
    "photo_remove": "Remove photo {number}",
    "photo_back": "Back to your answers",
    "photo_none_chosen": "Choose or take a photo first.",
    "photo_again": "Your answers are still here. You can send them without a photo.",
    "photo_empty": "This file is empty. Choose another photo.",
    "photo_too_large": "This photo is too big. It can have up to {megabytes} MB. Choose a smaller one.",
    "photo_unknown": "This file is not a photo that we can read. Choose a JPEG, PNG or WebP photo.",
    "photo_heic": "We cannot read this kind of photo (HEIC). Take a new one with the button on this page.",
    "photo_too_many_pixels": "This picture is too large to open. Take a new photo with your phone.",
    "photo_damaged": "This photo is damaged, or not all of it came. Choose it again, or take a new one.",
    "photo_limit": "You have added {count} photos. That is all that fit. Remove one to add another.",
    "photo_limit_treatment": "You have sent {count} photos. That is all that fit. The clinic can tell you more.",
}
"""Photos: adding, refusing, seeing."""

WORDS |= RIGHTS_WORDS
WORDS |= REMINDER_WORDS
WORDS |= CHECK_IN_WORDS
WORDS |= LIGHT_WORDS
WORDS |= RECOVERY_WORDS

WEEKDAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}


def say(name: str, /, language: str = ENGLISH, **values: object) -> str:
    """The sentence of that name in that language, with its parts filled in."""
    return translator(language)(WORDS[name]).format(**values)


def tell(sentence: str, language: str = ENGLISH, **values: object) -> str:
    """A sentence of the content tables in that language, with its parts filled in."""
    return translator(language)(sentence).format(**values)
