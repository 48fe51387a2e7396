"""``/my-data``: a patient's own data as one archive, given out while it is put together."""

import json
from collections.abc import Iterator
from itertools import chain

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from reporting.actions import sessions
from reporting.clock import now
from reporting.errors import SignInNeeded
from reporting.exchange.zip_stream import zip_stream
from reporting.queries.own_data import OwnData, own_data_of
from reporting.web import html
from reporting.web.patient_page import patient_page


def _archive(data: OwnData) -> Iterator[bytes]:
    document = json.dumps(data.document, ensure_ascii=False, indent=2).encode()
    return zip_stream(chain([("data.json", document)], data.pictures()), now())


async def my_data(request: Request) -> Response:
    """POST gives the archive, because it leaves a row in the audit trail; GET shows where to ask for it."""
    try:
        by = await run_in_threadpool(sessions.actor_of, request.cookies.get(sessions.cookie_name()))
    except SignInNeeded:
        return RedirectResponse("/code", status_code=303)
    if by.kind != "patient":
        return RedirectResponse("/", status_code=303)
    if by.strength != "full":
        return RedirectResponse("/unlock?next=/my-data", status_code=303)
    if request.method == "GET":
        return patient_page(request, "my_data.html")
    html.must_be_ours(request)
    data = await run_in_threadpool(own_data_of, by)
    name = f"my-data-{now():%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"}
    return StreamingResponse(_archive(data), media_type="application/zip", headers=headers)
