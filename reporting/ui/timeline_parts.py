"""The parts of a patient's timeline: settings beside the guideline, the recovery charts, reports, steps."""

import pandas as pd
import streamlit as st

from reporting.charts.timeline import MARKS, course_table, reported_symptoms, symptom_course
from reporting.domain.symptoms import severity_word, symptom, symptoms
from reporting.exchange.table_csv import table_csv
from reporting.queries.settings_check import SettingLine
from reporting.queries.timeline import AreaLine, Change, Report, TreatmentLine
from reporting.ui import format as words
from reporting.ui.downloads import csv_file
from reporting.ui.figures import chart, drawn
from reporting.ui.states import empty

_VERDICTS = {
    "ok": "", "outside_typical": "outside the typical range", "above_guideline": "above guideline",
    "below_guideline": "below guideline", "above_protocol": "above own protocol",
    "below_protocol": "below own protocol",
}  # fmt: skip


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "none known"
    if low is None or high is None:
        return f"up to {words.number(high)}" if high is not None else f"from {words.number(low or 0)}"
    return f"{words.number(low)} to {words.number(high)}"


def settings_table(lines: tuple[SettingLine, ...]) -> pd.DataFrame:
    """Settings as used beside the published guideline, the clinic's own protocol if it has one, and what is typical."""
    has_own = any(line.protocol != (None, None) for line in lines)
    return pd.DataFrame(
        [
            {
                "Setting": line.label,
                "Used": words.quantity(line.value, line.unit),
                "Guideline": _range(line.guideline_minimum, line.guideline_maximum),
                **({"Own protocol": _range(*line.protocol)} if has_own else {}),
                "Typical": _range(*line.typical),
                "Note": _VERDICTS[line.verdict],
            }
            for line in lines
        ]
    )


def _area(area: AreaLine) -> None:
    group = f", pass group {area.pass_group}" if area.pass_group > 1 else ""
    facts = [f"**{area.area.capitalize()}{group}**"]
    if area.indication:
        facts.append(f"for {area.indication.lower()}")
    if area.cooling:
        facts.append(f"cooling: {area.cooling.lower()}")
    if area.endpoint:
        facts.append(f"endpoint: {area.endpoint.lower()}")
    if area.test_spot_done is not None:
        facts.append("test spot done" if area.test_spot_done else "no test spot")
    st.markdown(" · ".join(facts))
    above = [line.label for line in area.settings if line.is_above_guideline]
    warnings = [f":orange-badge[:material/tune: {label} above guideline]" for label in above]
    warnings += [
        f":orange-badge[:material/tune: {line.label} above own protocol]"
        for line in area.settings if line.is_above_protocol and not line.is_above_guideline
    ]  # fmt: skip
    if area.is_warning_endpoint:
        warnings.append(":orange-badge[:material/warning: Endpoint shows damage]")
    if warnings:
        st.markdown(" ".join(warnings))
    if area.settings:
        st.dataframe(
            settings_table(area.settings), hide_index=True, alt=f"Settings used on {area.area}",
            key=f"settings_{area.treated_area_id}",
        )  # fmt: skip
    else:
        st.markdown("No settings were recorded.")


def _course(treatment: TreatmentLine) -> None:
    had = reported_symptoms(treatment)
    never = [each.label.lower() for each in symptoms() if each.code not in had]
    if not treatment.reports:
        empty(
            "No check-ins yet.",
            "Answers appear here, over the band that is expected for this procedure.",
        )
        return
    st.markdown(f"Answered {treatment.answered} of {treatment.due} check-ins that came due.")
    for code in had:
        chart(drawn(symptom_course, treatment, code), key=f"course_{treatment.treatment_id}_{code}")
    if had:
        legend = ", ".join(f"{mark} {kind}" for kind, mark in MARKS.items())
        st.markdown(f"{legend}. The shaded band is what is expected after this procedure on that day.")
        with st.expander("Show the numbers as a table"):
            table = course_table(treatment, had)
            st.dataframe(table, hide_index=True, alt="Severity by recovery day")
            csv_file(lambda: table_csv(table), key=f"csv_{treatment.treatment_id}", file_name="recovery.csv")
    if never:
        st.markdown(f"Never reported: {', '.join(never)}.")


ANSWERED_BY = {
    "carer": "answered by somebody else with the link", "telephone": "asked by telephone", "desk": "asked at the desk",
}  # fmt: skip


def report_words(report: Report) -> str:
    """A check-in in one line."""
    had = []
    for code, severity in report.severities.items():
        if severity:
            place = f" ({', '.join(report.areas[code])})" if report.areas.get(code) else ""
            beyond = ", more than expected" if code in report.unexpected else ""
            had.append(f"{symptom(code).label.lower()} {severity_word(severity).lower()}{place}{beyond}")
    facts = ["; ".join(had) or "no problems"]
    facts.extend(f"{question}: {answer}" for question, answer in report.follow_up.items())
    if report.is_worried:
        facts.append("worried")
    if report.cannot_wait:
        facts.append("cannot wait")
    if report.days_late:
        facts.append(f"{report.days_late} {'day' if report.days_late == 1 else 'days'} late")
    if report.is_proxy:
        facts.append("entered by the clinic")
    if report.answered_by:
        facts.append(ANSWERED_BY.get(report.answered_by, report.answered_by))
    return ". ".join(facts)


_CHANGES = {
    "corrected": "corrected by the patient", "withdrawn": "taken back by the patient", "replaced": "replaced",
}  # fmt: skip


def change_words(change: Change, timezone: str) -> str:
    """Why a report counts no more, and since when."""
    reason = f": {change.reason}" if change.reason else ""
    return f"{_CHANGES[change.kind]} on {words.moment(change.at, timezone)}{reason}"


def _reports(treatment: TreatmentLine, timezone: str) -> None:
    for report in treatment.reports:
        if report.answered_at is None:
            st.markdown(f"- **Day {report.scheduled_day}**: not answered")
            continue
        replaced = f" ({change_words(report.change, timezone)})" if report.change else ""
        if report.is_correction:
            replaced = f" (a correction){replaced}"
        st.markdown(
            f"- **Day {report.recovery_day}**, {words.moment(report.answered_at, timezone)}{replaced}: "
            f"{report_words(report)}"
        )
        if report.change and report.change.own_words:
            st.text(f"In their words: {report.change.own_words}")
        if report.note:
            st.text(f"Note: {report.note}")
        elif report.has_note:
            st.markdown("There is a note that your role may not read.")


def treatment_part(treatment: TreatmentLine, timezone: str) -> None:
    """One treatment: how it was done, how it went, and every report."""
    st.subheader(f"{words.day(treatment.performed_on)}: {treatment.procedure}")
    session = f" · session {treatment.session_number}" if treatment.session_number else ""
    kind = f" ({treatment.device_class})" if treatment.device_class else ""
    st.markdown(f"Device: {treatment.device}{kind} · operator: {treatment.operator}{session}")
    for area in treatment.areas:
        _area(area)
    _course(treatment)
    if treatment.reports:
        with st.expander(f"All check-ins ({treatment.answered} answered)"):
            _reports(treatment, timezone)
