"""The check-in as plain HTML: where the person is, and the page that shows it. Reads, never writes."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from reporting.domain.actors import Actor
from reporting.domain.answers import Question, grades, ticked
from reporting.domain.check_in_context import Same
from reporting.domain.check_in_form import REVIEW
from reporting.domain.language import catalogue, isolated, languages, translator
from reporting.domain.opening_hours import week_words
from reporting.domain.patient_words import say
from reporting.domain.triage import Guidance
from reporting.patient.read_check_in import CheckInPage
from reporting.patient.read_photos import waiting_photos
from reporting.shell import web_html
from reporting.shell.pages import Plain, path_of

SENT = "sent"
MOST_DRAWN = 256
"""So many checklists are kept as they were drawn."""
_BESIDE = Markup(' action="{}/go"')
_PLACES = {REVIEW: Plain.REVIEW, SENT: Plain.SENT}
_LEADS = (f"{Plain.QUESTION}/[a-z_]{{1,60}}", *_PLACES.values(), Plain.NOW, Plain.PHOTOS, path_of("home"))
_OWN = re.compile("|".join(_LEADS))


@dataclass(frozen=True)
class Visit:
    """Who looks at which check-in. ``signed_in`` is false on the link itself, which is opened by a form only;
    ``is_known`` is false where this browser has no session of this patient: who only opens a link reads no words."""

    by: Actor
    page: CheckInPage
    language: str
    here: str
    signed_in: bool = True
    is_known: bool = True


@dataclass(frozen=True)
class Given:
    """What was sent and could not be kept, to be shown again: nothing that was typed is lost."""

    problem: str = ""
    status: int = 200
    ticks: Sequence[str] | None = None
    note: str | None = None
    is_asked: bool = False
    """It asks whether there are no problems, although something else was said; pressed once more it is sent."""


def address(place: str) -> str:
    """Address of a place of the check-in, without any secret."""
    return _PLACES.get(place, f"{Plain.QUESTION}/{place}")


def own_address(wanted: str) -> str:
    """An address that a button of ours leads to; anything else becomes where the person is now."""
    return wanted if _OWN.fullmatch(wanted) else Plain.NOW


def place_of(page: CheckInPage, wanted: str = "") -> str:
    """Where the person is: the wanted place if it can be shown, else the next open question or the review."""
    if wanted in ("", SENT) and page.sent_today and (wanted == SENT or not page.answers):
        return SENT
    return page.form.place(wanted)


def seen_answers(page: CheckInPage) -> str:
    """A short mark of the answers on the review, so that Send never sends others than were shown."""
    shown = {question.id: page.answers.get(question.id) for question in page.form.questions}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def tel(number: str) -> str:
    """The address that calls a number."""
    return "tel:" + "".join(sign for sign in number if sign.isdigit() or sign == "+")


def common(visit: Visit, given: Given, above: Guidance | None = None) -> dict[str, Any]:
    """What every page of the check-in says: language, day, an open red flag (``above``), help at the foot."""
    code, contact = visit.language, visit.page.contact
    tab = partial(web_html.in_tab, treatment_id=visit.page.treatment_id if visit.signed_in else None)
    speak, direction = partial(say, language=code), languages()[code].direction
    return {
        "say": speak,
        "t": translator(code),
        "lang": code,
        "dir": direction,
        "number": partial(isolated, code=code),
        "others": [known for known in languages().values() if known.code != code],
        "here": tab(visit.here),
        "tab": tab,
        "contact": contact,
        "tel": tel,
        "hours": week_words(contact.opening_hours, code),
        "day_line": speak("day", day=visit.page.recovery_day, treatment=visit.page.treatment_words(code)),
        "signed_in": visit.signed_in,
        "of": web_html.about(visit.page.treatment_id) if visit.signed_in else "",
        "to": "" if visit.signed_in else _BESIDE.format(visit.here),
        "flag": contact.tells(above, code) if above else None,
        "notice": given.problem,
        "address": address,
    }


def draw(visit: Visit, place: str, given: Given = Given()) -> Response:
    """The page of a place, or the warning that comes before everything else."""
    page = visit.page
    if place == SENT and page.sent_today:
        return _sent(visit, given)
    if page.is_stopped:
        return web_html.page("check_in_stopped.html", given.status, **common(visit, given))
    warning = page.form.warning
    if warning is not None:
        advice = page.contact.tells(warning, visit.language)
        return web_html.page(
            "check_in_warning.html",
            given.status,
            advice=advice,
            told=page.reading is not None,
            draft_key=page.draft_key or "",
            **common(visit, given),
        )
    if place == REVIEW:
        return _review(visit, given)
    return _question(visit, place, given)


def _sent(visit: Visit, given: Given) -> Response:
    sent, contact = visit.page.sent_today, visit.page.contact
    assert sent is not None
    advice = contact.tells(sent.guidance, visit.language)
    values = common(visit, given, visit.page.flag_above_sent)
    return web_html.page("check_in_sent.html", given.status, advice=advice, sent=sent, **values)


def _question(visit: Visit, place: str, given: Given) -> Response:
    page, form = visit.page, visit.page.form
    question, earlier, back = form.question(place), form.answers.get(place), form.before(place)
    assert question is not None
    instead = form.instead(place)
    said = grades(earlier) if question.kind == "grades" else None
    return web_html.page(
        "check_in_question.html",
        given.status,
        question=question,
        earlier=earlier,
        rows=_rows(question, visit.language, ticked(question, earlier) if given.ticks is None else given.ticks),
        back=back,
        no_problems_key=page.no_problems_key,
        asks=("sure" if given.is_asked else "ask") if page.asks_first else "",
        is_filter=question.id == "symptoms",
        now=str(said[0]) if said else "",
        worst=str(said[1]) if said else "",
        is_first=not back,
        instead_of=page.contact.tells(instead, visit.language) if instead else None,
        agree=page.consent,
        **common(visit, given, page.flag_above),
    )


def _rows(question: Question, language: str, ticks: Sequence[str]) -> Markup:
    """The rows to tick of a checklist; empty for other questions."""
    if question.kind != "multiple":
        return Markup()
    return _drawn(question, Same(catalogue(language)), tuple(ticks))


@lru_cache(maxsize=MOST_DRAWN)
def _drawn(question: Question, words: Same[Mapping[str, str]], ticks: tuple[str, ...]) -> Markup:
    """Drawn once for all who are asked the same in the same words. All that it draws is in the key: the question with
    its English words, the sentences of its language, and what is ticked."""
    return web_html.part("check_in_rows.html", question=question, ticks=ticks, t=lambda text: words.it.get(text, text))


def _review(visit: Visit, given: Given) -> Response:
    page, form = visit.page, visit.page.form
    rows = [(question, form.shown(question, visit.language)) for question in form.questions]
    note = given.note if given.note is not None else form.written_note()
    return web_html.page(
        "check_in_review.html",
        given.status,
        rows=rows,
        back=form.before(REVIEW),
        note=note if visit.is_known else "",
        note_hidden=bool(note) and not visit.is_known,
        note_question=form.note,
        draft_key=page.draft_key or "",
        seen=seen_answers(page),
        photos=len(waiting_photos(visit.by, page.treatment_id).photos),
        **common(visit, given, page.flag_above),
    )
