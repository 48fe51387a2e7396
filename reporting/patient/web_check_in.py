"""The light check-in: plain pages that work without scripts, one question each.

GET reads only. POST keeps one answer and goes on to a clean address. The link itself is left with the first
POST, which signs the browser in.

Small posted forms, read with a limit: a form that is far too long is let pass and refused in words.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.domain.actors import Actor
from reporting.domain.answers import with_worst
from reporting.domain.check_in_form import NOTE, REVIEW, CheckInForm
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import NO_PROBLEMS
from reporting.errors import InvalidInput, LinkNotValid, NotAllowed, Problem, SignInNeeded
from reporting.patient.act_check_ins import keep_answer, keep_warned, submit_check_in
from reporting.patient.read_check_in import CheckInPage, check_in_page
from reporting.patient.web_check_in_view import (
    SENT,
    Given,
    Visit,
    address,
    draw,
    own_address,
    place_of,
    seen_answers,
)
from reporting.shell import act_sessions, web_html, web_pages
from reporting.shell.pages import Plain
from reporting.shell.read_numbers import numbers_of_link
from reporting.shell.web_pages import language_of, patient_page
from reporting.treatments import act_invitations

LARGEST_BYTES = 256_000
LET_PASS_BYTES = 50_000_000
"""So much too much is thrown away as it arrives, so that the browser can still show why."""
MOST_FIELDS = 60


@dataclass(frozen=True)
class Posted:
    """The text fields of a form, in the order they were sent."""

    fields: Mapping[str, list[str]]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def one(self, name: str) -> str:
        """The first value of a field; empty where there is none."""
        return self.many(name)[0] if name in self.fields else ""

    def many(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.fields.get(name, [])

    def ticks(self, question_id: str) -> list[str]:
        """The ticked rows of a question. Each row is a field of its own: a browser that puts ticks back where it
        remembers them then never puts one on another row."""
        return [
            value for name, values in self.fields.items() if name.startswith(f"tick.{question_id}.") for value in values
        ]


class TooLong(InvalidInput):
    """More was sent than any form of ours holds."""

    status = 413

    def __init__(self) -> None:
        super().__init__(field="note", found="a form that is far too long", allowed="fewer characters")


async def posted(request: Request) -> Posted:
    """The form that came from a page of ours. Raises NotAllowed, TooLong, InvalidInput for what is no form."""
    web_html.must_be_ours(request)
    body, taken = bytearray(), 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken <= LARGEST_BYTES:
            body += chunk
        elif taken > LET_PASS_BYTES:
            break
    if taken > LARGEST_BYTES:
        raise TooLong()
    try:
        text = body.decode("ascii")
        return Posted(parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise InvalidInput(field="form", found="something else", allowed="the fields of the page") from error


log = logging.getLogger("reporting.pages")

FROM_CACHE = "private, no-cache"
"""The link's first page holds no answer. Going back shows it as it was left; opened anew it is asked for anew.

