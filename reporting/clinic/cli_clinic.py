"""``python -m reporting clinic``: whom a clinic's patients call and when it is open, also for clinics that an import
made."""

import json

import typer

from reporting.clinic.act_clinic import change_facts_of
from reporting.clinic.read_safety import clinics_facts
from reporting.domain.clinic_settings import proposed
from reporting.domain.opening_hours import DAYS
from reporting.errors import Problem
from reporting.records.migrate import migrate

app = typer.Typer(help="Whom a clinic's patients call, and when it is open.", no_args_is_help=True)


@app.command()
def show(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Every clinic with its facts. Exit code 1: one of them can invite nobody, because a fact is missing."""
    migrate()
    found = clinics_facts()
    if as_json:
        print(json.dumps({code: {**facts.typed(), "missing": facts.missing} for code, (_, facts) in found.items()}))
    else:
        for code, (_, facts) in found.items():
            print(f"{code}: {'missing: ' + ', '.join(facts.missing) if facts.missing else 'complete'}")
            for name, value in facts.typed().items():
                print(f"  {name}: {value.replace(chr(10), '; ') or '-'}")
    raise typer.Exit(1 if any(facts.missing for _, facts in found.values()) else 0)


def _hours(given: list[str]) -> dict[str, str]:
    """``mon-fri=08:00-18:00`` as a text per weekday."""
    found = {}
    for one in given:
        days, _, times = one.partition("=")
        first, _, last = days.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise typer.BadParameter(f"{one!r}: allowed is mon=08:00-18:00 or mon-fri=08:00-12:00,14:00-18:00")
        for day in DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]:
            found[f"hours_{day}"] = times
    return found


def _days(now: str, add: list[str], drop: list[str]) -> str:
    """The lines of ``now`` without those of the dates in ``drop`` or named anew, and with ``add``."""
    gone = {line.split(" ")[0] for line in add} | set(drop)
    return "\n".join([*(line for line in now.splitlines() if line.split(" ")[0] not in gone), *add])


@app.command("set")
def set_facts(
    clinic: str = typer.Option(..., help="Code of the clinic."),
    country: str = typer.Option("", help="Two letters, such as GB; what is usual there fills what is missing."),
    region: str | None = typer.Option(None, help="Region whose public holidays hold, such as ENG; empty: none."),
    timezone: str = typer.Option("", help="IANA name, such as Europe/London."),
    telephone: list[str] = typer.Option([], help="Telephone of the clinic; again for a further one."),
    emergency: str = typer.Option("", help="Emergency number."),
    out_of_hours_name: str = typer.Option("", help="Who answers while the clinic is closed."),
    out_of_hours_telephone: str = typer.Option("", help="Its number."),
    hours: list[str] = typer.Option([], help="mon-fri=08:00-18:00; again for other days; sat= for closed."),
    closed: list[str] = typer.Option([], help="A closed day and its reason: '2026-12-24 Christmas Eve'."),
    not_closed: list[str] = typer.Option([], help="A date that is no closed day any more."),
    open_holiday: list[str] = typer.Option([], help="Date of a public holiday on which the clinic is open."),
    no_open_holiday: list[str] = typer.Option([], help="A date that is closed again."),
) -> None:
    """Change what is named and leave the rest; the audit trail keeps both. Exit code 2: a value is not allowed."""
    migrate()
    found = clinics_facts().get(clinic)
    if found is None:
        raise typer.BadParameter(f"there is no clinic {clinic!r}; see: python -m reporting clinic show")
    clinic_id, facts = found
    named = {
        "country": country,
        "timezone": timezone,
        "telephone": "; ".join(telephone),
        "emergency_telephone": emergency,
        "out_of_hours_name": out_of_hours_name,
        "out_of_hours_telephone": out_of_hours_telephone,
    }
    typed = facts.typed() | {name: value for name, value in named.items() if value} | _hours(hours)
    if country:
        typed = {**typed, **{name: value for name, value in proposed(country).items() if not typed[name]}}
    if region is not None:
        typed["region"] = region
    typed["closed_days"] = _days(typed["closed_days"], closed, not_closed)
    typed["open_holidays"] = _days(typed["open_holidays"], open_holiday, no_open_holiday)
    try:
        changed = change_facts_of(clinic_id=clinic_id, given=typed)
    except Problem as problem:
        typer.echo(f"{problem.message} {problem.what_to_do}", err=True)
        raise typer.Exit(2) from None
    missing = clinics_facts()[clinic][1].missing
    print(f"{clinic}: {'changed' if changed else 'nothing was different'}.")
    print(f"Missing before patients can be invited: {', '.join(missing)}." if missing else "Patients can be invited.")
