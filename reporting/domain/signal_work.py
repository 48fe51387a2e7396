"""What the evidence engine found, its card, and how people work on it: states, what may follow what, the words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Part = TypeVar("Part", bound="DataclassInstance")
Kind = Literal["outcome", "settings", "scan"]
KIND_WORDS: Mapping[str, str] = {
    "outcome": "More side effects than expected",
    "settings": "Settings have shifted",
    "scan": "A pattern to look at",
}
"""Three channels with three words: settings imply no harm, and a pattern of the scan raises no message."""
STATE_WORDS: Mapping[str, str] = {
    "new": "New",
    "reviewing": "Being reviewed",
    "explained": "Explained",
    "action_taken": "Action taken",
    "re_measured": "Measured again",
}
_NEXT: Mapping[str, tuple[str, ...]] = {
    "new": ("reviewing", "explained", "action_taken"),
    "reviewing": ("explained", "action_taken"),
    "explained": ("reviewing", "action_taken"),
    "action_taken": ("action_taken", "re_measured", "explained"),
    "re_measured": ("reviewing", "action_taken", "re_measured", "explained"),
}
WORDS_CHARACTERS = 2_000


def next_states(state: str) -> tuple[str, ...]:
    """States that may follow."""
    return _NEXT[state]


@dataclass(frozen=True)
class Place:
    """Who or what it is about: a unit of a clinic, and for whom. ``unit`` is CLINIC/CODE, a band's with its setting."""

    clinic: str = ""
    unit_type: str = ""
    unit: str = ""
    symptom: str = ""
    """``any`` for several at once; ``symptoms`` are those that were counted."""
    symptoms: tuple[str, ...] = ()
    skin_group: str = ""


@dataclass(frozen=True)
class Excess:
    """Events observed and expected from the case mix, their ratio with 95 % limits; no ratio without an expectation."""

    observed: float
    expected: float
    ratio: float | None
    ratio_lower: float | None
    ratio_upper: float | None

    @property
    def excess(self) -> float:
        return self.observed - self.expected


@dataclass(frozen=True)
class Shift:
    """How far settings moved, in standard deviations (more is stronger) with 95 % limits, over so many treatments."""

    treatments_since: float
    shift_sd: float
    shift_lower: float
    shift_upper: float


@dataclass(frozen=True)
class Sureness:
    """Probability that it is this one (charts), q-value (outcomes and patterns), and false signals a clinic-year: those
    that the budget allows, and those of simulated clinics in which nothing is wrong."""

    probability: float | None = None
    q_value: float | None = None
    cells_tested: int = 0
    expected_false_per_clinic_year: float | None = None
    simulated_false_per_clinic_year: float | None = None


@dataclass(frozen=True)
class Response:
    """Treated areas asked, answered and with an event, shares of 1 from what the silent could change, in words too."""

    n_asked: int | None = None
    n_answered: int | None = None
    n_with_event: int | None = None
    response_rate: float | None = None
    """Answered due check-ins over due check-ins."""
    if_none_of_the_silent: float | None = None
    if_all_of_the_silent: float | None = None
    tipping_point: str | None = None


@dataclass(frozen=True)
class SettingsShare:
    """How much of an excess the settings explain, 0 to 1, None with the reason where it cannot be told."""

    settings_share: float | None
    settings_words: str


@dataclass(frozen=True)
class Behind:
    """How many treatments and patients stand behind it, and the ids of the first treatments."""

    n_treatments: int = 0
    n_patients: int | None = None
    treatments: tuple[int, ...] = ()


@dataclass(frozen=True)
class EventCourse:
    """Events observed and expected in each week, by the day on which it ends."""

    weeks: tuple[date, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True)
class SettingCourse:
    """Mean of a standardised setting and number of treatments in each week, by the day on which it ends."""

    setting: str
    weeks: tuple[date, ...]
    mean: tuple[float, ...]
    n: tuple[int, ...]


Course = EventCourse | SettingCourse
_CHARTS_ALONE = ("detail", "first_flagged", "last_flagged", "simulated_false_per_clinic_year")
"""What a chart tells, and a pattern of the scan does not have."""


