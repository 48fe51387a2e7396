"""Import of check-ins: answered ones with severities, and those that were due and not answered."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reporting import clock
from reporting.domain.course import of_visit
from reporting.domain.vocabulary import SYMPTOMS
from reporting.imports.kind import (
    ChunkResult,
    Field,
    Found,
    Importer,
    Row,
    Run,
    Values,
    decide_each,
    differences,
)
from reporting.records import bulk
from reporting.records.bulk import Session, TreatmentEntry
from reporting.records.judged import judge
from reporting.records.tables import CheckIn
from reporting.shell.file_csv import Refused

COMPARED = ("due_on", "answered_at", *SYMPTOMS, "worried", "judged_by_source")
ANSWERED_LATER = "answered in a later import"


def submission_key(treatment_id: int, scheduled_day: int, *, answered: bool) -> str:
    """The key under which an imported check-in is kept once, however often its file comes."""
    return f"import:{treatment_id}:{scheduled_day}:{'answered' if answered else 'due'}"


def _moment(answered_on: date | datetime, timezone: str) -> datetime:
    """An aware moment; noon where only the day is known."""
    if not isinstance(answered_on, datetime):
        answered_on = datetime.combine(answered_on, time(12))
    return answered_on if answered_on.tzinfo else answered_on.replace(tzinfo=ZoneInfo(timezone))


def judgement(made: Mapping[str, Any], of: TreatmentEntry) -> dict[str, Any]:
    """Columns that keep what of an answer was more than expected, and by which clinical content."""
    if made["answered_at"] is None:
        return {"unexpected": None, "package_version": None, "package_hash": None}
    row = CheckIn(**made)
    judge(row, of_visit(of.procedure_class, of.also_classes), None, of.content_version)
    return {name: getattr(row, name) for name in ("unexpected", "package_version", "package_hash")}


class _Chunk:
    def __init__(self, session: Session, run: Run) -> None:
        self.session, self.run = session, run
        self.subjects: dict[tuple[str | None, str], list[TreatmentEntry]] = {}
        self.stored: dict[str, dict[str, Any]] = {}
        self.fresh: dict[str, dict[str, Any]] = {}
        self.made: dict[int, dict[str, Any]] = {}
        """Number of a row to the check-in that it would become."""
        self.replaced: list[str] = []
        self.made_at = clock.now()

    def find_clinic(self, row: Row) -> bool:
        if row.values.get("clinic") or self.run.clinic or self.run.only_clinic:
            row.values.setdefault("clinic", self.run.clinic or self.run.only_clinic)
            if self.run.clinic_of(self.session, row).id is None:
                raise self.run.refuse(row, "clinic", row.values["clinic"], "a clinic that is there")
        return True

    def look_up(self, rows: Sequence[Row]) -> None:
        """Ask for the treatments that the rows name."""
        for clinic in {row.values.get("clinic") for row in rows}:
            clinic_id = self.run.clinics[clinic].id if clinic else None
            wanted = (row.values["treatment"] for row in rows if row.values.get("clinic") == clinic)
            for reference, found in bulk.treatments(self.session, wanted, clinic_id).items():
                self.subjects[clinic, reference] = found

    def prepare(self, row: Row) -> bool:
        """Work out the check-in that a row would become. Raises Refused."""
        values, subject = row.values, self._subject(row)
        due_on = values.get("due_on") or subject.performed_on + timedelta(days=values["scheduled_day"])
        if due_on < subject.performed_on:
            allowed = f"a day from the treatment on, {subject.performed_on}"
            raise self.run.refuse(row, "due_on", due_on, allowed)
        answered_at = self._answered_at(row, subject) if values["answered"] else None
        local = answered_at.astimezone(ZoneInfo(subject.timezone)).date() if answered_at else None
        made = {
            "clinic_id": subject.clinic_id,
            "patient_id": subject.patient_id,
            "treatment_id": subject.id,
            "scheduled_day": values["scheduled_day"],
            "due_on": due_on,
            "answered_at": answered_at,
            "recovery_day": (local - subject.performed_on).days if local else None,
            **{symptom: values.get(symptom) for symptom in SYMPTOMS},
            "areas": {},
            "follow_up": {},
            "worried": values.get("worried", False),
            "judged_by_source": self.run.judged,
            "source": "import",
            "replaced_reason": "",
            "replaced_at": None,
            "submission_key": submission_key(subject.id, values["scheduled_day"], answered=values["answered"]),
            "created_at": self.made_at,
        }
        self.made[row.number] = made | judgement(made, subject)
        return True

    def _subject(self, row: Row) -> TreatmentEntry:
        reference = row.values["treatment"]
        found = self.subjects.get((row.values.get("clinic"), reference), [])
        if not found:
            allowed = "the number of a treatment that is there; import the treatments first"
            raise self.run.refuse(row, "treatment", reference, allowed)
        if len(found) > 1:
            allowed = f"a number that only one clinic uses; {len(found)} do, so the clinic must be given"
            raise self.run.refuse(row, "treatment", reference, allowed)
        return found[0]

    def _answered_at(self, row: Row, subject: TreatmentEntry) -> datetime:
        moment = _moment(row.values["answered_on"], subject.timezone)
        day = moment.astimezone(ZoneInfo(subject.timezone)).date()
        today = self.run.today(subject.timezone)
        if not subject.performed_on <= day <= today:
            allowed = f"a day from the treatment, {subject.performed_on}, to today, {today}"
            raise self.run.refuse(row, "answered_on", day, allowed)
        return moment

    def recall(self, rows: Sequence[Row]) -> None:
        """Ask for the check-ins that are there already."""
        made = [self.made[row.number] for row in rows]
        keys = (
            submission_key(each["treatment_id"], each["scheduled_day"], answered=answered)
            for each in made
            for answered in (False, True)
        )
        self.stored = bulk.check_ins(self.session, keys, COMPARED)

    def decide(self, row: Row) -> bool:
        """Whether the check-in is new; False where it is there already. Raises Refused."""
        made = self.made[row.number]
        due, answered = (
            submission_key(made["treatment_id"], made["scheduled_day"], answered=answered) for answered in (False, True)
        )
        key = answered if row.values["answered"] else due
        earlier = self.stored.get(key)
        if earlier is not None:
            if all(earlier[name] == made[name] for name in COMPARED):
                return False
            raise self._duplicate(row, earlier)
        if key == due and answered in self.stored:
            raise self._duplicate(row, self.stored[answered])
        if key == answered and due in self.stored:
            self._replace(due)
        self.stored[key] = self.fresh[key] = made
        return True

    def _replace(self, due: str) -> None:
        """An open check-in has been answered since: it stays, marked as replaced."""
        if due in self.fresh:
            self.fresh[due] |= {"replaced_at": self.made_at, "replaced_reason": ANSWERED_LATER}
        else:
            self.replaced.append(due)

    def _duplicate(self, row: Row, earlier: dict[str, Any]) -> Refused:
        made = self.made[row.number]
        what = differences([earlier[n] for n in COMPARED], [made[n] for n in COMPARED], COMPARED)
        allowed = (
            f"a check-in that is new, or the same as before: day {made['scheduled_day']} of this treatment "
            f"is there already with {what}. An import never changes an answer"
        )
        return self.run.refuse(row, "treatment", row.values["treatment"], allowed)


class CheckInsFile(Importer):
    """Files of check-ins."""

    def fields(self) -> Sequence[Field]:
        return [
            Field("clinic", "text", "code of the clinic; may be given by option instead"),
            Field("treatment", "text", "the clinic's own number of the treatment", needed=True, longest=96),
            Field(
                "scheduled_day",
                "whole",
                "day after the treatment for which it was due",
                unit="days",
                needed=True,
                low=0,
                high=3650,
            ),
            Field("due_on", "date", "date for which it was due; worked out where empty"),
            Field("answered", "yes_no", "no: it was due and nobody answered; kept, response rates need it"),
            Field("answered_on", "moment", "when it was answered, in the clinic's time zone"),
            *(
                Field(symptom, "whole", "0 none, 1 mild, 2 moderate, 3 severe, 4 very severe", low=0, high=4)
                for symptom in SYMPTOMS
            ),
            Field("worried", "yes_no", "whether the patient said so"),
        ]

    def contradictions(self, values: Values) -> list[Found]:
        severities = [symptom for symptom in SYMPTOMS if symptom in values]
        answered = values.setdefault("answered", "answered_on" in values or bool(severities))
        if answered and "answered_on" not in values:
            return [("answered_on", "", "the day of the answer, because the check-in was answered")]
        if answered and not severities:
            return [("answered", "yes", "yes only with a severity of at least one symptom; no problems is 0")]
        if not answered and (severities or "answered_on" in values):
            given = (severities or ["answered_on"])[0]
            return [(given, values[given], "empty, because the check-in was not answered")]
        return []

    def take_in(self, session: Session, run: Run, rows: Sequence[Row]) -> ChunkResult:
        """Take in a chunk of check-ins, in the caller's transaction."""
        result = ChunkResult()
        chunk = _Chunk(session, run)
        rows = decide_each(rows, chunk.find_clinic, result)
        chunk.look_up(rows)
        rows = decide_each(rows, chunk.prepare, result)
        chunk.recall(rows)
        rows = decide_each(rows, chunk.decide, result)
        result.imported = len(rows)
        for row in rows:
            made = chunk.made[row.number]
            result.touched.add(made["treatment_id"])
            result.clinic_ids.add(made["clinic_id"])
        bulk.insert_new(session, CheckIn, list(chunk.fresh.values()))
        bulk.replace_check_ins(session, chunk.replaced, ANSWERED_LATER)
        result.created["check-ins"] += len(chunk.fresh)
        return result

    def clinics_of(self, session: Session, run: Run, rows: Sequence[Row]) -> dict[int, int]:
        """The clinic of the treatment that a row names, where only one clinic has such a number."""
        named = {row.number: run.reader.text("treatment", row.cells) for row in rows}
        found = bulk.treatments(session, {text for text in named.values() if text}, None) if rows else {}
        entries = {number: found.get(text or "", []) for number, text in named.items()}
        return {number: each[0].clinic_id for number, each in entries.items() if len(each) == 1}
