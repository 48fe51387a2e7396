"""The audit trail, watched: checked each night, told by ``/healthz``, and remembered elsewhere at an interval."""

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from reporting.clock import now
from reporting.domain.actors import SYSTEM
from reporting.domain.opening_hours import newest_night
from reporting.notify.email import Email, Mailer
from reporting.records import audit
from reporting.records.clinic_facts import clinic_zones
from reporting.records.engine import TROUBLES, reading, transaction
from reporting.records.trail.anchor import append_line, line_of_now, newest_line
from reporting.records.trail.standing import ANCHORED, anchored_at, standing
from reporting.settings import settings

log = logging.getLogger("reporting.background")

NAME = "audit_trail"
"""Its name among what ``/healthz`` tells."""
ANCHOR = "audit_anchor"
SUBJECT = "Audit trail: keep this line"
BODY = """Keep this message. The line below remembers the newest row of the audit trail.

{line}

To check it: python -m reporting audit verify --line "(the line)"
"""


def watch_trail() -> None:
    """Tell ``/healthz`` what was found wrong with the trail and not settled."""
    with reading() as session:
        wrong = standing(session).words
    if wrong:
        TROUBLES[NAME] = wrong
    else:
        TROUBLES.pop(NAME, None)


def audit_is_due() -> bool:
    """Whether the trail was not checked since it was night last."""
    if not settings().nightly_audit:
        return False
    with reading() as session:
        checked, zones = standing(session).checked_at, clinic_zones(session)
    return checked is None or checked < newest_night(zones, now())


def keep_anchors() -> str:
    """Hand a line on where one is due. Says which ways were taken; what cannot be done is told by ``/healthz``."""
    of, done, failed = settings(), [], ""
    if of.audit_anchor_file is not None:
        try:
            done += ["file"] if _to_file() else []
        except OSError as error:
            failed = type(error).__name__
    if of.audit_anchor_mail:
        said = _to_mail()
        done += ["mail"] if said == "sent" else []
        failed = failed or (said if said not in ("sent", "") else "")
    if failed:
        log.error("the anchor of the audit trail was not kept: %s", failed)
        TROUBLES[ANCHOR] = failed
    else:
        TROUBLES.pop(ANCHOR, None)
    return ", ".join(done)


def _interval() -> timedelta:
    return timedelta(hours=settings().audit_anchor_hours)


def _to_file() -> bool:
    path = settings().audit_anchor_file
    assert path is not None
    last = newest_line(path)
    if last is not None and last.at is not None and now() - last.at < _interval():
        return False
    with reading() as session:
        line = line_of_now(session)
    if line:
        append_line(path, line)
    return bool(line)


def _to_mail() -> str:
    """``sent``, empty where none is due, else why it was not."""
    of = settings()
    if not (of.smtp_host and of.smtp_from):
        return "no_mail_server"
    with reading() as session:
        last, line = anchored_at(session, "mail"), line_of_now(session)
    if not line or (last is not None and now() - last < _interval()):
        return ""
    host, mark = urlsplit(of.base_url).hostname or "localhost", line.split()[-1][:32]
    mail = Email(
        to=of.audit_anchor_mail,
        sender_name="Audit trail",
        subject=SUBJECT,
        text=BODY.format(line=line),
        message_id=f"<{mark}@{host}>",
        at=now(),
    )
    with Mailer() as mailer:
        became = mailer.send(mail)
    if became.result not in ("sent", "unsure"):
        return became.reason or became.result
    with transaction() as session:
        audit.write(session, SYSTEM, ANCHORED, audit.ABOUT, "mail", row=int(line.split()[2]))
    return "sent"