Its forms go to an address beside it, because browsers forget the page of an address to which a form was sent.
"""


class _Refused(Exception):
    """Words for the patient about what was sent, and the place where they are shown."""

    def __init__(
        self,
        words: str,
        page: CheckInPage,
        place: str,
        status: int,
        *,
        ticks: list[str] | None,
        note: str | None,
        is_asked: bool = False,
    ) -> None:
        super().__init__(words)
        self.page, self.place, self.given = page, place_of(page, place), Given(words, status, ticks, note, is_asked)


class _Sender:
    """One posted form of one patient: keeps or sends, and says where to go on."""

    def __init__(self, by: Actor, form: Posted, language: str) -> None:
        self.by, self.form, self.language = by, form, language
        self.treatment_id = by.treatment_key
        self.about: dict[str, Any] = {"by": by, "treatment_id": self.treatment_id, "language": language}

    def page(self) -> CheckInPage:
        return check_in_page(self.by)

    def work(self) -> str:
        """Do what the form asks; returns the address to go on to. Raises _Refused with what to say instead."""
        form = self.form
        if "send" in form:
            return self._tried(self._send, REVIEW)
        if "go" in form:
            return self._tried(self._go, REVIEW)
        if "finish" in form:
            return self._tried(self._finish, "")
        if "understood" in form:
            return self._tried(self._understood, "")
        if "q" in form:
            return self._tried(self._answer, form.one("q"))
        return address(place_of(self.page()))

    def _tried(self, task: Callable[[], str], place: str) -> str:
        try:
            return task()
        except (SignInNeeded, NotAllowed, _Refused):
            raise
        except Problem as problem:
            log.info("check-in of treatment %s: %s: %s", self.treatment_id, problem.code, problem.message)
            raise self._refused(problem, place) from problem

    def _refused(self, problem: Problem, place: str) -> _Refused:
        page = self.page()
        words = page.form.problem(problem, place, self.language)
        if "send" in self.form:
            words = f"{say('not_sent', self.language)} {words}"
        note = self.form.one(NOTE) if NOTE in self.form else None
        ticks = self.form.ticks(place) if place not in (REVIEW, "") else None
        return _Refused(words, page, place, problem.status, ticks=ticks, note=note)

    def _given(self) -> Any:
        if "only" in self.form:
            return [self.form.one("only")]
        if "worst" in self.form:
            return with_worst(self.form.one("one"), self.form.one("worst"))
        return self.form.one("one") if "one" in self.form else self.form.ticks(self.form.one("q"))

    def _keep(self, question_id: str, given: Any) -> CheckInForm:
        return keep_answer(**self.about, question_id=question_id, given=given, submission_key=secrets.token_urlsafe(16))

    def _answer(self) -> str:
        question_id, given = self.form.one("q"), self._given()
        if {question_id: given} == NO_PROBLEMS:
            if "ask" in self.form:
                self._ask_first()
            key = self.form.one("key")
            if not key.startswith(f"none:{self.treatment_id}:") or len(key) > 60:
                key = self.page().no_problems_key
            submit_check_in(**self.about, answers=NO_PROBLEMS, submission_key=key)
            return address(SENT)
        return address(self._keep(question_id, given).place())

    def _ask_first(self) -> None:
        """Over an open red flag or answers that wait nobody is told by one tap that all is well."""
        page = self.page()
        if page.asks_first:
            words = say(page.asks_first, self.language)
            raise _Refused(words, page, self.form.one("q"), 409, ticks=None, note=None, is_asked=True)

    def _finish(self) -> str:
        """Send what was answered so far, after an answer that needs the clinic at once."""
        page, key = self.page(), self.form.one("key")[:64]
        submit_check_in(**self.about, answers=page.answers, submission_key=key or page.draft_key or "", is_short=True)
        return address(SENT)

    def _understood(self) -> str:
        return address(keep_warned(**self.about, submission_key=secrets.token_urlsafe(16)).place())

    def _go(self) -> str:
        """On the way to another page the note that was typed is kept too."""
        if NOTE in self.form:
            page, note = self.page(), self.form.one(NOTE)
            if page.answers and note.strip() != page.form.written_note():
                self._keep(NOTE, note)
        return own_address(self.form.one("go"))

    def _send(self) -> str:
        page, key = self.page(), self.form.one("key")
        if key == page.draft_key and self.form.one("seen") != seen_answers(page):
            words = f"{say('not_sent', self.language)} {say('check_again', self.language)}"
            raise _Refused(
                words, page, REVIEW, 409, ticks=None, note=self.form.one(NOTE) if NOTE in self.form else None
            )
        note = self.form.one(NOTE) if NOTE in self.form else page.form.written_note()
        answers = {**page.answers, NOTE: note}
        carer = "carer" if "carer" in self.form else ""
        submit_check_in(
            **self.about, answers=answers, submission_key=key[:64] or page.draft_key or "", answered_by=carer
        )
        return address(SENT)


def _work(by: Actor, form: Posted, language: str, here: str) -> Response:
    """A form of a page without a secret says whose it is; the address of a link says so itself."""
    if not here.startswith(Plain.LINK):
        web_html.must_be_about(form.one("of"), by.treatment_id)
    try:
        return RedirectResponse(web_html.in_tab(_Sender(by, form, language).work(), by.treatment_id), status_code=303)
    except _Refused as refused:
        return draw(Visit(by, refused.page, language, here), refused.place, refused.given)


def _look(
    by: Actor, wanted: str, language: str, here: str, *, signed_in: bool = True, is_known: bool = True
) -> Response:
    page = check_in_page(by)
    place = place_of(page, wanted)
    if signed_in and here != address(place):
        return RedirectResponse(web_html.in_tab(address(place), by.treatment_id), status_code=303)
    answer = draw(Visit(by, page, language, here, signed_in, is_known), place)
    if not signed_in and not page.answers and place != SENT:
        answer.headers["cache-control"] = FROM_CACHE
    return answer


def _actor(request: Request) -> Actor:
    """The signed-in patient, whose page this is. Raises SignInNeeded, NotAllowed, OtherTreatment."""
    by = act_sessions.actor_of(request.cookies.get(act_sessions.cookie_name()))
    if by.kind != "patient":
        raise NotAllowed()
    web_html.must_be_tab_of(request, by.treatment_id)
    return by


def _at(answer: Response, status: int) -> Response:
    answer.status_code = status
    return answer


def _too_long(by: Actor, place: str, language: str, here: str) -> Response:
    """A form that is far too long is told like a note that is too long."""
    page = check_in_page(by)
    words = say("note_too_long", language, count=page.form.note.max_length)
    return draw(Visit(by, page, language, here), place_of(page, place), Given(words, TooLong.status))


async def _asked(request: Request, wanted: str) -> Response:
    language, here = language_of(request), request.url.path
    if request.method != "POST":
        return await run_in_threadpool(lambda: _look(_actor(request), wanted, language, here))
    try:
        form = await posted(request)
    except TooLong:
        return await run_in_threadpool(lambda: _too_long(_actor(request), wanted, language, here))
    return await run_in_threadpool(lambda: _work(_actor(request), form, language, here))


async def _place(request: Request, wanted: str) -> Response:
    """A page of the check-in at its own address."""
    try:
        return await _asked(request, wanted)
    except SignInNeeded:
        return _at(patient_page(request, "sign_in_needed.html"), SignInNeeded.status)


async def question(request: Request) -> Response:
    """One question."""
    return await _place(request, request.path_params["question_id"])


async def review(request: Request) -> Response:
    """All answers, a note, and Send."""
    return await _place(request, REVIEW)


async def sent(request: Request) -> Response:
    """What the advice is for what was sent today."""
    return await _place(request, SENT)


async def now(request: Request) -> Response:
    """Goes on to where the person is."""
    return await _place(request, "")


def _is_of(request: Request, holder: Actor) -> bool:
    """Whether this browser has a session of the link's holder."""
    try:
        by = act_sessions.actor_of(request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        return False
    return (by.kind, by.id, by.treatment_id) == (holder.kind, holder.id, holder.treatment_id)


def _seen(request: Request, holder: Actor, language: str, here: str) -> Response:
    """The page of a link, which may lie in somebody else's mailbox or be opened by a program that looks into mails."""
    return _look(holder, "", language, here, signed_in=False, is_known=_is_of(request, holder))


def _sign_in(request: Request, holder: Actor, token: str) -> tuple[Actor, act_sessions.Cookie | None]:
    """The session of the link's holder: the one this browser has already, else a new one and its cookie."""
    try:
        by = _actor(request)
        if (by.id, by.treatment_id) == (holder.id, holder.treatment_id):
            return by, None
    except (SignInNeeded, NotAllowed):
        pass
    cookie = act_invitations.open_link(token)
    return act_sessions.actor_of(cookie.value), cookie


async def _opened(request: Request, token: str) -> Response:
    language, here = language_of(request), f"{Plain.LINK}{token}"

    def signed_in(task: Callable[[Actor], Response]) -> Response:
        by, cookie = _sign_in(request, act_invitations.check_link(token), token)
        done = task(by)
        return web_html.with_cookie(done, cookie) if cookie else done

    if request.method != "POST":
        return await run_in_threadpool(lambda: _seen(request, act_invitations.check_link(token), language, here))
    try:
        form = await posted(request)
    except TooLong:
        return await run_in_threadpool(lambda: signed_in(lambda by: _too_long(by, "", language, here)))
    return await run_in_threadpool(lambda: signed_in(lambda by: _work(by, form, language, here)))


async def link(request: Request) -> Response:
    """The link of a message or a card. GET shows the check-in; POST signs in, keeps the answer and leaves it."""
    try:
        return await _opened(request, request.path_params["token"])
    except LinkNotValid as problem:
        many = web_pages.failed(web_html.source_of(request))
        numbers = await run_in_threadpool(numbers_of_link, request.path_params["token"])
        page = patient_page(request, "link_over.html", numbers=numbers, many=many)
        return _at(page, 429 if many else problem.status)


CHECK_IN_ROUTES = [
    Route(f"{Plain.LINK}{{token:str}}", link, methods=["GET", "POST"]),
    Route(f"{Plain.LINK}{{token:str}}/go", link, methods=["GET", "POST"]),
    Route(f"{Plain.QUESTION}/{{question_id:str}}", question, methods=["GET", "POST"]),
    Route(Plain.REVIEW, review, methods=["GET", "POST"]),
    Route(Plain.SENT, sent, methods=["GET", "POST"]),
    Route(Plain.NOW, now, methods=["GET", "POST"]),
]
