"""Import of a treatment log: each row is one treated area with the settings used there."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from reporting import clock
from reporting.domain.course import AND
from reporting.domain.devices import proposed_class, setting_fields
from reporting.domain.treatment_record import ISOTRETINOIN_MOST, VISIT_FACTS, also_done
from reporting.errors import InvalidInput
from reporting.imports.act_settings import check_device, check_settings, class_code, class_of
from reporting.imports.kind import (
    OR_CREATE,
    ChunkResult,
    Field,
    Found,
    Importer,
    Row,
    Run,
    Values,
    decide_each,
    differences,
    procedure_classes,
    settings_columns,
    terms,
)
from reporting.records import bulk, privacy
from reporting.records.bulk import ClinicEntry, DeviceEntry, PatientEntry, Session
from reporting.records.tables import Patient, TreatedArea, Treatment, id_of
from reporting.security.tokens import erased_hash
from reporting.shell.file_csv import Refused

CORE = ("patient", "operator", "device", *bulk.TREATMENT_VALUES)
NAMED_BEFORE = {
    "full_field_ablative": "ablative",
    "nonablative_fractional_1927": "nonablative_fractional",
}
"""Devices whose treatments had a coarser class: a log that was imported then keeps its references."""
HASHED = ("patient", "performed_on", "operator", "device", "procedure_class", "session_number")


@dataclass
class _Known:
    """A treatment that is there, or that this chunk will make."""

    core: tuple[object, ...]
    areas: dict[tuple[str, int], tuple[object, ...]] = field(default_factory=dict)
    is_new: bool = False


class _Chunk:
    """The decisions about one chunk. Nothing is written before all of them are made."""

    def __init__(self, session: Session, run: Run, result: ChunkResult) -> None:
        self.session, self.run, self.result = session, run, result
        self.known: dict[tuple[str, str], _Known] = {}
        self.patients: dict[tuple[str, str], PatientEntry] = {}
        self.completed: dict[tuple[str, str], dict[str, int]] = {}
        self.erased_on: dict[tuple[str, str], date] = {}
        self.settings = tuple(setting_fields())
        self.area_names = bulk.area_values()

    def prepare(self, row: Row) -> bool:
        """Fill in what follows from the row itself. Raises Refused."""
        values, clinic = row.values, self.run.clinic_of(self.session, row)
        values["clinic"] = clinic.code
        today = self.run.today(clinic.timezone)
        if values["performed_on"] > today:
            raise self.run.refuse(row, "performed_on", values["performed_on"], f"a day up to today, {today}")
        check_device(self.run, row, clinic)
        self._default_values(row, clinic)
        return True

    def _default_values(self, row: Row, clinic: ClinicEntry) -> None:
        values = row.values
        values.setdefault("area", "not_recorded")
        values.setdefault("pass_group", 1)
        values.setdefault("indication", "not_recorded")
        of = class_of(values, clinic)
        if "procedure_class" not in values:
            if of is None:
                allowed = "a procedure class, because the row names no device"
                raise self.run.refuse(row, "procedure_class", "", allowed)
            values["treatment"] = values.get("treatment") or content_reference(
                {**values, "procedure_class": NAMED_BEFORE.get(of.procedure_class, of.procedure_class)}
            )
            values["procedure_class"] = proposed_class(of, [(values["area"], values["indication"])])
            values["is_proposed"] = True
        values.setdefault("treatment", content_reference(values))
        self._also(row)
        values["outside_typical"] = check_settings(self.run, row, of, self.settings)

    def _also(self, row: Row) -> None:
        values = row.values
        try:
            values["also_classes"] = also_done(values["procedure_class"], values.get("also_classes", "").split(AND))
        except InvalidInput as error:
            allowed = f"{error.allowed}; several joined by {AND}"
            raise self.run.refuse(row, "also_classes", error.found, allowed) from None

    def look_up(self, rows: Sequence[Row]) -> None:
        """Ask for what is there of these rows' treatments and patients."""
        for code, part in _by_clinic(rows).items():
            clinic = self.run.clinics[code]
            if clinic.id is None:
                continue
            for found in bulk.treated_areas(self.session, clinic.id, (row.values["treatment"] for row in part)):
                at = found._mapping
                known = self.known.setdefault((code, found.reference), _Known(tuple(at[name] for name in CORE)))
                known.areas[found.area, found.pass_group] = tuple(at[name] for name in self.area_names)
            patients = bulk.patients(self.session, clinic.id, (row.values["patient"] for row in part))
            self.patients |= {(code, reference): entry for reference, entry in patients.items()}
            self._look_up_erased(clinic, {row.values["patient"] for row in part})

    def _look_up_erased(self, clinic: ClinicEntry, references: set[str]) -> None:
        marks = {erased_hash(id_of(clinic), reference): reference for reference in references}
        for mark, moment in privacy.erased_moments(self.session, id_of(clinic), marks).items():
            self.erased_on[clinic.code, marks[mark]] = moment.astimezone(ZoneInfo(clinic.timezone)).date()

    def decide(self, row: Row) -> bool:
        """Whether the row is new; False where it is there already. Raises Refused."""
        values = row.values
        key = (values["clinic"], values["treatment"])
        if values.get("is_proposed") and key in self.known:  # the record decides, a device only proposes
            values["procedure_class"] = self.known[key].core[CORE.index("procedure_class")]
        core = tuple(values.get(name) for name in CORE)
        area = tuple(values.get(name) for name in self.area_names)
        place = (values["area"], values["pass_group"])
        known = self.known.get(key)
        if known is not None:
            if known.core != core:
                raise self._duplicate(row, differences(known.core, core, CORE))
            if place in known.areas:
                if known.areas[place] == area:
                    return False
                raise self._duplicate(row, differences(known.areas[place], area, self.area_names))
        self._check_new(row)
        self.known.setdefault(key, _Known(core, is_new=True)).areas[place] = area
        return True

    def _duplicate(self, row: Row, what: str) -> Refused:
        allowed = (
            f"a treatment that is new, or the same as before: it is there already with {what}. "
            "An import never changes a record; other settings on one area need a pass_group"
        )
        return self.run.refuse(row, "treatment", row.values["treatment"], allowed)

    def _check_new(self, row: Row) -> None:
        clinic = self.run.clinics[row.values["clinic"]]
        operator, device = row.values.get("operator"), row.values.get("device")
        if not self.run.create_missing:
            if operator is not None and operator not in clinic.operators:
                raise self._unknown(row, "operator", operator)
            if device is not None and device not in clinic.devices:
                raise self._unknown(row, "device", device)
        self._check_patient(row)
        if operator is not None:
            clinic.operators.setdefault(operator, None)
        if device is not None and device not in clinic.devices:
            clinic.devices[device] = DeviceEntry(class_code(row.values) or "", row.values.get("model", ""))

    def _unknown(self, row: Row, field: str, value: object) -> Refused:
        return self.run.refuse(row, field, value, f"the code of one that is there; {OR_CREATE}")

    def _check_patient(self, row: Row) -> None:
        """Refuse a patient who is not the one on record; note what the row adds to the record."""
        values = row.values
        key = (values["clinic"], values["patient"])
        known = self.patients.get(key)
        given = {name: values.get(name) for name in ("year_of_birth", "fitzpatrick")}
        gone_on = self.erased_on.get(key)
        if gone_on is not None and values["performed_on"] <= gone_on:
            allowed = f"somebody whose data was not erased: on {gone_on} this person was. Take the row out of the log"
            raise self.run.refuse(row, "patient", values["patient"], allowed)
        if known is None:
            if not self.run.create_missing:
                raise self._unknown(row, "patient", values["patient"])
            self.patients[key] = PatientEntry(None, given["year_of_birth"], given["fitzpatrick"])
            return
        for name, value in given.items():
            stored = getattr(known, name)
            if value is not None and stored not in (None, value):
                allowed = f"{stored}, which is on record for patient {values['patient']}"
                raise self.run.refuse(row, name, value, allowed)
        added = {n: v for n, v in given.items() if v is not None and getattr(known, n) is None}
        if added:
            self.patients[key] = replace(known, **added)
            self.completed.setdefault(key, {}).update(added)


