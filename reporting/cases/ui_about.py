"""What a case and a timeline show alike: settings beside their limits, a report in words, photos side by side.

What whoever works on a case reads without leaving it: the patient's words, every answer, settings, photos, risks.
"""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from reporting.cases import read_worklist
from reporting.cases.read_timeline import AreaLine, Change, Report, timeline
from reporting.cases.read_worklist import WorklistCase
from reporting.domain.actors import Actor
from reporting.domain.case_work import ACTIONS_TAKEN, CONFIRMATIONS, LEVEL_WORDS, coded_term
from reporting.domain.vocabulary import severity_word, symptom
from reporting.patient.read_photos import PhotoLine, photos_of
from reporting.shell import ui_words as words
from reporting.shell.pages import Plain
from reporting.treatments.read_treatments import SettingLine

_VERDICTS = {
    "ok": "",
    "outside_typical": "outside the typical range",
    "above_guideline": "above guideline",
    "below_guideline": "below guideline",
    "above_protocol": "above own protocol",
    "below_protocol": "below own protocol",
}


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


def area_part(area: AreaLine, *, key: str = "settings") -> None:
    """One treated area and how it was treated; ``key`` begins the name of its table."""
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
        for line in area.settings
        if line.is_above_protocol and not line.is_above_guideline
    ]
    if area.is_warning_endpoint:
        warnings.append(":orange-badge[:material/warning: Endpoint shows damage]")
    if warnings:
        st.markdown(" ".join(warnings))
    if area.settings:
        st.dataframe(
            settings_table(area.settings),
            hide_index=True,
            alt=f"Settings used on {area.area}",
            key=f"{key}_{area.treated_area_id}",
        )
    else:
        st.markdown("No settings were recorded.")


ANSWERED_BY = {
    "carer": "answered by somebody else with the link",
    "telephone": "asked by telephone",
    "desk": "asked at the desk",
}


def unfinished_words(report: Report, timezone: str) -> str:
    """``Unfinished report, started at 3 Mar 2026, 10:00: ...``"""
    at = words.moment(report.begun_at, timezone) if report.begun_at else ""
    return f"Unfinished report, started at {at} and not sent: {report_words(report)}"


def report_words(report: Report) -> str:
    """A check-in in one line."""
    had = []
    for code, severity in report.severities.items():
        if severity:
            place = f" ({', '.join(report.areas[code])})" if report.areas.get(code) else ""
            beyond = ", more than expected" if code in report.unexpected else ""
            now = report.now.get(code, severity)
            since = "" if now == severity else f", now {severity_word(now).lower()}"
            had.append(f"{symptom(code).label.lower()} {severity_word(severity).lower()}{since}{place}{beyond}")
    has_signs = any(answer != "no" for answer in report.follow_up.values())
    facts = ["; ".join(had) or "no problems"] if had or not has_signs else []
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


def told_part(reports: Sequence[Report], timezone: str) -> None:
    """What the patient read after each report, word for word, with the content that judged it."""
    st.markdown("What the patient read after sending, in the patient's language, with the version of the content.")
    for report in reports:
        if report.answered_at is None:
            continue
        of = f" · content {report.content_version}, {report.content_hash[:12]}" if report.content_version else ""
        st.markdown(f"**Day {report.recovery_day}**, {words.moment(report.answered_at, timezone)}{of}")
        st.text(report.words.text if report.words else "The words were not kept.")


_CHANGES = {
    "corrected": "corrected by the patient",
    "withdrawn": "taken back by the patient",
    "replaced": "replaced",
}


def change_words(change: Change, timezone: str) -> str:
    """Why a report counts no more, and since when."""
    reason = f": {change.reason}" if change.reason else ""
    return f"{_CHANGES[change.kind]} on {words.moment(change.at, timezone)}{reason}"


WIDTH_PX = 900
_PAIR = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,16rem),1fr));gap:.75rem"
_IMAGE = "width:100%;height:auto;max-height:75vh;object-fit:contain;border-radius:.5rem;display:block"


def caption(photo: PhotoLine, timezone: str) -> str:
    """``Day 3, 10 Mar 2026, 10:30 · 2/3``."""
    return f"Day {photo.recovery_day}, {words.moment(photo.taken_at, timezone)}{photo.which}"


