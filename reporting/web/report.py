"""The monthly report as a file, for those who may read it; each time it is taken is on record."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.actions import sessions
from reporting.actions.reports import note_made
from reporting.domain import months
from reporting.domain.actors import Actor
from reporting.errors import NotAllowed, SignInNeeded
from reporting.reports.kept import report_pdf
from reporting.reports.monthly import file_name

_ALONE = {
    "cross-origin-resource-policy": "same-origin", "x-content-type-options": "nosniff", "cache-control": "no-store",
}  # fmt: skip


def _made(by: Actor, month: str, *, operators: bool, hand_on: bool) -> tuple[bytes, str]:
    when = months.parse(month)
    content = report_pdf(by, when, operators=operators, hand_on=hand_on)
    note_made(by=by, month=when, operators=operators, hand_on=hand_on, content=content)
    return content, file_name(when, operators=operators, hand_on=hand_on)


async def safety_report(request: Request) -> Response:
    """``?version=operators`` for the safety lead, ``?version=hand-on`` with small counts hidden."""
    try:
        by = await run_in_threadpool(sessions.actor_of, request.cookies.get(sessions.cookie_name()))
    except SignInNeeded:
        return RedirectResponse("/sign-in", status_code=303)
    if by.kind != "staff":
        raise NotAllowed()
    version = request.query_params.get("version", "")
    content, name = await run_in_threadpool(
        partial(_made, by, request.path_params["month"], operators=version == "operators", hand_on=version == "hand-on")
    )
    headers = _ALONE | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


REPORT_ROUTES = [Route("/safety-report/{month}.pdf", safety_report)]
