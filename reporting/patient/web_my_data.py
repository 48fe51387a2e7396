"""``/my-data``: a patient's own data as one archive, given out while it is put together.

A ZIP archive that is given out while it is written: never whole in memory or on the disk.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from io import RawIOBase
from itertools import chain
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from reporting.clock import now
from reporting.errors import SignInNeeded
from reporting.patient.read_own_data import OwnData, own_data_of
from reporting.shell import act_sessions, web_html
from reporting.shell.pages import Plain
from reporting.shell.web_pages import patient_page


class _Taken(RawIOBase):
    """What the archive writes, to be taken away piece by piece."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def zip_stream(entries: Iterable[tuple[str, bytes]], moment: datetime) -> Iterator[bytes]:
    """The archive of these (name, content) entries in pieces, one entry at a time in memory.

    Pictures are stored as they are, everything else is compressed. ``moment`` is the entries' time.
    """
    target = _Taken()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name, moment.timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
            yield target.take()
    yield target.take()


def _archive(data: OwnData) -> Iterator[bytes]:
    document = json.dumps(data.document, ensure_ascii=False, indent=2).encode()
    return zip_stream(chain([("data.json", document)], data.pictures()), now())


async def my_data(request: Request) -> Response:
    """POST gives the archive, because it leaves a row in the audit trail; GET shows where to ask for it."""
    try:
        by = await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        return RedirectResponse(Plain.CODE, status_code=303)
    if by.kind != "patient":
        return RedirectResponse("/", status_code=303)
    web_html.must_be_tab_of(request, by.treatment_id)
    tab = partial(web_html.in_tab, treatment_id=by.treatment_id)
    if by.strength != "full":
        return RedirectResponse(tab(f"{Plain.UNLOCK}?next={Plain.MY_DATA}"), status_code=303)
    if request.method == "GET":
        return patient_page(request, "my_data.html", of=web_html.about(by.treatment_id), tab=tab)
    web_html.must_be_about((await web_html.fields(request, "of"))["of"], by.treatment_id)
    data = await run_in_threadpool(own_data_of, by)
    name = f"my-data-{now():%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"}
    return StreamingResponse(_archive(data), media_type="application/zip", headers=headers)
