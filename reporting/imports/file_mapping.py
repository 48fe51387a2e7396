"""How another program's columns become ours: a TOML file with one table per kind of file.

    [treatments]
    create_missing = true
    performed_on = { column = "Date", format = "%d.%m.%Y" }
    pulse_width_ms = { column = "Pulse", unit = "us" }
    indication = { column = "Reason", values = { spots = "pigment" } }
    area = { constant = "not_recorded" }

A field that the table does not name is read from the column of our own name, where the file has one.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from reporting.domain.devices import UnknownUnit, convert, known_units
from reporting.errors import Problem, UnreadableFile
from reporting.imports.kind import Field, Kind
from reporting.imports.kinds import KINDS, fields_of

SWITCHES = ("create_missing", "judged", "decimal_comma")
BESIDE = ("backtest",)
"""Tables that are no kind of file: what ``scoring_words`` reads."""
GUESS_FROM = 0.72
"""Likeness of names, 0 to 1, from which a guess is offered."""
MOST_CHARACTERS, LONGEST_LINE, LONGEST_NAME = 64_000, 2_000, 60
"""Of a mapping file, of a line in it, and of a name that is compared with ours: reading a key of many parts and
comparing names take a time that grows with the square of their length."""


class WrongMapping(Problem):
    code = "wrong_mapping"
    status = 422
    what_to_do = "Correct the mapping and import again. Nothing was imported."


class Source(BaseModel):
    """Where one of our fields comes from: a column of the file, or one constant for every row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = None
    constant: str | None = None
    unit: str | None = None
    values: dict[str, str] = {}
    format: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, given: Any) -> Any:
        """Numbers and truth values in TOML stand for their spelling."""
        if isinstance(given, str):
            return {"column": given}
        if not isinstance(given, dict):
            raise ValueError('must be a column name or a table such as { column = "Date" }')
        spelled = dict(given)
        if "constant" in spelled:
            spelled["constant"] = _spelling(spelled["constant"])
        if isinstance(spelled.get("values"), dict):
            spelled["values"] = {word: _spelling(ours) for word, ours in spelled["values"].items()}
        return spelled

    @model_validator(mode="after")
    def _one_of_both(self) -> "Source":
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs either a column or a constant")
        return self