def figure(photo: PhotoLine, timezone: str) -> str:
    """By its own authorised address; a click opens the whole picture."""
    address, said = f"{Plain.PHOTO}/{photo.photo_id}", escape(caption(photo, timezone))
    return (
        f'<figure style="margin:0"><a href="{address}" target="_blank"><img src="{address}?w={WIDTH_PX}" '
        f'width="{photo.width_px}" height="{photo.height_px}" loading="lazy" style="{_IMAGE}" '
        f'alt="Photo of {said}"></a><figcaption>{said}</figcaption></figure>'
    )


def pictures(photos: Sequence[PhotoLine], timezone: str) -> None:
    """Photos side by side; a click shows one large, and each look is kept in the audit trail."""
    st.html(f'<div style="{_PAIR}">{"".join(figure(photo, timezone) for photo in photos)}</div>')


PHOTOS_SHOWN = 4


def about(by: Actor, case: WorklistCase) -> None:
    """All that is known of the patient of a case, as far as the actor may see it."""
    seen = timeline(by, case.patient_id)
    skin = f"skin type {seen.fitzpatrick}" if seen.fitzpatrick else "skin type not recorded"
    st.markdown(f"**Risks:** {', '.join([skin, *seen.risks])}")
    treatment = next((each for each in seen.treatments if each.treatment_id == case.treatment_id), None)
    if treatment is None:
        return
    for report in treatment.unfinished:
        st.markdown(f"**{unfinished_words(report, seen.timezone)}**")
    answered = [report for report in treatment.reports if report.answered_at is not None]
    for report in reversed(answered):
        if report.note and not report.is_replaced:
            st.markdown(f"**In the patient's words**, day {report.recovery_day}")
            st.text(report.note)
            break
    photos = [photo for photo in photos_of(by, patient_id=case.patient_id) if photo.treatment_id == case.treatment_id]
    if photos:
        st.markdown("**Photos**, the newest. Each look is kept in the audit trail.")
        pictures(photos[-PHOTOS_SHOWN:], seen.timezone)
    with st.expander(f"All answers ({len(answered)})"):
        for report in reversed(answered):
            change = f" ({change_words(report.change, seen.timezone)})" if report.change else ""
            at = words.moment(report.answered_at, seen.timezone) if report.answered_at else ""
            st.markdown(f"- **Day {report.recovery_day}**, {at}{words.as_text(change)}: {report_words(report)}")
            if report.note:
                st.text(report.note)
    with st.expander("What the patient was told"):
        told_part(answered[::-1], seen.timezone)
    with st.expander(f"Settings of {words.day(treatment.performed_on)}"):
        device, operator = words.as_text(treatment.device), words.as_text(treatment.operator)
        st.markdown(f"{treatment.procedure} · {device} · operator: {operator}")
        for area in treatment.areas:
            area_part(area, key=f"case_settings_{case.case_id}")
    _earlier(by, case)


def outcome_words(case: WorklistCase) -> str:
    """``Confirmed complication: Blister, grade 2 · Telephone call · closed 3 Mar 2026, 10:00 by Dr Demo``."""
    found = CONFIRMATIONS.get(case.confirmation or "", "Not decided")
    if case.complication_term:
        coded = coded_term(case.complication_term)
        codes = f" (CTCAE {coded.ctcae_term})" if coded and coded.ctcae_term else ""
        found += f": {case.complication_term}{codes}, grade {case.complication_grade}"
    parts = [found, ACTIONS_TAKEN.get(case.action_taken or "", "no contact recorded")]
    if case.closed_at:
        by = f" by {case.closed_by}" if case.closed_by else ""
        parts.append(f"closed {words.moment(case.closed_at, case.timezone)}{by}")
    return " · ".join(parts)


def _earlier(by: Actor, case: WorklistCase) -> None:
    """The patient's other cases, each by when and why it was opened and how it ended."""
    others = read_worklist.others(by, case.case_id)
    if not others:
        return
    with st.expander(f"Other cases of this patient ({len(others)})"):
        for one in others:
            opened = words.day(one.opened_at.astimezone(ZoneInfo(one.timezone)).date())
            why, found = "; ".join(one.reasons), words.as_text(outcome_words(one))
            st.markdown(f"- {opened}, {LEVEL_WORDS[one.level].lower()}, {one.procedure}: {why}. {found}")