def _by_clinic(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.values["clinic"]].append(row)
    return found


def content_reference(values: Values) -> str:
    """The reference of a treatment whose log has no number: rows of one visit get the same one."""
    spelled = "\x1f".join(str(values.get(name, "")) for name in ("clinic", *HASHED))
    return f"content-{hashlib.sha256(spelled.encode()).hexdigest()[:40]}"


def _write(session: Session, chunk: _Chunk, clinic: ClinicEntry, rows: Sequence[Row]) -> None:
    """Make what the rows of one clinic need, then the treatments and their areas."""
    created = chunk.result.created
    created["clinics"] += clinic.id is None
    clinic_id = bulk.make_clinic(session, clinic)
    chunk.result.clinic_ids.add(clinic_id)
    for code in {row.values["operator"] for row in rows if "operator" in row.values}:
        created["operators"] += clinic.operators.get(code) is None
        bulk.make_operator(session, clinic, code)
    for code in {row.values["device"] for row in rows if "device" in row.values}:
        created["devices"] += clinic.devices[code].id is None
        bulk.make_device(session, clinic, code)
    patient_ids = _make_patients(session, chunk, clinic, rows)
    _make_treatments(session, chunk, clinic, patient_ids, rows)


def _make_patients(session: Session, chunk: _Chunk, clinic: ClinicEntry, rows: Sequence[Row]) -> dict[str, int]:
    fresh: dict[str, dict[str, Any]] = {}
    for row in rows:
        reference = row.values["patient"]
        entry = chunk.patients[clinic.code, reference]
        if entry.id is None and reference not in fresh:
            fresh[reference] = {
                "clinic_id": clinic.id,
                "reference": reference,
                "year_of_birth": entry.year_of_birth,
                "fitzpatrick": entry.fitzpatrick,
                "language": "en",
                "timezone": "",
                "created_at": clock.now(),
                "pigmentation_history": row.values.get("pigmentation_history"),
            }
    bulk.insert_new(session, Patient, list(fresh.values()))
    chunk.result.created["patients"] += len(fresh)
    for (code, reference), added in chunk.completed.items():
        entry = chunk.patients[code, reference]
        if code == clinic.code and entry.id is not None:
            bulk.complete_patient(session, entry.id, **added)
    known = bulk.patients(session, id_of(clinic), (row.values["patient"] for row in rows))
    return {reference: entry.id for reference, entry in known.items() if entry.id is not None}


