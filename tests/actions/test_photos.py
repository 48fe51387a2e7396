"""Adding, seeing and taking away photos: by the right person, once, sealed, and never a row without its file."""

import os
import re
import signal
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.domain.actors import ROLES, SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed, NotFound, SignInNeeded, StorageFull
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_photos import StoredPhoto, add_photo, remove_photo
from reporting.patient.read_photos import faulty_photos, photo_bytes, photos_of, waiting_photos
from reporting.records import audit, photo_store
from reporting.records.engine import reading
from reporting.records.photo_store import PhotoGone, sweep_orphans
from reporting.records.tables import Consent, Photo
from reporting.security.photos import PhotoRefused
from reporting.settings import settings
from reporting.shell import act_consent
from tests import photos
from tests.accounts import together, trail
from tests.answers import filled
from tests.cast import House, house
from tests.forked import die, ended, forked

pytestmark = pytest.mark.sqlite_first

JPEG = photos.phone_jpeg()


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


def link_only(patient: Actor) -> Actor:
    """The same patient with the link alone."""
    return replace(patient, strength="link")


def added(clinic: House, key: str = "k", data: bytes = JPEG, by: Actor | None = None, **how: object) -> StoredPhoto:
    return add_photo(
        by=by or link_only(clinic.patient),
        treatment_id=clinic.treatment_id,
        data=data,
        submission_key=key,
        **how,  # type: ignore[arg-type]
    )


def sent(clinic: House, key: str = "sent") -> int:
    return submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=filled(clinic.treatment_id), submission_key=key
    ).check_in_id


def rows() -> list[Photo]:
    with reading() as session:
        return list(session.execute(select(Photo).order_by(Photo.id)).scalars())


def files() -> list[Path]:
    return sorted(path for path in photo_store.folder().rglob("*") if path.is_file())


def grow_old(path: Path) -> None:
    """As if the file had been written two hours before the tests' clock."""
    moment = (clock.now() - timedelta(hours=2)).timestamp()
    os.utime(path, (moment, moment))


