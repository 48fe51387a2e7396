"""Named problems: a stable code, a message for people, and what they can do about it."""

from collections.abc import Sequence
from typing import Any


class Problem(Exception):
    """Base of every problem that a person may be told about."""

    code = "problem"
    status = 400
    message = "Something went wrong."
    what_to_do = "Please try again."

    def __init__(self, message: str | None = None, *, what_to_do: str | None = None, **details: Any) -> None:
        self.message = message or self.message
        self.what_to_do = what_to_do or self.what_to_do
        self.details = details
        super().__init__(self.message)


class InvalidInput(Problem):
    """A value is not allowed. Says which field, what was found and what is allowed."""

    code = "invalid_input"
    status = 422

    def __init__(self, *, field: str, found: object, allowed: str, row: int | None = None) -> None:
        self.field, self.found, self.allowed, self.row = field, found, allowed, row
        where = f"Row {row}: " if row is not None else ""
        super().__init__(
            f"{where}{field}: found {found!r}; allowed is {allowed}.",
            what_to_do="Correct the value and send it again.",
        )


class ContentRefused(Problem):
    """A change of the clinical content is not allowed. Says which row and field, what was found, what is allowed."""

    code = "content_refused"
    status = 422
    what_to_do = "Correct the value and save again. Nothing was changed."

    def __init__(self, row: str, field: str, found: object, allowed: str) -> None:
        self.row, self.field, self.found, self.allowed = row, field, found, allowed
        super().__init__(f"{row}, {field.replace('_', ' ')}: found {str(found)!r}; {allowed}.")


class UnreadableFile(Problem):
    """A whole file cannot be read: wrong kind, empty, no such column."""

    code = "unreadable_file"
    status = 422
    what_to_do = "Check that it is the right file, saved as CSV text."


class NotFound(Problem):
    code = "not_found"
    status = 404
    message = "There is nothing here that you may see."
    what_to_do = "Check the address, or go back to the start page."


class NotAllowed(Problem):
    code = "not_allowed"
    status = 403
    message = "Your role does not allow this."
    what_to_do = "Ask an administrator of your clinic."


class SignInNeeded(Problem):
    code = "sign_in_needed"
    status = 401
    message = "You are not signed in, or your session has ended."
    what_to_do = "Sign in again. Nothing that you sent before is lost."


class OtherTreatment(Problem):
    """A form of one treatment was sent while the browser is signed in for another one. Nothing of it is kept."""

    code = "other_treatment"
    status = 409
    message = "This page belongs to another check-in. Nothing was changed."
    what_to_do = "Open your own link again."


class LinkNotValid(Problem):
    """Unknown, expired and revoked links alike, so that a guess learns nothing."""

    code = "link_not_valid"
    status = 410
    message = "This link does not work any more."
    what_to_do = "Use the newest link from your clinic, or call the clinic and ask for a new one."


class TooManyTries(Problem):
    code = "too_many_tries"
    status = 429
    message = "There were too many tries."
    what_to_do = "Wait 15 minutes, then try again."


class Conflict(Problem):
    """Somebody else was faster, or the record is no longer in the state that was shown."""

    code = "conflict"
    status = 409
    message = "This was changed by somebody else in the meantime."
    what_to_do = "Look at the newest state and decide again."


class ClinicIncomplete(Conflict):
    """The clinic has not told what its patients need in an emergency; ``missing`` says what, in words."""

    code = "clinic_incomplete"
    what_to_do = "An administrator adds it on the page Clinic settings (/clinic)."

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(f"No patient can be invited yet. The clinic has not told: {', '.join(missing)}.")


class ContentNotReady(Conflict):
    """No patient may begin on this clinical content: it was withdrawn, or two people have not signed it."""

    code = "content_not_ready"
    what_to_do = "See `python -m reporting content status`, or the page Wording and review (/review)."

    def __init__(self, why: str) -> None:
        super().__init__(f"No patient can be invited yet: {why}.")


class StorageBusy(Problem):
    code = "storage_busy"
    status = 503
    message = "This was not saved: the database is busy."
    what_to_do = "Your answers are still here. Send them again in a moment."


class Deadlocked(StorageBusy):
    """Two writers waited for each other and the database ended this one, with nothing of it kept."""


class StorageFull(Problem):
    code = "storage_full"
    status = 507
    message = "This was not saved: the disk of the server is full."
    what_to_do = "Your answers are still here. Tell the clinic by telephone if it is urgent."


class UnsafeSettings(Problem):
    code = "unsafe_settings"
    status = 500
    message = "The settings are not safe for real patients."
    what_to_do = "Set the values that the message names, then start again."


class NothingToReplay(Problem):
    code = "nothing_to_replay"
    status = 422
    message = "There are no treatments in this database."
    what_to_do = "Import a log with `python -m reporting import`, or record treatments first."