@dataclass(frozen=True)
class Card:
    """Everything that is shown of a signal, as the look computed it."""

    kind: Kind
    numbers: Excess | Shift
    """A shift for settings, an excess else."""
    place: Place = Place()
    sure: Sureness = Sureness()
    response: Response = Response()
    instead: tuple[str, ...] = ()
    """What else it could be, a sentence each."""
    settings: SettingsShare | None = None
    behind: Behind = Behind()
    since: date | None = None
    first_flagged: date | None = None
    last_flagged: date | None = None
    detail: str = ""
    """Which setting has shifted and for which skin, ``density, all``; for which skin there are more events."""
    as_of: date | None = None
    course: Course | None = None

    @property
    def what(self) -> str:
        return KIND_WORDS[self.kind]

    def to_json(self) -> dict[str, Any]:
        """The flat form in which a card is kept."""
        flat: dict[str, Any] = {
            "what": self.what,
            "kind": self.kind,
            "detail": self.detail,
            "instead": list(self.instead),
        }
        for part in (self.place, self.sure, self.numbers, self.response, self.settings, self.behind):
            flat |= _flat(part) if part else {}
        if isinstance(self.numbers, Excess):
            flat["excess"] = self.numbers.excess
        flat |= {"since": _iso(self.since), "as_of": _iso(self.as_of)}
        flat |= {"first_flagged": _iso(self.first_flagged), "last_flagged": _iso(self.last_flagged)}
        flat["course"] = _course_flat(self.course) if self.course else {}
        left_out = _CHARTS_ALONE if self.kind == "scan" else ()
        return {name: value for name, value in flat.items() if name not in left_out}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Card":
        """A card as it was kept, by this version or an earlier one that told less."""
        return cls(
            kind=kept["kind"],
            numbers=_part(Shift, kept) if kept["kind"] == "settings" else _part(Excess, kept),
            place=_part(Place, kept),
            sure=_part(Sureness, kept),
            response=_part(Response, kept),
            instead=tuple(kept.get("instead", ())),
            settings=_part(SettingsShare, {"settings_share": None} | dict(kept)) if "settings_words" in kept else None,
            behind=_part(Behind, kept),
            since=_day(kept.get("since")),
            first_flagged=_day(kept.get("first_flagged")),
            last_flagged=_day(kept.get("last_flagged")),
            detail=kept.get("detail", ""),
            as_of=_day(kept.get("as_of")),
            course=_course(kept.get("course") or {}),
        )


def _part(of: type[Part], kept: Mapping[str, Any]) -> Part:
    known = {each.name: kept[each.name] for each in fields(of) if each.name in kept}
    return of(**{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()})


def _flat(part: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(part).items()}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(words: str | None) -> date | None:
    return date.fromisoformat(words) if words else None


def _course_flat(course: Course) -> dict[str, Any]:
    kind = "events" if isinstance(course, EventCourse) else "settings"
    return {"kind": kind} | _flat(course) | {"weeks": [day.isoformat() for day in course.weeks]}


def _course(kept: Mapping[str, Any]) -> Course | None:
    if not kept:
        return None
    weeks = tuple(date.fromisoformat(day) for day in kept["weeks"])
    if kept["kind"] == "events":
        return EventCourse(weeks, tuple(kept["observed"]), tuple(kept["expected"]))
    return SettingCourse(kept["setting"], weeks, tuple(kept["mean"]), tuple(kept["n"]))


@dataclass(frozen=True)
class DidItHelp:
    """What was measured after an action, as it is kept with the step: events and expectations before and after, the
    ratio of observed to expected after to before with 95 % limits, and the answer in words."""

    as_of: date
    ratio: float | None
    lower: float | None
    upper: float | None
    observed_before: float
    expected_before: float
    observed_after: float
    expected_after: float
    words: str

    def to_json(self) -> dict[str, Any]:
        """The form in which it is kept."""
        return vars(self) | {"as_of": self.as_of.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "DidItHelp":
        """What was kept."""
        return cls(**{**kept, "as_of": date.fromisoformat(kept["as_of"])})


@dataclass(frozen=True)
class Finding:
    """One signal as a look over the data sees it. ``unit_id`` is the clinic's own code."""

    clinic: str
    kind: Kind
    unit_type: str
    unit_id: str
    symptom: str
    skin_group: str
    since: date
    first_flagged: date
    last_flagged: date
    card: Card = field(compare=False)


@dataclass(frozen=True)
class Look:
    """One look over the data as of a day: findings in order of rank, and how many cells were tested."""

    as_of: date
    findings: tuple[Finding, ...]
    cells_tested: int
    expected_false_per_clinic_year: float
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)
