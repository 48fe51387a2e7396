"""Every sentence of the patient's pages that is not in the content tables, by name; days; and words of refusals."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from babel.lists import format_list

from reporting.domain.answers import NOT_ASKED, Question
from reporting.domain.content_package import PACKAGE_WORDS
from reporting.domain.content_rows import PLACE_WORDS
from reporting.domain.language import ENGLISH, counted, translator
from reporting.errors import InvalidInput, Problem

CHECK_IN_WORDS = {
    "change_of": "Change: {question}",
    "told_so_far": "The clinic can see your answers so far. You can stop here.",
    "finish_here": "Finish here",
    "go_on": "Go on with the other questions",
    "open_now": "The clinic is open now, until {time}.",
    "opens_today": "The clinic is closed now. It opens today at {time}.",
    "opens_tomorrow": "The clinic is closed now. It opens tomorrow at {time}.",
    "opens_on": "The clinic is closed now. It opens on {day} at {time}.",
    "read_by": "A person will read your answers by {when}.",
    "read_late": "No one has read your answers yet. Please call the clinic.",
    "late": "This check was due on day {due}. We have kept it as sent late. That is fine.",
    "changed": "Your answers have changed since this page was opened. Please look at this question.",
    "choose_answer": "Choose one answer.",
    "choose_worst": "If it is gone now, say how bad it was.",
    "not_worse": "Not worse than it is now",
    "grades": "Now: {now}. At its worst: {worst}.",
    "note_too_long": "Your note is too long. It can have up to {count} letters.",
    "note_signs": "Your note has signs that we cannot keep. Take them out and try again.",
    "busy": "We could not keep this just now. Your answers are still here. Try again in a moment.",
    "full": "We could not keep this. Your answers are still here. If you need help, call the clinic.",
    "went_wrong": "Something went wrong. What you sent before is safe. Please try again.",
}


LIGHT_WORDS = {
    "other_treatment": "This page is about another check-in. Nothing of it was kept.",
    "other_treatment_do": "Open your own link again. What you sent there before is safe.",
    "sign_out": "Sign out",
    "sure_draft": "You have answers that were not sent. If you have no problems now, press it once more.",
    "sure_flag": "Your report is still open at the clinic. If you have no problems now, press it once more.",
    "flag_open": "This advice still holds. The clinic has not closed your report yet.",
    "link_over_title": "This link cannot be opened",
    "link_over": "This link does not work any more.",
    "link_over_do": "Use the newest link from your clinic, or call the clinic and ask for a new one.",
    "link_cut": "Is all of the link there? Mail can cut a long link. Copy the whole link, or type in your code.",
    "type_card_code": "Type in the code from your card",
    "very_unwell": "If you feel very unwell, do not wait. Call {telephone}.",
    "place_part": "Where you are",
    "place_why": "Tell us if you are in another country. Then days and emergency numbers fit.",
    "place_home": "Where the clinic is",
    "place_country": "Country",
    "place_zone": "Time zone",
    "place_keep": "Keep this",
    "local_emergency": "your local emergency number",
    "urgent_care_line": "an urgent care line",
    "when_closed": "When the clinic is closed: {name}, {telephone}.",
    "check_again": "Your answers have changed since this page was opened. Please check them again.",
    "photo_open": "Add a photo",
    "photos_waiting": "Photos: {count}",
    "went_wrong_title": "That did not work",
    "not_here": "This page is not here, or it is not yours.",
    "not_here_do": "Use the link from your clinic, or type in the code from your card.",
    "call_if_urgent": "If it does not work again, call the clinic.",
    "code_and_year": "This code and year do not fit together.",
    "code_and_year_do": "Check both on your card. If it still does not work, call the clinic.",
}


RECOVERY_WORDS = {
    "day_and_time": "{day}, {time}",
    "next_today": "Your check-in for today is open.",
    "next_tomorrow": "Your next check-in is tomorrow.",
    "next_open": "Your check-in for day {day} is still open. You can send it now.",
    "advice_last": "From your last answers: {heading}",
    "locked_title": "Your history is locked",
    "locked": "Your chart, your photos and what you sent are private. Unlock them to see them here.",
    "unlock": "Unlock your history",
    "recovery": "How it is going",
    "show": "Show",
    "all_symptoms": "All problems together",
    "chart_none": "You have reported no problems so far.",
    "chart_course": "{what}: {worst} on day {day}, {now} now.",
    "chart_once": "{what}: {worst} on day {day}.",
    "chart_now": "{what}: {worst}, now the worst so far.",
    "chart_steady": "{what}: {worst}, the same each time.",
    "chart_gone": "{what}: {worst} on day {day}, gone now.",
    "chart_within": "Never more than most people have.",
    "chart_beyond_one": "That is more than most people have on days {days}.",
    "chart_beyond": "More than most people have: {which}.",
    "chart_which": "{symptom} on days {days}",
    "chart_legend": "● Your answer. ▲ More than most people have. The shaded part is what most people have.",
    "axis_days": "Days since your treatment",
    "today": "Today",
    "your_answer": "Your answer",
    "usual": "People usually have",
    "up_to": "Up to {word}",
    "point": "Day {day}: {word}.",
    "point_usual": "Most people have up to {word} then.",
    "point_no_usual": "Most people have none then.",
    "numbers": "See this as a table",
    "day_column": "Day",
    "people_usually": "What people usually have",
    "now": "Now: {words}",
    "later": "From day {day}: {words}",
    "nothing_yet_title": "Nothing to show yet",
    "nothing_yet": "After your first check-in you see your recovery here.",
    "clinic_did": "What the clinic did",
    "step_opened": "The clinic was told about your report.",
    "step_silent": "The clinic was told that you have not answered for some time.",
    "step_new_report": "Your newer answers were passed on to the clinic.",
    "step_acknowledged": "The clinic has read your report.",
    "step_advice": "The clinic gave you advice.",
    "step_call": "The clinic called you.",
    "step_visit": "You were seen at the clinic.",
    "step_prescription": "The clinic gave you a prescription.",
    "step_referral": "The clinic sent you to another doctor.",
    "step_none_needed": "The clinic looked at it. There was no need to call you.",
    "step_corrected": "You changed your report. The clinic sees the change.",
    "step_withdrawn": "You took your report back. The clinic can still see it.",
    "step_restored": "You put your report back.",
    "step_reopened": "The clinic is looking at it again.",
    "step_closed": "Closed: this is done. If things change, send a new check-in.",
    "step_line": "{moment}: {words}",
    "photos": "Your photos",
    "photo_of": "Your photo of {date}, day {day}",
    "photo_large": "Tap a photo to see it large.",
    "photo_caption": "{date} (day {day})",
    "no_photos": "You have sent no photos.",
    "photo_gone": "This photo cannot be shown. Please tell the clinic.",
    "photo_left": "Photo on the left",
    "photo_right": "Photo on the right",
    "sent_head": "{moment} (day {day})",
    "advice_then": "What we told you: {heading}",
    "no_problems_sent": "No problems",
    "had": "{symptom}: {word}",
    "is_worried": "You were worried.",
    "could_not_wait": "You needed help sooner.",
    "your_note": "Your note: {note}",
    "note_lost": "There is a note that cannot be read any more.",
    "mark_late": "Sent late",
    "mark_telephone": "By telephone",
    "mark_desk": "At the clinic",
    "mark_carer": "By someone for you",
    "mark_corrected": "Changed by you",
    "mark_withdrawn": "Taken back by you",
    "before_change": "What you said before",
    "change_or_take_back": "Change or take back (day {day})",
    "older": "Show older ones",
    "put_back": "Put it back (day {day})",
    "is_back": "Your report is back.",
    "correct_title": "Change or take back",
    "correct_why": "Why do you want to change it?",
    "take_back_why": "Why do you want to take it back?",
    "correct_kept": "The clinic still sees what you said before.",
    "reason_words": "Say it in your own words. You can leave this empty.",
    "change_answers": "Change my answers",
    "go_on_changing": "Go on with my change",
    "take_back": "Take it back",
    "take_back_sure": "Do you want to take this report back? It will not count any more.",
    "yes_take_back": "Yes, take it back",
    "no_keep": "No, keep it",
    "stop_changing": "Stop. Keep what I sent",
    "was_changed": "Your change is sent.",
    "was_taken_back": "You took this report back. You can put it back on your recovery page.",
    "back_home": "Back to your recovery",
    "report_gone": "There is no such report.",
    "report_gone_do": "Go back to your recovery and choose one there.",
    "already_changed": "This report was changed before.",
    "already_changed_do": "Look at your newest report. You can change that one.",
    "not_ours": "This report did not come from this page.",
    "not_ours_do": "Call the clinic to have it changed.",
    "reason_mistake": "I tapped the wrong answer",
    "reason_forgot": "I forgot to say something",
    "reason_changed": "It was different from what I thought",
    "reason_wrong_treatment": "It was about something else",
    "reason_other": "Another reason",
}


REMINDER_WORDS = {
    "unsubscribe_title": "Stop e-mails about your check-ins",
    "unsubscribe_hint": "Press the button to stop them. You can still use your link.",
    "unsubscribe_button": "Stop the e-mails",
    "unsubscribed_title": "The e-mails have stopped",
    "unsubscribed": "You will get no more e-mails about your check-ins. You can still use your link.",
}


RIGHTS_WORDS = {
    "unlock_title": "Show that it is you",
    "unlock_why": "Your link opens the check-in. To see what you sent before, please show that it is you.",
    "unlock_card": "Type in the code from your card and the year you were born.",
    "unlock_code": "Code",
    "unlock_code_hint": "It has eight letters and numbers. It is on your card.",
    "unlock_year": "Year of birth",
    "unlock_year_hint": "Four numbers, such as 1980.",
    "unlock_email": "We can send a code to {address}.",
    "unlock_send": "Send me a code",
    "unlock_sent": "We sent a code to {address}. It works one time and for {minutes} minutes.",
    "unlock_spam": "Not there after a minute? Look in your spam mail, or have a new one sent.",
    "unlock_digits": "Code from the e-mail",
    "unlock_digits_hint": "It has six numbers.",
    "unlock_new": "Send a new code",
    "unlock_back": "Back to the check-in",
    "unlock_link": "Show that it is you",
    "code_not_right": "This code does not work.",
    "code_not_right_do": "Look at it again. If it still does not work, ask for a new one or call the clinic.",
    "year_needed": "The year of birth needs four numbers.",
    "year_needed_do": "Type it in like this: 1980.",
    "too_many_tries": "There were too many tries.",
    "too_many_tries_do": "Wait 15 minutes, then try again.",
    "signed_out": "You are not signed in, or your time is up.",
    "signed_out_do": "Open your link again, or type in the code from your card.",
    "factor_mail_subject": "Your code",
    "factor_mail": "Your code is {code}. It works one time and for {minutes} minutes. "
    "If you did not ask for it, you need not do anything.",
    "data_title": "Your data",
    "data_what": "You can get a copy of all that we keep of you. It is one file (ZIP) with your answers and photos.",
    "data_download": "Download my data",
    "data_back": "Back to your data",
    "data_open": "Your data and your choices",
    "data_locked": "To get a copy or to ask us to delete it, please show that it is you.",
    "consent_part": "What you agreed to",
    "consent_since": "You agreed on {day}.",
    "consent_stopped": "You stopped this on {day}.",
    "consent_no": "You have not agreed to this.",
    "consent_give": "I agree",
    "consent_stop": "Stop this",
    "consent_check_ins_stop": "Stop all check-ins",
    "consent_sure": "If you stop, we keep no new answers. What you sent so far stays with the clinic.",
    "consent_done": "This is saved.",
    "consent_read_more": "Read more",
    "address_email": "Your e-mail address",
    "address_sms": "Your phone number",
    "address_kept": "We send them to {address}.",
    "address_new": "You can type in another one here.",
    "address_locked": "To add or change it, please show that it is you.",
    "reminders_part": "Reminders",
    "check_ins_part": "Check-ins",
    "copy_part": "A copy of your data",
    "erase_part": "Ask us to delete your data",
    "erase_what": "The clinic looks at each request. It then takes out your name, contacts, notes and photos for good.",
    "erase_stays": "What was treated and how it healed stays, with no name. It helps to make care safer.",
    "erase_may_stay": "The law may ask the clinic to keep its own files about you.",
    "erase_sure": "I understand that this cannot be undone.",
    "erase_ask": "Ask to delete my data",
    "erase_asked": "You asked on {day}. The clinic will work on it.",
    "erase_refused": "The clinic did not delete your data on {day}: {reason}",
    "erase_tick": "Please tick the box first.",
    "stopped_title": "You stopped the check-ins",
    "stopped": "We keep no new answers. If you need help, call the clinic. You can start again at any time.",
    "carer": "I answer for someone else",
    "consent_withdrawn": "You asked us to stop, so this was not sent.",
    "consent_withdrawn_do": "Call the clinic if you need help. You can start again on the page with your data.",
}
"""English, as in ``patient_words``."""


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

WORDS |= RIGHTS_WORDS | REMINDER_WORDS | CHECK_IN_WORDS | LIGHT_WORDS | RECOVERY_WORDS | PACKAGE_WORDS | PLACE_WORDS

ONE: Mapping[str, tuple[str, str]] = {
    "note_too_long": ("count", "Your note is too long. It can have {count} letter."),
    "unlock_sent": ("minutes", "We sent a code to {address}. It works one time and for {minutes} minute."),
    "factor_mail": ("minutes", WORDS["factor_mail"].replace("} minutes", "} minute")),
    "photo_hint": ("count", "You can add {count} photo of up to {megabytes} MB. Use good light. Hold the phone still."),
    "photo_limit": ("count", "You have added {count} photo. That is all that fit. Remove it to add another."),
    "photo_limit_treatment": ("count", WORDS["photo_limit_treatment"].replace("photos", "photo")),
    "chart_beyond_one": ("number", "That is more than most people have on day {days}."),
    "chart_which": ("number", "{symptom} on day {days}"),
}
"""Sentences that hold a number: which value it is, and how the English sentence reads of one. The rest is gettext's."""

WEEKDAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}


def say(name: str, /, language: str = ENGLISH, **values: object) -> str:
    """The sentence of that name in that language, with its parts filled in."""
    text = WORDS[name]
    if name in ONE:
        by, one = ONE[name]
        number = values[by]
        assert isinstance(number, int)
        return counted(one, text, number, language).format(**values)
    return translator(language)(text).format(**values)


def tell(sentence: str, language: str = ENGLISH, **values: object) -> str:
    """A sentence of the content tables in that language, with its parts filled in."""
    return translator(language)(sentence).format(**values)


_BY_CODE = {"storage_busy": "busy", "storage_full": "full", "consent_withdrawn": "consent_withdrawn"}


def plain_words(problem: Problem, language: str = ENGLISH, *, question: Question | None = None) -> str:
    """A short sentence for the patient; ``question`` is the one that was being answered, if any."""
    if not isinstance(problem, InvalidInput):
        return say(_BY_CODE.get(problem.code, "went_wrong"), language)
    if problem.found == NOT_ASKED:
        return say("changed", language)
    if question is not None and question.kind == "text":
        if question.max_length is not None and problem.allowed.endswith("characters"):
            return say("note_too_long", language, count=question.max_length)
        return say("note_signs", language)
    if question is not None and question.kind == "grades":
        return say("choose_worst" if problem.found in ("0", "0/0") else "choose_answer", language)
    return say("choose_one" if question is not None and question.kind == "multiple" else "choose_answer", language)