def _make_treatments(
    session: Session, chunk: _Chunk, clinic: ClinicEntry, patient_ids: dict[str, int], rows: Sequence[Row]
) -> None:
    fresh: dict[str, dict[str, Any]] = {}
    for row in rows:
        values, reference = row.values, row.values["treatment"]
        if reference not in fresh and chunk.known[clinic.code, reference].is_new:
            device = values.get("device")
            fresh[reference] = {
                "clinic_id": clinic.id,
                "patient_id": patient_ids[values["patient"]],
                "reference": reference,
                "operator_id": clinic.operators.get(values.get("operator", "")),
                "device_id": clinic.devices[device].id if device else None,
                **{name: values.get(name) for name in (*bulk.TREATMENT_VALUES, *VISIT_FACTS)},
                "source": "import",
                "created_at": clock.now(),
            }
    bulk.insert_new(session, Treatment, list(fresh.values()))
    ids = bulk.treatment_ids(session, id_of(clinic), (row.values["treatment"] for row in rows))
    areas = [_area(clinic, ids[row.values["treatment"]], row.values, chunk.area_names) for row in rows]
    bulk.insert_new(session, TreatedArea, areas)
    chunk.result.created["treatments"] += len(fresh)
    chunk.result.touched.update(ids.values())


def _area(clinic: ClinicEntry, treatment_id: int, values: Values, names: Sequence[str]) -> dict[str, Any]:
    return {
        "treatment_id": treatment_id,
        "clinic_id": clinic.id,
        "area": values["area"],
        "pass_group": values["pass_group"],
        "outside_typical": values["outside_typical"],
        **{name: values.get(name) for name in names},
    }


