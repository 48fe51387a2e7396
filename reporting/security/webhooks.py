"""Whether an incoming request really comes from the SMS gateway."""

import base64
import hmac
from collections.abc import Mapping

from reporting.settings import settings


def signature(url: str, fields: Mapping[str, str], secret: str) -> str:
    """Twilio's: HMAC-SHA1 of the address and every field by name, in Base64."""
    spelled = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(secret.encode(), spelled.encode(), "sha1").digest()).decode()


def is_genuine(path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Check a request to ``path`` (with its query) by the way that the settings name. Never without a secret."""
    secret = settings().sms_inbound_secret
    if not secret:
        return False
    if settings().sms_inbound_check == "header":
        given, wanted = headers.get("x-webhook-secret", ""), secret
    else:
        url = settings().base_url.rstrip("/") + path
        given, wanted = headers.get("x-twilio-signature", ""), signature(url, fields, secret)
    return hmac.compare_digest(given.encode(), wanted.encode())
