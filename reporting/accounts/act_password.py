"""To change one's own password: the old one is asked for, and every other session of that person ends."""

from reporting.accounts.act_links import words_about
from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, Problem
from reporting.records import access, audit
from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, StaffAccount
from reporting.security.passwords import check_new, hash_password, verify_password
from reporting.security.permissions import require


class WrongPassword(Problem):
    code = "wrong_password"
    status = 422
    message = "The present password is not right."
    what_to_do = "Check it and try again. After five wrong tries there is a pause of 15 minutes."


def change_password(*, by: Actor, old: str, new: str) -> None:
    """Replace the actor's password.

    Raises WrongPassword for the old one, InvalidInput where the new one is easy to guess, TooManyTries after five wrong
    old ones in 15 minutes in this account (its owner can sign in all the while).
    """
    require(by, "account.own")
    key = f"password:{by.id}"
    with reading() as session:
        access.check(session, key)
        account = session.get_one(StaffAccount, by.key)
        about = words_about(session.get_one(Clinic, by.clinic_key), account)
    if not verify_password(account.password_hash, old):
        access.failed(key)
        with transaction() as session:
            audit.write(session, by, "password.change_refused", "staff_account", by.id)
        raise WrongPassword()
    check_new(new, about=about)
    if new == old:
        raise InvalidInput(field="password", found="the present one", allowed="another one")
    with transaction() as session:
        access.check(session, key)
        row = session.get_one(StaffAccount, by.key, with_for_update=True, populate_existing=True)
        row.password_hash = hash_password(new)
        session.add(row)
        access.forgive(session, key)
        access.end_links(session, by.key, now())
        access.end_all_of_staff(session, by.key, now(), but=by.session_id)
        audit.write(session, by, "password.changed", "staff_account", by.id)
