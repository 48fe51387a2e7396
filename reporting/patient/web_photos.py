"""Photos over HTTP: one picture for those who may see it, and the form that adds one without scripts.

An upload is counted while it arrives and held in memory only; what is too large is let pass unread, so that the
browser can still show the sentence that says so.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.language import translator
from reporting.domain.patient_words import long_day, say
from reporting.errors import NotAllowed, NotFound, OtherTreatment, Problem, SignInNeeded
from reporting.patient.act_photos import MEGA, add_photo, refusal_words, remove_photo, upload_key
from reporting.patient.read_check_in import check_in_page
from reporting.patient.read_photos import photo_bytes, waiting_photos
from reporting.patient.web_check_in_view import Given, Visit, common
from reporting.security.permissions import may
from reporting.security.photos import PhotoRefused
from reporting.settings import settings
from reporting.shell import act_sessions, web_html
from reporting.shell.pages import Plain
from reporting.shell.web_pages import language_of

ADDRESS = Plain.PHOTOS
FORM_BYTES = 64_000
"""What a form may weigh beside its photos."""
FILES = 2
"""One from the camera, one from the files of the device."""
LET_PASS_BYTES = 200 * MEGA
"""So much too much is let pass before the connection is cut."""
LARGEST_ID = 2**63 - 1
_adding = asyncio.Semaphore(4)
"""So many are worked on at a time; whoever waits holds none of the threads that draw pages."""
_ALONE = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "content-disposition": 'inline; filename="photo.jpg"',
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


async def _actor(request: Request) -> Actor:
    return await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))


async def show(request: Request) -> Response:
    """The picture, or with ``?w=320`` a smaller one; unknown, removed and somebody else's are alike not found."""
    by, photo_id = await _actor(request), request.path_params["photo_id"]
    if photo_id > LARGEST_ID:
        raise NotFound()
    width = request.query_params.get("w", "")
    side = int(width) if width.isascii() and width.isdigit() and len(width) < 6 else None
    jpeg = await run_in_threadpool(partial(photo_bytes, by, photo_id, longest_side_px=side))
    return Response(jpeg, media_type="image/jpeg", headers=_ALONE)


class _TooLarge(MultiPartException):
    """More arrived than two photos may weigh."""

    def __init__(self) -> None:
        super().__init__("too large")


class _InMemory(MultiPartParser):
    """Photos never lie on the disk as they came."""

    spool_max_size = LET_PASS_BYTES


async def _counted(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body up to ``most`` bytes; what comes after that is thrown away as it arrives."""
    announced = request.headers.get("content-length", "0")
    taken = most if announced.isascii() and announced.isdigit() and int(announced) > most else 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most + LET_PASS_BYTES:
            break
        if taken <= most:
            yield chunk
    if taken > most:
        raise _TooLarge()


@dataclass(frozen=True)
class _Sent:
    """What the form brought: photos as they came, or the number of one to remove."""

    photos: tuple[bytes, ...]
    remove: str
    of: str
    """For which treatment the form was drawn."""


async def _sent(request: Request) -> _Sent:
    """Read the form. Raises PhotoRefused when it is too large or is no such form."""
    web_html.must_be_ours(request)
    most = FILES * settings().photo_max_mb * MEGA + FORM_BYTES
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise PhotoRefused("unknown")
    try:
        form = await _InMemory(request.headers, _counted(request, most), max_files=FILES, max_fields=4).parse()
    except _TooLarge as error:
        raise PhotoRefused("too_large", megabytes=settings().photo_max_mb) from error
    except MultiPartException as error:
        raise PhotoRefused("damaged") from error
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    named = [await file.read() for file in files if file.filename]
    await form.close()
    remove, of = (value if isinstance(value := form.get(name), str) else "" for name in ("remove", "of"))
    return _Sent(tuple(named), remove, of)


def _add(by: Actor, data: bytes, language: str) -> None:
    treatment_id = by.treatment_key
    key = upload_key(waiting_photos(by, treatment_id).draft_key, data)
    add_photo(by=by, treatment_id=treatment_id, data=data, submission_key=key, language=language)


async def _work(by: Actor, sent: _Sent, language: str) -> None:
    web_html.must_be_about(sent.of, by.treatment_id)
    if sent.remove:
        is_number = sent.remove.isascii() and sent.remove.isdigit() and len(sent.remove) <= len(str(LARGEST_ID))
        number = min(int(sent.remove), LARGEST_ID) if is_number else 0
        await run_in_threadpool(partial(remove_photo, by=by, photo_id=number, reason="taken back"))
        return
    if not sent.photos:
        raise PhotoRefused("none_chosen")
    for data in sent.photos:
        async with _adding:
            await run_in_threadpool(_add, by, data, language)


def _page(by: Actor, language: str, problem: Problem | None) -> Response:
    page = check_in_page(by)
    values = common(Visit(by, page, language, ADDRESS), Given(), page.flag_above)
    agree = translator(language)(content().consents["photos"].agree)
    status, said = 200, None
    if problem is not None:
        said = Problem(refusal_words(problem, language), what_to_do=say("photo_again", language))
        status = 413 if isinstance(problem, PhotoRefused) and problem.reason == "too_large" else problem.status
    return web_html.page(
        "photos.html",
        status,
        said,
        waiting=waiting_photos(by, page.treatment_id),
        agree=agree,
        may_see=may(by, "history.read"),
        long_day=partial(long_day, language=language),
        **values,
    )


async def _form(request: Request, by: Actor, problem: Problem | None = None) -> Response:
    return await run_in_threadpool(_page, by, language_of(request), problem)


async def form(request: Request) -> Response:
    """GET shows the photos that wait and the form; POST adds or removes one. Answers given so far stay kept."""
    try:
        by = await _actor(request)
        if by.kind != "patient":
            raise NotAllowed()
        web_html.must_be_tab_of(request, by.treatment_id)
        if request.method == "GET":
            return await _form(request, by)
        await _work(by, await _sent(request), language_of(request))
    except SignInNeeded:
        return RedirectResponse(Plain.CODE, status_code=303)
    except ClientDisconnect:
        return Response(status_code=400)
    except (NotAllowed, OtherTreatment):
        raise
    except Problem as problem:
        return await _form(request, by, problem)
    return RedirectResponse(web_html.in_tab(ADDRESS, by.treatment_id), status_code=303)


PHOTO_ROUTES = [
    Route(f"{Plain.PHOTO}/{{photo_id:int}}", show),
    Route(ADDRESS, form, methods=["GET", "POST"]),
]
