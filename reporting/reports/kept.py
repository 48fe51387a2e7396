"""Finished reports, kept for a few minutes: a second reader, or a second click, does not wait again."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.months import Month
from reporting.queries.monthly import monthly_report
from reporting.reports.monthly import monthly_pdf
from reporting.security.permissions import require
from reporting.storage.outcome_frame import newest_revision

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
    key = (by.clinic_id, by.role, by.id, str(month), operators, hand_on, newest_revision())
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
