"""Whose is it: the one place that holds an actor's clinic, and a patient's own treatment, against a record.

A single record is asked for with ``own`` (or ``mine``, where it was loaded in another way), a list, a frame or a
count is bound by ``Scope.of``. Both fail closed: whoever has no clinic is shown nothing. Every clinic is for the
system alone, which is named as such (``domain.actors.SYSTEM``) and never meant by a clinic that is missing.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from reporting.domain.actors import Actor
from reporting.errors import NotAllowed, NotFound
from reporting.security.permissions import require


class Owned(Protocol):
    """A record that says whose it is; some also name a patient and a treatment."""

    @property
    def clinic_id(self) -> int | None: ...


Row = TypeVar("Row", bound=Owned)


class Loads(Protocol):
    """A session of the database, as far as one record is asked of it."""

    def get(
        self, entity: type[Row], ident: int, /, *, populate_existing: bool = ..., with_for_update: bool | None = ...
    ) -> Row | None: ...


@dataclass(frozen=True)
class Scope:
    """The clinic whose records may be shown, or with ``clinic_id`` None, which the system alone gets, every clinic."""

    clinic_id: int | None

    @classmethod
    def of(cls, by: Actor) -> Self:
        """The actor's clinic; every clinic for a system that works for none in particular. Raises NotAllowed for a
        patient, whose records are asked for one by one, and for staff without a clinic.
        """
        if by.kind == "patient" or (by.kind != "system" and by.clinic_id is None):
            raise NotAllowed()
        return cls(by.clinic_id)

    @property
    def is_every_clinic(self) -> bool:
        return self.clinic_id is None

    def holds(self, clinic_id: int | None) -> bool:
        """Whether records of that clinic are within; those of no known clinic are the system's alone."""
        return self.is_every_clinic or clinic_id == self.clinic_id


def is_theirs(row: Owned, by: Actor, *, any_treatment: bool = False) -> bool:
    """Whether a record is the actor's clinic's; for a patient their own, and of the treatment that the link is for.

    ``any_treatment``: of a patient's earlier treatments too.
    """
    if by.kind == "system":
        return Scope.of(by).holds(row.clinic_id)
    if by.clinic_id is None or row.clinic_id != by.clinic_id:
        return False
    return by.kind == "staff" or _is_patients(row, by, any_treatment=any_treatment)


def _is_patients(row: Owned, by: Actor, *, any_treatment: bool) -> bool:
    if by.id is None or _about(row, "patient") != by.id:
        return False
    return any_treatment or by.treatment_id is None or _about(row, "treatment") in (None, by.treatment_id)


def _about(row: Owned, kind: str) -> Any:
    """Id of the patient or treatment that a record names; a patient's or treatment's own row is about itself."""
    return getattr(row, "id" if getattr(row, "__tablename__", "") == kind else f"{kind}_id", None)


def mine(row: Row | None, by: Actor, permission: str, *, any_treatment: bool = False) -> Row:
    """The record, if the role allows it and it is theirs. Raises NotAllowed, then NotFound for no record and
    somebody else's alike, so that nobody learns which there are.
    """
    require(by, permission)
    if row is None or not is_theirs(row, by, any_treatment=any_treatment):
        raise NotFound()
    return row


def own(session: Loads, table: type[Row], key: int, by: Actor, permission: str, *, lock: bool = False) -> Row:
    """The row of ``table`` with that id, as ``mine`` gives it. ``lock``: it is read anew, and others who want to
    change it wait until the transaction ends. Raises NotAllowed, NotFound.
    """
    require(by, permission)
    row = session.get(table, key, with_for_update=True if lock else None, populate_existing=lock)
    return mine(row, by, permission)