class TreatmentsFile(Importer):
    """Treatment logs."""

    def fields(self) -> Sequence[Field]:
        return [
            Field("treatment", "text", "the clinic's own number; else made from the content", longest=96),
            Field("clinic", "text", "code of the clinic; may be given by option instead"),
            Field("patient", "text", "the clinic's own patient number", needed=True),
            Field("performed_on", "date", "day of the treatment, in the clinic's time zone", needed=True),
            Field("operator", "text", "code of the operator"),
            Field("device", "text", "the clinic's name of the machine"),
            Field("device_class", "text", "class of the machine, where it is new"),
            Field("model", "text", "model of the machine; its class where that is not given", longest=120),
            Field("procedure_class", "code", "where not as the device proposes", codes=procedure_classes()),
            Field("also_classes", "text", f"procedure classes of what else was done in the visit, joined by {AND}"),
            Field("session_number", "whole", "number of the session in the course", low=1, high=200),
            Field("year_of_birth", "whole", "of the patient", low=1900, high=2100),
            Field(
                "age_years", "whole", "at the treatment, where no year of birth is kept", unit="years", low=0, high=120
            ),
            Field("fitzpatrick", "whole", "skin type", low=1, high=6),
            Field("is_tanned", "yes_no", "tanned or self-tanned at the treatment"),
            Field(
                "isotretinoin_months_ago",
                "whole",
                "from the last dose to the treatment; 0 = taking it",
                unit="months",
                low=0,
                high=ISOTRETINOIN_MOST,
            ),
            Field("herpes_history", "yes_no", "cold sores or shingles before the treatment"),
            Field("keloid_history", "yes_no", "keloid or thick scars before the treatment"),
            Field("eczema_history", "yes_no", "eczema at or before the treatment"),
            Field("is_immunosuppressed", "yes_no", "weak immune defences at the treatment"),
            Field("is_pregnant", "yes_no", "at the treatment"),
            Field("lives_alone", "yes_no", "at the treatment"),
            Field("pigmentation_history", "yes_no", "of a patient who is new"),
            Field("area", "code", "treated area; not_recorded where empty", codes=terms("area")),
            Field("pass_group", "whole", "1, 2 … for several settings on one area", low=1, high=20),
            Field("indication", "code", "why; not_recorded where empty", codes=terms("indication")),
            Field("cooling", "code", "kind of cooling", codes=terms("cooling")),
            Field("immediate_endpoint", "code", "what the skin showed at once", codes=terms("endpoint")),
            Field("test_spot_done", "yes_no", "whether a test spot was done"),
            *settings_columns(),
        ]

    def contradictions(self, values: Values) -> list[Found]:
        year, day = values.get("year_of_birth"), values["performed_on"]
        if year is not None and year > day.year:
            return [("year_of_birth", year, f"a year up to that of the treatment, {day.year}")]
        return []

    def take_in(self, session: Session, run: Run, rows: Sequence[Row]) -> ChunkResult:
        """Take in a chunk of a treatment log, in the caller's transaction."""
        result = ChunkResult()
        chunk = _Chunk(session, run, result)
        sound = decide_each(rows, chunk.prepare, result)
        chunk.look_up(sound)
        taken = decide_each(sound, chunk.decide, result)
        result.imported = len(taken)
        for code, part in _by_clinic(taken).items():
            _write(session, chunk, run.clinics[code], part)
        return result
