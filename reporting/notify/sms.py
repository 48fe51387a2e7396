"""Text messages through a gateway's HTTP interface; its address, fields and authorisation are settings."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from reporting.clock import now
from reporting.domain.message_kinds import SIGN_IN_REFUSED
from reporting.notify.handed_over import HandedOver
from reporting.settings import settings

_NEVER_LEFT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_HALF_SENT = (httpx2.WriteError, httpx2.WriteTimeout, httpx2.LocalProtocolError)
LONGEST_WAIT_S = 6 * 3600.0


@dataclass(frozen=True)
class Sms:
    """One text message. ``key`` is the same each time it is tried: gateways that know it drop a second one."""

    to: str
    text: str
    key: str


def _request(sms: Sms) -> dict[str, Any]:
    of = settings()
    values = {"to": sms.to, "sender": of.sms_sender, "text": sms.text, "key": sms.key}
    filled = {name: template.format(**values) for name, template in of.sms_fields.items()}
    where = "params" if of.sms_method == "GET" else {"form": "data", "json": "json"}[of.sms_format]
    return {where: filled, "headers": {"Idempotency-Key": sms.key, **of.sms_headers}}


def send(sms: Sms) -> HandedOver:
    """Hand one message to the gateway and say what became of it. Never raises for what the other side does."""
    of = settings()
    auth = httpx2.BasicAuth(of.sms_user, of.sms_password) if of.sms_user else None
    try:
        with httpx2.Client(timeout=of.sms_timeout_s, auth=auth, follow_redirects=False) as client:
            answer = client.request(of.sms_method, of.sms_url, **_request(sms))
    except _NEVER_LEFT:
        return HandedOver("retry", "no_connection", channel_down=True)
    except _HALF_SENT:
        return HandedOver("retry", "lost_before", channel_down=True)
    except httpx2.HTTPError:
        return HandedOver("unsure", "lost_after", channel_down=True)
    return _judged(answer)


def _judged(answer: httpx2.Response) -> HandedOver:
    """What the status means. Only an answer that says so counts as taken or as not taken."""
    code = answer.status_code
    if answer.is_success:
        return HandedOver("sent", provider_id=_provider_id(answer))
    if code == 409:
        return HandedOver("sent", "known_already")
    if code in (429, 503):
        return HandedOver("retry", f"too_many {code}", retry_after_s=_retry_after_s(answer), channel_down=True)
    if code in (401, 403, 404, 405, 407) or answer.is_redirect:
        return HandedOver("retry", f"{SIGN_IN_REFUSED} {code}", channel_down=True)
    if code in (502, 504):
        return HandedOver("unsure", f"lost_after {code}", channel_down=True)
    return HandedOver("retry" if code >= 500 or code in (408, 425) else "dead", f"refused {code}")


def _provider_id(answer: httpx2.Response) -> str:
    try:
        found = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return ""
    return str(found.get(settings().sms_id_field, ""))[:128] if isinstance(found, dict) else ""


def _retry_after_s(answer: httpx2.Response) -> float:
    """Seconds of the Retry-After header, given as a number or as a date; 0 where there is none."""
    given = answer.headers.get("retry-after", "")
    try:
        wait = float(given) if given.isdigit() else _until(parsedate_to_datetime(given))
    except ValueError:
        return 0.0
    return min(max(wait, 0.0), LONGEST_WAIT_S)


def _until(moment: datetime) -> float:
    return (moment - now()).total_seconds()