def _spelling(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


@dataclass(frozen=True)
class KindMapping:
    """The mapping of one kind of file.

    ``judged``: a severity of 1 or more already means *unexpected* by the sender's own rule.
    """

    kind: Kind
    sources: Mapping[str, Source] = field(default_factory=dict)
    create_missing: bool = False
    judged: bool = False
    decimal_comma: bool = False
    own_names: bool = True
    """Whether a field that is not mapped is read from the column of our own name."""


def mapping_text(path: Path) -> str:
    """The text of a mapping file. Raises UnreadableFile."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(
            f"The mapping {path} cannot be read: {error}.", what_to_do="Name the TOML file of the log's mapping."
        ) from None


def _tables(text: str, name: str) -> dict[str, Any]:
    """The TOML text, once its length was found bearable. Raises WrongMapping."""
    if len(text) > MOST_CHARACTERS or any(len(line) > LONGEST_LINE for line in text.splitlines()):
        raise WrongMapping(
            f"{name} is too long; at most {MOST_CHARACTERS} characters, and {LONGEST_LINE} a line, are read."
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongMapping(f"{name} is not valid TOML: {error}.") from None
    except RecursionError:
        raise WrongMapping(f"{name} is not a mapping: its lists stand in lists too deeply.") from None


def parse_mapping(text: str, kind: Kind, name: str = "the mapping") -> KindMapping:
    """The table of ``kind`` in a TOML text, empty where it has none. Raises WrongMapping, UnknownUnit."""
    tables = _tables(text, name)
    for found in tables:
        if found not in KINDS and found not in BESIDE:
            raise WrongMapping(f"{name} has a table [{found}]; allowed are {', '.join(KINDS)}.")
    table = tables.get(kind, {})
    if not isinstance(table, dict):
        raise WrongMapping(f"{name}: {kind} must be a table.")
    return _kind_mapping(kind, table, f"{name}, [{kind}]")


def as_plain(mapping: KindMapping) -> dict[str, Any]:
    """A mapping as plain JSON, to import with it again later."""
    switches = {name: getattr(mapping, name) for name in (*SWITCHES, "own_names")}
    return {
        "kind": mapping.kind,
        **switches,
        "sources": {name: source.model_dump() for name, source in mapping.sources.items()},
    }


def from_plain(given: Mapping[str, Any]) -> KindMapping:
    """The mapping that ``as_plain`` was made of."""
    sources = {name: Source.model_validate(source) for name, source in given["sources"].items()}
    return KindMapping(**{**given, "sources": sources})


@dataclass(frozen=True)
class ScoringWords:
    """How a backtest names things for the program that sent a log: its column of each symptom, and the
    categories of the patient whose dose-response it wants (``[backtest]``, for example indication)."""

    symptoms: Mapping[str, str]
    patient: Mapping[str, str]


def scoring_words(text: str, symptoms: Sequence[str], name: str = "the mapping") -> ScoringWords:
    """Words of a mapping file. Raises WrongMapping, UnknownUnit."""
    sources = parse_mapping(text, "check-ins", name).sources
    patient = _tables(text, name).get("backtest", {})
    if not isinstance(patient, dict) or not all(isinstance(value, str) for value in patient.values()):
        raise WrongMapping(f'{name}: [backtest] holds categories of a patient, such as indication = "pigment".')
    columns = {code: sources[code].column for code in symptoms if code in sources}
    return ScoringWords({code: column for code, column in columns.items() if column}, patient)


def _kind_mapping(kind: Kind, table: Mapping[str, Any], where: str) -> KindMapping:
    fields = fields_of(kind)
    switches: dict[str, bool] = {}
    sources: dict[str, Source] = {}
    for key, given in table.items():
        if key in SWITCHES:
            if not isinstance(given, bool):
                raise WrongMapping(f"{where}: {key} must be true or false.")
            switches[key] = given
        elif key in fields:
            sources[key] = _source(fields[key], given, f"{where}: {key}")
        else:
            raise WrongMapping(f"{where}: there is no field {key}{_nearest(key, [*fields, *SWITCHES])}.")
    return KindMapping(kind=kind, sources=sources, **switches)


def _source(of: Field, given: object, where: str) -> Source:
    try:
        source = Source.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        reason = fault["msg"].removeprefix("Value error, ")
        raise WrongMapping(f"{where} {place}".rstrip() + f": {reason}.") from None
    if source.unit is not None:
        if of.type != "number":
            raise WrongMapping(f"{where} has no unit that could be converted.")
        convert(1.0, source.unit, of.unit)
    return source


def _nearest(name: str, names: Sequence[str]) -> str:
    best = max(names, key=lambda other: SequenceMatcher(None, name[:LONGEST_NAME], other).ratio())
    return f"; the nearest is {best}"


def units_for(of: Field) -> tuple[str, ...]:
    """The units that a file may use for a field, ours first; empty where it has none."""
    if of.type != "number" or of.unit not in known_units():
        return ()
    return (of.unit, *(unit for unit in known_units() if unit != of.unit and _converts(unit, of.unit)))


def _converts(unit: str, ours: str) -> bool:
    try:
        convert(1.0, unit, ours)
    except UnknownUnit:
        return False
    return True


def chosen(
    kind: Kind, choices: Mapping[str, tuple[str, str | None]], *, create_missing: bool, judged: bool
) -> KindMapping:
    """The mapping of columns chosen one by one: column to (our field, unit). Raises WrongMapping."""
    sources: dict[str, Source] = {}
    for column, (name, unit) in choices.items():
        if name in sources:
            raise WrongMapping(
                f"Both {sources[name].column!r} and {column!r} are chosen for {name}.",
                what_to_do="Choose one column for each field.",
            )
        sources[name] = Source(column=column, unit=unit)
    return KindMapping(kind, sources, create_missing=create_missing, judged=judged, own_names=False)


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_OTHER_NAMES = {
    "treatment": ("treatmentid", "treatmentno", "visitid", "sessionid"),
    "patient": ("patientid", "patientno", "patientreference", "mrn", "chartno"),
    "clinic": ("clinicid", "cliniccode", "site", "branch"),
    "operator": ("operatorid", "operatorcode", "practitioner", "provider", "therapist"),
    "device": ("deviceid", "devicecode", "machine", "laser"),
    "model": ("devicemodel",),
    "performed_on": ("date", "treatmentdate", "performeddate", "visitdate"),
    "age_years": ("age", "patientage"),
    "fitzpatrick": ("skintype", "fst", "fitzpatricktype"),
    "due_on": ("duedate",),
    "answered_on": ("answereddate", "answeredat", "responsedate"),
    "scheduled_day": ("day", "checkinday"),
    "burning": ("burn",),
    "hyperpigmentation": ("pih", "pigmentation"),
    "scarring": ("scar", "scars"),
    "pulse_width_ms": ("pulsems", "pulsewidth", "pulseduration"),
    "device_class": ("devicetype",),
}


def guess(kind: Kind, header: Sequence[str]) -> dict[str, str]:
    """Our fields to columns of the file that are probably the same, by their names; each column once."""
    plain = {column: _words(column) for column in header if column}
    found: dict[str, str] = {}
    candidates = [(_likeness(name, words), name, column) for name in fields_of(kind) for column, words in plain.items()]
    for likeness, name, column in sorted(candidates, key=lambda item: -item[0]):
        if likeness >= GUESS_FROM and name not in found and column not in found.values():
            found[name] = column
    return found


def _likeness(name: str, words: str) -> float:
    if words in _OTHER_NAMES.get(name, ()):
        return 0.99
    if len(words) > LONGEST_NAME:
        return 0.0
    match = SequenceMatcher(None, _words(name), words)
    is_like = match.real_quick_ratio() >= GUESS_FROM and match.quick_ratio() >= GUESS_FROM
    return match.ratio() if is_like else 0.0
