"""Answers to messages: the unsubscribe link of an e-mail, and text messages that come in."""

import json
from functools import partial
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from reporting.domain.language import languages
from reporting.domain.patient_words import say
from reporting.errors import LinkNotValid, NotFound
from reporting.messages import act_inbound
from reporting.security.tokens import is_genuine, message_of
from reporting.settings import settings
from reporting.shell import web_html
from reporting.shell.pages import Plain
from reporting.shell.web_pages import for_patients, language_of, visitor
from reporting.treatments import act_reminders

MOST_BYTES = 64 * 1024


async def unsubscribe(request: Request) -> Response:
    """GET shows one button and changes nothing; POST stops the e-mails, whoever's mail program sends it.

    RFC 8058: no cookie, no confirmation, no redirect. The link itself is the authority, so the origin of the
    form is not asked.
    """
    message_id = message_of(request.path_params["token"])
    code = language_of(request)
    if message_id is None:
        return await run_in_threadpool(
            lambda: for_patients(request, LinkNotValid(), heading="link_over_title", by=visitor(request))
        )
    if request.method == "POST":
        await run_in_threadpool(partial(act_reminders.stop_by_mail, message_id=message_id))
    return web_html.page(
        "unsubscribe.html",
        done=request.method == "POST",
        say=partial(say, language=code),
        lang=code,
        dir=languages()[code].direction,
    )


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form or a JSON object, as text. Nothing of a body that is too long or neither."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return {}
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):  # no JSON, or lists in lists by the thousand
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return dict(_pairs(body))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return []


async def sms_inbound(request: Request) -> Response:
    """A text message from the gateway: 403 without its signature, 404 where none is set up."""
    if not settings().sms_inbound_secret:
        raise NotFound()
    fields = await _fields(request)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not is_genuine(path, fields, request.headers):
        return PlainTextResponse("not genuine", status_code=403)
    names = settings().sms_inbound_names
    given = {ours: fields.get(theirs, "") for ours, theirs in names.items()}
    if not given.get("id") or not given.get("from"):
        return PlainTextResponse("number of the message or sender is missing", status_code=422)
    act = partial(act_inbound.receive, provider_id=given["id"], number=given["from"], text=given.get("text", ""))
    await run_in_threadpool(act)
    return Response("<Response/>", media_type="text/xml")


MESSAGE_ROUTES = [
    Route(f"{Plain.UNSUBSCRIBE}/{{token:str}}", unsubscribe, methods=["GET", "POST"]),
    Route(Plain.SMS_INBOUND, sms_inbound, methods=["POST"]),
]
