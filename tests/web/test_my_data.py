"""A patient's own data as one archive: all of theirs, nothing of anybody else's."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any

import pytest
from PIL import Image
from sqlmodel import select
from starlette.testclient import TestClient

from reporting.domain.actors import Actor
from reporting.errors import NotAllowed
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_photos import add_photo
from reporting.patient.read_own_data import FIELDS, own_data_of
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.photo_store import remove
from reporting.records.tables import Patient, Photo, TreatedArea, Treatment
from reporting.security.encryption import encrypt
from reporting.shell import act_consent
from reporting.treatments import act_invitations
from tests.accounts import trail
from tests.answers import filled
from tests.cast import PERFORMED, House
from tests.web.screen import bare
from tests.web.site import of

MINE, THEIRS = "CANARY-MINE", "CANARY-THEIRS"


def jpeg(red: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (red, 20, 30)).save(out, "JPEG")
    return out.getvalue()


def second_patient(clinic: House) -> Actor:
    """Another patient of the same clinic with a treatment of their own."""
    with transaction() as session:
        patient = Patient(
            clinic_id=clinic.clinic_id,
            reference=THEIRS,
            name_encrypted=encrypt(THEIRS),
            email_encrypted=encrypt(f"{THEIRS}@mail.example"),
        )
        session.add(patient)
        session.flush()
        treatment = Treatment(
            clinic_id=clinic.clinic_id,
            patient_id=patient.id or 0,
            reference=f"T-{THEIRS}",
            performed_on=PERFORMED,
            procedure_class="ablative",
        )
        session.add(treatment)
        session.flush()
        session.add(TreatedArea(treatment_id=treatment.id or 0, clinic_id=clinic.clinic_id, area="neck"))
        recompute(session, [treatment.id or 0])
        return Actor(
            kind="patient",
            id=patient.id,
            clinic_id=clinic.clinic_id,
            label="other",
            strength="full",
            treatment_id=treatment.id,
        )


def lives(by: Actor, canary: str, red: int) -> None:
    """A check-in with a note and a photo."""
    treatment_id = by.treatment_id or 0
    add_photo(by=by, treatment_id=treatment_id, data=jpeg(red), submission_key=f"photo {canary}")
    answers = {**filled(treatment_id, symptoms=["swelling"], severity_swelling="2"), "note": f"note {canary}"}
    submit_check_in(by=by, treatment_id=treatment_id, answers=answers, submission_key=f"key {canary}")
    act_consent.agree(by=by, kind="email_reminders")


@pytest.fixture
def other(clinic: House, stopped_clock: datetime) -> Actor:
    with transaction() as session:
        patient = session.get_one(Patient, clinic.patient_id)
        patient.name_encrypted, patient.phone_encrypted = encrypt(MINE), encrypt("+34 555 0199")
    other = second_patient(clinic)
    lives(clinic.patient, MINE, 10)
    lives(other, THEIRS, 200)
    return other


def signed_in(client: TestClient, clinic: House, *, full: bool = True) -> None:
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    if full:
        client.post("/code", data={"code": made.code, "year_of_birth": "1980"})
    else:
        client.post(f"/c/{made.token}")


def archive(client: TestClient) -> tuple[dict[str, Any], dict[str, bytes]]:
    answer = client.post("/my-data", data=of(client))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        files = {name: packed.read(name) for name in packed.namelist()}
    return json.loads(files.pop("data.json")), files


def test_everything_of_the_patient_is_in_it(client: TestClient, clinic: House, other: Actor) -> None:
    signed_in(client, clinic)
    data, files = archive(client)
    assert data["patient"] | {"name": MINE, "telephone": "+34 555 0199", "year_of_birth": 1980} == data["patient"]
    [treatment] = data["treatments"]
    assert treatment["areas"][0]["settings"] == {"pulse_energy_mj": 30.0, "density_pct": 15.0, "passes": 1.0}
    [answer] = [row for row in data["check_ins"] if row["answered_at"]]
    assert (answer["note"], answer["severities"]["swelling"], answer["source"]) == (f"note {MINE}", 2, "patient")
    assert {row["kind"] for row in data["consents"]} == {"check_ins", "photos", "email_reminders"}
    assert len(data["links"]) == 1
    assert data["sign_ins"][-1]["strength"] == "full"
    [photo] = data["photos"]
    picture = Image.open(io.BytesIO(files.pop(photo["file"])))
    assert (picture.size, picture.format) == ((40, 30), "JPEG")
    assert picture.convert("RGB").getpixel((5, 5))[0] < 60  # type: ignore[index]
    assert files == {}
    assert [row[:2] for row in trail("own_data.")] == [("own_data.downloaded", f"patient {clinic.patient_id}")]


def test_nothing_of_another_patient_of_the_clinic_is_in_it(client: TestClient, clinic: House, other: Actor) -> None:
    signed_in(client, clinic)
    data, files = archive(client)
    assert THEIRS not in json.dumps(data)
    assert len(files) == 1
    theirs = own_data_of(other)
    assert MINE not in json.dumps(theirs.document)
    numbers = {"treatments": "number", "check_ins": "number", "photos": "file"}
    for part, name in numbers.items():
        assert not {row[name] for row in data[part]} & {row[name] for row in theirs.document[part]}


def test_every_explained_field_is_there_and_settings_say_their_unit(clinic: House, other: Actor) -> None:
    document = own_data_of(clinic.patient).document
    for path in FIELDS:
        part, _, name = path.partition(".")
        rows = document[part] if isinstance(document[part], list) else [document[part]]
        if name and "." not in name and rows:
            assert name in rows[0], path
    explained = document["fields"]
    for name in document["treatments"][0]["areas"][0]["settings"]:
        assert explained[f"treatments.areas.settings.{name}"]
    assert explained["treatments.areas.settings.pulse_energy_mj"].endswith("mJ")


def test_a_lost_photo_does_not_lose_the_rest(client: TestClient, clinic: House, other: Actor) -> None:
    with transaction() as session:
        names = session.exec(select(Photo.stored_name).where(Photo.patient_id == clinic.patient_id)).all()
    for name in names:
        remove(name)
    signed_in(client, clinic)
    _, files = archive(client)
    [(name, words)] = files.items()
    assert name.endswith(".jpg.txt")
    assert b"cannot be read" in words


def test_the_link_alone_gives_nothing(client: TestClient, clinic: House, other: Actor) -> None:
    signed_in(client, clinic, full=False)
    for how in ("GET", "POST"):
        answer = client.request(how, "/my-data")
        assert (answer.status_code, bare(answer.headers["location"])) == (303, "/unlock?next=/my-data")
    assert trail("own_data.") == []


def test_looking_at_the_page_gives_nothing_away(client: TestClient, clinic: House, other: Actor) -> None:
    signed_in(client, clinic)
    page = client.get("/my-data")
    assert page.status_code == 200
    assert "Download my data" in page.text
    assert trail("own_data.") == []
    assert client.post("/my-data", headers={"origin": "https://evil.example"}).status_code == 403
    assert trail("own_data.") == []


def test_strangers_and_staff_get_nothing(client: TestClient, clinic: House) -> None:
    for how in ("GET", "POST"):
        assert client.request(how, "/my-data").headers["location"] == "/code"
    for actor in clinic.staff.values():
        with pytest.raises(NotAllowed):
            own_data_of(actor)