class TestAdding:
    def test_it_waits_for_the_check_in_and_goes_with_it(self, clinic: House) -> None:
        kept = added(clinic)
        assert (kept.width_px, kept.height_px, kept.check_in_id) == (320, 240, None)
        assert [line.photo_id for line in waiting_photos(link_only(clinic.patient), clinic.treatment_id).photos] == [
            kept.photo_id
        ]
        assert photos_of(clinic.patient) == ()
        check_in = sent(clinic)
        [row] = rows()
        assert (row.check_in_id, row.patient_id) == (check_in, clinic.patient_id)
        [line] = photos_of(clinic.patient)
        assert (line.check_in_id, line.recovery_day, line.waits) == (check_in, 3, False)
        assert waiting_photos(clinic.patient, clinic.treatment_id).photos == ()
        assert [row[:2] for row in trail("photo")] == [("photo.added", "patient")]

    def test_the_link_may_send_but_not_see(self, clinic: House) -> None:
        kept = added(clinic)
        sent(clinic)
        for look in (lambda by: photo_bytes(by, kept.photo_id), photos_of):
            with pytest.raises(NotAllowed):
                look(link_only(clinic.patient))
        assert photo_bytes(clinic.patient, kept.photo_id).startswith(b"\xff\xd8")

    def test_the_same_upload_is_one_photo(self, clinic: House) -> None:
        first, again = added(clinic), added(clinic, data=b"whatever comes with the same key")
        assert again == replace(first, already_kept=True)
        assert len(rows()) == len(files()) == 1

    def test_eight_taps_at_once_are_one_photo(self, clinic: House) -> None:
        found = together(*[lambda: added(clinic)] * 8)
        assert {each.photo_id for each in found} == {rows()[0].id}
        assert sum(not each.already_kept for each in found) == 1
        assert len(rows()) == len(files()) == 1

    def test_anothers_key_gives_nothing_away(self, clinic: House) -> None:
        other = house("B")
        added(clinic)
        with pytest.raises(NotFound):
            added(other)

    def test_only_so_many(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(3):
            added(clinic, f"k{number}")
        with pytest.raises(PhotoRefused) as full:
            added(clinic, "k3")
        assert (full.value.reason, full.value.values) == ("limit", {"count": 3})
        assert waiting_photos(clinic.patient, clinic.treatment_id).is_full
        check_in = sent(clinic)
        with pytest.raises(PhotoRefused):
            added(clinic, "k3", by=clinic.staff["clinician"], check_in_id=check_in)
        added(clinic, "k3")
        monkeypatch.setenv("REPORTING_PHOTOS_PER_TREATMENT", "4")
        settings.cache_clear()
        with pytest.raises(PhotoRefused) as all_full:
            added(clinic, "k4")
        assert all_full.value.reason == "limit_treatment"
        assert len(rows()) == len(files()) == 4

    def test_taps_at_once_do_not_pass_the_limit(self, clinic: House) -> None:
        found = together(*[lambda n=n: added(clinic, f"k{n}") for n in range(6)])
        assert sum(isinstance(each, PhotoRefused) for each in found) == 3
        assert len(rows()) == 3

    @pytest.mark.parametrize("data", [b"", photos.SVG, photos.HEIC, photos.png_claiming(50_000, 50_000), JPEG[:900]])
    def test_what_is_no_photo_leaves_nothing(self, clinic: House, data: bytes) -> None:
        with pytest.raises(PhotoRefused):
            added(clinic, data=data)
        assert rows() == files() == trail() == []

    def test_consent_comes_with_the_first_photo(self, clinic: House) -> None:
        added(clinic, language="es")
        added(clinic, "k2")
        with reading() as session:
            [given] = session.execute(select(Consent)).scalars()
        assert (given.kind, given.source, given.language) == ("photos", "patient", "es")

    def test_nothing_is_kept_after_consent_was_taken_back(self, clinic: House) -> None:
        act_consent.disagree(by=clinic.patient, kind="photos")
        with pytest.raises(act_consent.ConsentWithdrawn):
            added(clinic)
        assert rows() == []

    def test_by_whom(self, clinic: House) -> None:
        other = house("B")
        for stranger in (other.patient, replace(clinic.patient, treatment_id=other.treatment_id)):
            with pytest.raises(NotFound):
                added(clinic, by=stranger)
        for role in ROLES:
            with pytest.raises((NotFound, NotAllowed)):
                added(clinic, by=other.staff[role])
        with pytest.raises(NotAllowed):
            added(clinic, by=clinic.staff["front_desk"])
        assert rows() == []
        kept = added(clinic, by=clinic.staff["clinician"])
        sent(clinic)
        assert rows()[0].check_in_id is None, "what staff add does not go with the patient's next check-in"
        assert [line.photo_id for line in photos_of(clinic.patient)] == [kept.photo_id]

    def test_what_waits_does_not_go_with_answers_that_staff_enter(self, clinic: House) -> None:
        added(clinic)
        submit_check_in(
            by=clinic.staff["front_desk"],
            treatment_id=clinic.treatment_id,
            answers=filled(clinic.treatment_id),
            submission_key="by telephone",
            answered_by="telephone",
        )
        assert len(waiting_photos(clinic.patient, clinic.treatment_id).photos) == 1

    def test_a_check_in_of_another_treatment(self, clinic: House) -> None:
        check_in = sent(house("B"))
        with pytest.raises(NotFound):
            added(clinic, check_in_id=check_in)
        assert rows() == []

    def test_a_moment_that_is_still_to_come(self, clinic: House) -> None:
        with pytest.raises(InvalidInput):
            added(clinic, taken_at=clock.now() + timedelta(days=1))
        with pytest.raises(InvalidInput):
            added(clinic, key="")

    def test_a_check_in_that_fails_leaves_the_photo_waiting(
        self, clinic: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added(clinic)

        def breaks(*_: object, **__: object) -> None:
            raise StorageFull()

        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_check_ins.audit.write", breaks)
            with pytest.raises(StorageFull):
                sent(clinic)
        assert len(waiting_photos(clinic.patient, clinic.treatment_id).photos) == 1
        sent(clinic)
        assert len(photos_of(clinic.patient)) == 1


class TestSeeing:
    def test_who(self, clinic: House) -> None:
        other, kept = house("B"), added(clinic)
        sent(clinic)
        for role in ("administrator", "safety_lead", "clinician"):
            assert photo_bytes(clinic.staff[role], kept.photo_id).startswith(b"\xff\xd8")
            assert len(photos_of(clinic.staff[role], patient_id=clinic.patient_id)) == 1
            assert photos_of(other.staff[role], patient_id=clinic.patient_id) == ()
            for photo_id in (kept.photo_id, 999_999):
                with pytest.raises(NotFound):
                    photo_bytes(other.staff[role], photo_id)
        for photo_id in (kept.photo_id, 999_999):
            with pytest.raises(NotAllowed):
                photo_bytes(clinic.staff["front_desk"], photo_id)
            with pytest.raises(NotFound):
                photo_bytes(other.patient, photo_id)
            with pytest.raises(SignInNeeded):
                photo_bytes(Actor(kind="patient"), photo_id)
        with pytest.raises(NotAllowed):
            photos_of(clinic.staff["front_desk"], patient_id=clinic.patient_id)
        assert photos_of(other.patient, treatment_id=clinic.treatment_id) == ()
        assert photo_bytes(SYSTEM, kept.photo_id)

    def test_every_look_is_in_the_audit_trail_once_a_minute(self, clinic: House) -> None:
        kept, clinician, lead = added(clinic), clinic.staff["clinician"], clinic.staff["safety_lead"]
        sent(clinic)
        for by in (clinician, clinician, lead, clinician, clinic.patient):
            photo_bytes(by, kept.photo_id, longest_side_px=320)
        looks = [who for _, who, record in trail("photo.viewed") if record == str(kept.photo_id)]
        assert looks == [clinician.label, lead.label, "patient"]
        with clock.fixed(clock.now() + timedelta(seconds=61)):
            photo_bytes(clinician, kept.photo_id)
        assert len(trail("photo.viewed")) == 4

    def test_looks_at_once_are_one_look(self, clinic: House) -> None:
        kept = added(clinic)
        sent(clinic)
        found = together(*[lambda: photo_bytes(clinic.staff["clinician"], kept.photo_id)] * 6)
        assert all(isinstance(each, bytes) for each in found)
        assert len(trail("photo.viewed")) == 1

    def test_what_was_not_sent_is_nobody_elses(self, clinic: House) -> None:
        kept = added(clinic)
        assert photo_bytes(clinic.patient, kept.photo_id)
        assert photos_of(clinic.staff["clinician"], patient_id=clinic.patient_id) == ()
        with pytest.raises(NotFound):
            photo_bytes(clinic.staff["clinician"], kept.photo_id)

    def test_nothing_is_shown_that_could_not_be_noted(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = added(clinic)

        def full(*_: object, **__: object) -> None:
            raise StorageFull()

        monkeypatch.setattr("reporting.patient.read_photos.audit.write", full)
        with pytest.raises(StorageFull):
            photo_bytes(clinic.patient, kept.photo_id)

    def test_a_smaller_one(self, clinic: House) -> None:
        kept = added(clinic, data=photos.phone_jpeg(photos.picture(1600, 1200)))
        whole, small = (photo_bytes(clinic.patient, kept.photo_id, longest_side_px=side) for side in (None, 320))
        assert len(small) < len(whole) / 3
        tiny = photo_bytes(clinic.patient, kept.photo_id, longest_side_px=-5)
        assert len(tiny) < len(small)

    def test_the_file_tells_nobody_anything(self, clinic: House) -> None:
        added(clinic)
        [path] = files()
        assert re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{30}\.bin", path.relative_to(photo_store.folder()).as_posix())
        stored = path.read_bytes()
        for plain in (b"\xff\xd8\xff", b"JFIF", photos.CANARY):
            assert plain not in stored
        assert path.stat().st_mode & 0o077 == 0


class TestFaults:
    def test_a_missing_and_a_changed_file_are_named(self, clinic: House) -> None:
        first, second, third = (added(clinic, f"k{n}", photos.phone_jpeg(orientation=n)) for n in (1, 2, 3))
        named = {row.id: row.stored_name for row in rows()}
        places = {key: photo_store.folder() / name[:2] / f"{name}.bin" for key, name in named.items()}
        stored = places[second.photo_id].read_bytes()
        places[first.photo_id].unlink()
        places[second.photo_id].write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
        places[third.photo_id].write_bytes(stored)
        for photo, was_changed in ((first, False), (second, True), (third, True)):
            with pytest.raises(PhotoGone) as problem:
                photo_bytes(clinic.patient, photo.photo_id)
            assert problem.value.was_changed is was_changed
        assert trail("photo.viewed") == []
        looked_at, wrong = faulty_photos()
        assert looked_at == 3
        assert dict(wrong) == {
            first.photo_id: "the file is missing",
            second.photo_id: "the file was changed",
            third.photo_id: "the file was changed",
        }

    def test_a_full_disk_says_so_and_leaves_nothing(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr("reporting.records.photo_store.os.fsync", full)
            with pytest.raises(StorageFull):
                added(clinic)
        assert rows() == files() == []
        added(clinic)

    @pytest.mark.parametrize("where", ["transaction", "audit.write"])
    def test_an_error_between_file_and_row_leaves_only_a_file(
        self, clinic: House, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        def breaks(*_: object, **__: object) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as broken:
            broken.setattr(f"reporting.patient.act_photos.{where}", breaks)
            with pytest.raises(RuntimeError):
                added(clinic)
        assert rows() == []
        [orphan] = files()
        assert sweep_orphans() == 0, "a young file may belong to somebody who is not finished"
        grow_old(orphan)
        kept = added(clinic)
        for path in files():
            grow_old(path)
        (orphan.parent / "ff.new").touch()
        grow_old(orphan.parent / "ff.new")
        assert sweep_orphans() == 2
        assert photo_bytes(clinic.patient, kept.photo_id)
        assert faulty_photos() == (1, [])


class TestRemoving:
    def test_before_sending_the_link_is_enough(self, clinic: House) -> None:
        kept = added(clinic)
        remove_photo(by=link_only(clinic.patient), photo_id=kept.photo_id)
        remove_photo(by=link_only(clinic.patient), photo_id=kept.photo_id)
        assert files() == []
        assert rows()[0].removed_at == clock.now()
        assert waiting_photos(clinic.patient, clinic.treatment_id).photos == ()
        sent(clinic)
        assert photos_of(clinic.patient) == ()
        with pytest.raises(NotFound):
            photo_bytes(clinic.patient, kept.photo_id)
        assert [row[0] for row in trail("photo")] == ["photo.added", "photo.removed"]

    def test_a_removed_photo_can_be_added_again(self, clinic: House) -> None:
        first = added(clinic)
        remove_photo(by=clinic.patient, photo_id=first.photo_id)
        assert added(clinic).photo_id != first.photo_id

    def test_after_sending_it_takes_the_second_factor(self, clinic: House) -> None:
        kept = added(clinic)
        sent(clinic)
        with pytest.raises(NotAllowed):
            remove_photo(by=link_only(clinic.patient), photo_id=kept.photo_id)
        remove_photo(by=clinic.patient, photo_id=kept.photo_id, reason="not mine")
        assert rows()[0].details["removed_because"] == "not mine"
        assert files() == []

    def test_by_whom(self, clinic: House) -> None:
        other, kept = house("B"), added(clinic)
        for stranger in (other.patient, other.staff["clinician"]):
            for photo_id in (kept.photo_id, 999_999):
                with pytest.raises(NotFound):
                    remove_photo(by=stranger, photo_id=photo_id, reason="curious")
        with pytest.raises(NotAllowed):
            remove_photo(by=clinic.staff["front_desk"], photo_id=kept.photo_id, reason="tidy")
        with pytest.raises(InvalidInput):
            remove_photo(by=clinic.staff["clinician"], photo_id=kept.photo_id, reason=" ")
        assert len(files()) == 1
        remove_photo(by=clinic.staff["clinician"], photo_id=kept.photo_id, reason="of somebody else")
        assert files() == []

    def test_an_error_halfway_keeps_row_and_file(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = added(clinic)

        def breaks(*_: object, **__: object) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_photos.audit.write", breaks)
            with pytest.raises(RuntimeError):
                remove_photo(by=clinic.patient, photo_id=kept.photo_id)
        assert photo_bytes(clinic.patient, kept.photo_id)


def add_and_be_killed(connection: Connection, by: Actor, treatment_id: int, where: str) -> None:
    """Adds a photo in a process of its own, which is killed at that place."""
    write = photo_store.write

    def write_and_die(name: str, sealed: bytes) -> None:
        write(name, sealed)
        die()

    if where == "in the file":
        os.fsync = die
    elif where == "after the file":
        photo_store.write = write_and_die
    elif where == "before the commit":
        audit.write = die
    add_photo(by=by, treatment_id=treatment_id, data=JPEG, submission_key="k")


@pytest.mark.parametrize("where", ["in the file", "after the file", "before the commit", "never"])
def test_killed_anywhere_there_is_no_row_without_a_file(clinic: House, where: str) -> None:
    with forked(add_and_be_killed, link_only(clinic.patient), clinic.treatment_id, where) as (sender, _):
        assert ended(sender) == (0 if where == "never" else -signal.SIGKILL)
    kept = 1 if where == "never" else 0
    assert len(rows()) == kept
    assert faulty_photos() == (kept, [])
    assert len(files()) == 1
    grow_old(files()[0])
    assert sweep_orphans() == 1 - kept
    assert len(files()) == kept
