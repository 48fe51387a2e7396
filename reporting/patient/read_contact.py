"""Whom a patient calls: the clinic, the line that answers while it is closed, the emergency number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reporting.domain.guidance import Guidance, department_words, emergency_words, line_words, told
from reporting.domain.language import ENGLISH, beside, isolated
from reporting.domain.opening_hours import Opening, opening
from reporting.domain.patient_words import say
from reporting.records import clinic_facts
from reporting.records.tables import Clinic


@dataclass(frozen=True)
class Call:
    """A button that calls ``number``; ``is_urgent``: the red one."""

    number: str
    label: str
    is_urgent: bool = False


@dataclass(frozen=True)
class ClinicContact:
    """Whom to call, and when somebody is there. ``opening`` is the clinic now; None: nothing is said about it."""

    name: str
    telephone: str
    emergency_telephone: str
    """Of where the patient is; empty: not known, and never guessed."""
    opening_hours: Mapping[str, list[str]]
    opening: Opening | None = None
    other_telephones: tuple[str, ...] = ()
    out_of_hours_name: str = ""
    out_of_hours_telephone: str = ""
    country: str = ""
    """Where the patient is; empty: not known."""

    def tells(self, guidance: Guidance, language: str = ENGLISH) -> Guidance:
        """The guidance as this clinic's patients read it now."""
        return told(
            guidance,
            emergency=self.emergency(language),
            out_of_hours=line_words(self.out_of_hours_name, self.out_of_hours_telephone, language),
            department=self.department(language),
            opening=self.opening,
            language=language,
        )

    def emergency(self, language: str = ENGLISH) -> str:
        """The emergency number as it stands in a sentence."""
        return emergency_words(self.emergency_telephone, language)

    def department(self, language: str = ENGLISH) -> str:
        """Where emergencies are seen, as it is called where the patient is."""
        return department_words(self.country, language)

    def telephones(self, language: str = ENGLISH) -> str:
        """The clinic's numbers beside each other; empty where it has none."""
        numbers = [number for number in (self.telephone, *self.other_telephones) if number]
        return beside([isolated(number, language) for number in numbers], language)

    def when_closed(self, language: str = ENGLISH) -> str:
        """``When the clinic is closed: NHS 111, 111.``; empty where there is no such line."""
        if not self.out_of_hours_telephone:
            return ""
        number = isolated(self.out_of_hours_telephone, language)
        return say("when_closed", language, name=self.out_of_hours_name, telephone=number)

    def calls(
        self, language: str = ENGLISH, *, is_emergency: bool = False, is_urgent: bool = False
    ) -> tuple[Call, ...]:
        """The buttons that call, the most pressing first.

        ``is_urgent``: somebody must be called now. While the clinic is closed that is the out-of-hours line, never the
        clinic: the red button must not ring where nobody is.
        """
        found = []
        if is_emergency and self.emergency_telephone:
            label = say("call_emergency", language, telephone=self.emergency(language))
            found.append(Call(self.emergency_telephone, label, is_urgent=True))
        is_closed = self.opening is not None and not self.opening.is_open
        if is_urgent and not is_emergency and is_closed and self.out_of_hours_telephone:
            found.append(self._call(self.out_of_hours_name, self.out_of_hours_telephone, language, is_urgent=True))
        if self.telephone:
            is_red = is_urgent and not is_emergency and not is_closed
            found.append(self._call(self.name, self.telephone, language, is_urgent=is_red))
        return tuple(found)

    def _call(self, name: str, number: str, language: str, *, is_urgent: bool) -> Call:
        label = say("call_clinic", language, name=name, telephone=isolated(number, language))
        return Call(number, label, is_urgent=is_urgent)


def contact_of(clinic: Clinic, patient: clinic_facts.Placed, moment: datetime) -> ClinicContact:
    """Whom this patient of the clinic calls at ``moment``."""
    where = clinic_facts.place_of(clinic, patient)
    return ClinicContact(
        clinic.name,
        clinic.telephone,
        where.emergency_telephone,
        dict(clinic.opening_hours),
        opening(clinic_facts.open_times(clinic), moment),
        tuple(clinic.other_telephones),
        where.out_of_hours_name,
        where.out_of_hours_telephone,
        where.country,
    )
