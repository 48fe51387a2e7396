"""The monthly report as a file, for those who may read it; each time it is taken is on record.

Finished reports, kept for a few minutes: a second reader, or a second click, does not wait again.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.clock import now
from reporting.domain import clinic_settings
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import Month
from reporting.errors import NotAllowed, SignInNeeded
from reporting.records.outcome_frame import newest_revision
from reporting.report.act_reports import note_made
from reporting.report.pdf_monthly import file_name, monthly_pdf
from reporting.report.read_monthly import monthly_report
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell import act_sessions
from reporting.shell.pages import Plain

KEPT_FOR = timedelta(minutes=5)
"""Cases and signals are worked on meanwhile; the report says when it was made."""
MOST = 12
_Key = tuple[object, ...]
_kept: OrderedDict[_Key, tuple[datetime, bytes]] = OrderedDict()
_one_at_a_time = threading.Lock()


def report_pdf(by: Actor, month: Month, *, operators: bool = False, hand_on: bool = False) -> bytes:
    """The report as a file, made now or at most ``KEPT_FOR`` ago on the same data.

    What a person may see is asked anew each time. Raises NotAllowed, InvalidInput.
    """
    require(by, "report.read")
    if operators:
        require(by, "operators.compare")
    key = (Scope.of(by), by.role, by.id, str(month), operators, hand_on, newest_revision())
    with _one_at_a_time:
        found = _kept.get(key)
        if found is None or now() - found[0] > KEPT_FOR:
            content = monthly_pdf(monthly_report(by, month, operators=operators), hand_on=hand_on)
            found = _kept[key] = (now(), content)
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found[1]


def forget() -> None:
    """Make every report anew."""
    _kept.clear()


_ALONE = {
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def _made(by: Actor, month: str, *, operators: bool, hand_on: bool) -> tuple[bytes, str]:
    when = clinic_settings.parse(month)
    content = report_pdf(by, when, operators=operators, hand_on=hand_on)
    note_made(by=by, month=when, operators=operators, hand_on=hand_on, content=content)
    return content, file_name(when, operators=operators, hand_on=hand_on)


async def safety_report(request: Request) -> Response:
    """``?version=operators`` for the safety lead, ``?version=hand-on`` with small counts hidden."""
    try:
        by = await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        return RedirectResponse(Plain.SIGN_IN, status_code=303)
    if by.kind != "staff":
        raise NotAllowed()
    version = request.query_params.get("version", "")
    content, name = await run_in_threadpool(
        partial(_made, by, request.path_params["month"], operators=version == "operators", hand_on=version == "hand-on")
    )
    headers = _ALONE | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


REPORT_ROUTES = [Route(f"{Plain.REPORT}{{month}}.pdf", safety_report)]
