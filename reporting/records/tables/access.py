"""Ways in: invitation links, sessions, consent, drafts, and brakes against guessing."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field, SQLModel

from reporting.records.tables.base import key, moment, one_of, ref, sealed, sealed_json


class Invitation(SQLModel, table=True):
    """A patient's link (and short code) for one treatment. Only hashes are stored."""

    __tablename__ = "invitation"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient")
    treatment_id: int = ref("treatment", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    code_hash: str | None = Field(default=None, unique=True, max_length=64)
    """Keyed hash of the short code that is typed in together with the year of birth."""
    reminder_hash: str | None = Field(default=None, unique=True, max_length=64)
    """Hash of the second link of the same invitation: the one that reminders carry."""
    created_at: datetime = moment(nullable=False)
    created_by: int | None = ref("staff_account", nullable=True)
    expires_at: datetime = moment(nullable=False)
    revoked_at: datetime | None = moment()


class SignInSession(SQLModel, table=True):
    """A signed-in browser. The cookie holds a random secret; its hash is here."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        one_of("kind", "staff", "patient", name="ck_session_kind"),
        one_of("strength", "link", "full", name="ck_session_strength"),
    )

    id: int | None = key()
    token_hash: str = Field(unique=True, max_length=64)
    kind: str
    clinic_id: int = ref("clinic")
    staff_id: int | None = ref("staff_account", nullable=True, index=True)
    patient_id: int | None = ref("patient", nullable=True)
    invitation_id: int | None = ref("invitation", nullable=True, index=True)
    strength: str = "full"
    ends_with_browser: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Its cookie has no lifetime, also after a second factor was shown: begun perhaps on a screen that others use."""
    user_agent: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})
    """What the browser of a member of staff called itself at sign-in, so that they know their session again."""
    address_encrypted: str | None = None
    """Where a member of staff signed in from: for themselves to read, never of patients."""
    created_at: datetime = moment(nullable=False)
    last_seen_at: datetime = moment(nullable=False)
    expires_at: datetime = moment(nullable=False)
    ended_at: datetime | None = moment()


class StaffLink(SQLModel, table=True):
    """A link by which one member of staff chooses a password, once. Only its hash is stored."""

    __tablename__ = "staff_link"
    __table_args__ = (one_of("purpose", "invitation", "new_password", name="ck_staff_link_purpose"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    staff_id: int = ref("staff_account", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    purpose: str
    created_at: datetime = moment(nullable=False)
    created_by: int | None = ref("staff_account", nullable=True)
    """Empty: asked for by whoever knows the address, or made on the command line."""
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()


class RecoveryCode(SQLModel, table=True):
    """Opens a staff account once when the telephone with the second factor is not at hand. Only its keyed hash."""

    __tablename__ = "recovery_code"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    staff_id: int = ref("staff_account", index=True)
    code_hash: str = Field(max_length=64)
    created_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()


class Consent(SQLModel, table=True):
    __tablename__ = "consent"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient", index=True)
    kind: str
    """``check_ins``, ``photos``, ``email_reminders`` or ``sms_reminders``."""
    text_version: str
    language: str = "en"
    source: str = "patient"
    """``patient``, ``staff`` or ``sms``: who said so."""
    given_at: datetime = moment(nullable=False)
    withdrawn_at: datetime | None = moment()


class OneTimeCode(SQLModel, table=True):
    """A six-digit code sent by e-mail as the second factor. Only its keyed hash is stored."""

    __tablename__ = "one_time_code"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient")
    session_id: int = ref("sign_in_session", index=True)
    code_hash: str = Field(max_length=64)
    tries: int = 0
    created_at: datetime = moment(nullable=False)
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()


class ErasureRequest(SQLModel, table=True):
    """A patient's wish to be forgotten, and what the clinic did about it."""

    __tablename__ = "erasure_request"
    __table_args__ = (one_of("state", "open", "done", "refused", name="ck_erasure_state"),)

    id: int | None = key()
    clinic_id: int = ref("clinic", index=True)
    patient_id: int = ref("patient", index=True)
    state: str = "open"
    requested_at: datetime = moment(nullable=False)
    worked_by: int | None = ref("staff_account", nullable=True)
    worked_at: datetime | None = moment()
    reason: str = sealed()


class ErasedReference(SQLModel, table=True):
    """That somebody with this number was erased, as a keyed hash: an old log must not bring them back."""

    __tablename__ = "erased_reference"
    __table_args__ = (UniqueConstraint("clinic_id", "reference_hash", name="uq_erased_reference"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    reference_hash: str = Field(max_length=64)
    erased_at: datetime = moment(nullable=False)


class Draft(SQLModel, table=True):
    """Answers given so far, kept until they are sent."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("treatment_id", "kind", name="uq_draft_treatment_kind"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient")
    treatment_id: int = ref("treatment")
    kind: str = "check_in"
    answers: dict[str, Any] = sealed_json()
    submission_key: str
    check_in_id: int | None = ref("check_in", nullable=True)
    """The unfinished report that these answers are of: one of them needs the clinic at once."""
    updated_at: datetime = moment(nullable=False)


class Throttle(SQLModel, table=True):
    """Failed tries per source (a hashed address, account or code)."""

    __tablename__ = "throttle"

    key: str = Field(primary_key=True, max_length=96)
    failures: int = 0
    window_started_at: datetime = moment(nullable=False)
    locked_until: datetime | None = moment()