_LOCALES = {ENGLISH: "en_GB"}
"""Plain ``en`` is American: the month before the day, and hours without knowing which half of the day."""


def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def listed(items: Sequence[str], language: str = ENGLISH) -> str:
    """``1, 2 and 5``."""
    return str(format_list(list(items), locale=_locale(language)))


def long_day(day: date, language: str = ENGLISH) -> str:
    """``Tuesday 24 November``."""
    locale = _locale(language)
    return f"{get_day_names('wide', locale=locale)[day.weekday()]} {format_skeleton('MMMMd', day, locale=locale)}"


def full_day(day: date, language: str = ENGLISH) -> str:
    """``24 November 2026``."""
    return str(format_date(day, format="long", locale=_locale(language)))


def moment_words(moment: datetime, timezone: str, language: str = ENGLISH) -> str:
    """``Tuesday 24 November, 18:05`` where the patient is."""
    here = moment.astimezone(ZoneInfo(timezone))
    time = format_time(here, format="short", locale=_locale(language))
    return say("day_and_time", language, day=long_day(here.date(), language), time=time)


def next_words(day: date | None, today: date, language: str = ENGLISH) -> str:
    """When the next check-in is: today, tomorrow, or on a day; or that there are no more."""
    if day is None:
        return say("no_next", language)
    ahead = (day - today).days
    near = {0: "next_today", 1: "next_tomorrow"}
    return say(near.get(ahead, "next"), language, day=long_day(day, language))
