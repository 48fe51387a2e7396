"""The demo clinic could be one: rates, courses, skin and devices as its profile has them, and cases taken in time."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pytest
from scipy.stats import poisson

from reporting.demo import fill, past_cases
from reporting.demo.answers import Told
from reporting.demo.history import APART_DAYS, Person, Visit, visits
from reporting.demo.machines import CREEP_DAYS, MACHINES
from reporting.demo.profile import ANY, Happening, profile
from reporting.domain.content import content
from reporting.domain.course import is_report_unexpected
from reporting.domain.devices import device_classes, guideline_ratio, over_guideline
from reporting.domain.opening_hours import opening
from reporting.domain.vocabulary import DARK, SYMPTOMS

TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CHANCE = 1e-3
"""So unlikely, were the rate at the end of its range, that a count is no accident of the draw: one row of 120."""
PLACE = past_cases.Place(1, fill.TIMES, (1, 2))

Clinic = tuple[list[Person], list[Visit]]


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    """As the application makes it."""
    return visits(2, 2_400, TODAY)


@pytest.fixture(scope="module")
def alerts(clinic: Clinic) -> dict[str, past_cases.Alerts]:
    everyone, treated = clinic
    return {visit.reference: past_cases.alerts(visit, everyone[visit.person]) for visit in treated}


def steady(treated: Iterable[Visit]) -> list[Visit]:
    """Treatments before the one device was turned up, and all of the others."""
    return [v for v in treated if not v.machine.creeps or (TODAY - v.performed_on).days > CREEP_DAYS]


def happened(visit: Visit, row: Happening) -> bool:
    return any(bout.of is row for bout in visit.bouts)


def unexpected(visit: Visit, symptom: str) -> list[int]:
    """Days of the answers that report more than the course of their day."""
    found, since = [], None
    for day, told in visit.answers.items():
        judged = {"recovery_day": day, "scheduled_day": day, "now": told.now[symptom], "since_day": since}
        if is_report_unexpected(visit.procedure_class, symptom, told.worst[symptom], **judged):
            found.append(day)
        since = day
    return found


def share_now(treated: Iterable[Visit], procedure_class: str, symptom: str, day: int) -> float:
    """Of those who answered on a day, who had any of the symptom at that moment."""
    answers = [v.answers[day] for v in treated if v.procedure_class == procedure_class and day in v.answers]
    return mean(told.now[symptom] > 0 for told in answers)


def test_every_row_has_its_source_and_its_range_and_every_device_its_rows() -> None:
    found = profile()
    assert set(found) == {machine.device_class for machine in MACHINES}
    for code, rows in found.items():
        assert {row.symptom for row in rows if row.is_usual} == set(SYMPTOMS) - {"infection", "scarring"}, code
        assert {row.symptom for row in rows if not row.is_usual} >= set(SYMPTOMS), code
        for row in rows:
            assert row.source
            assert row.is_published == (not row.source.startswith("our estimate")), row.happens
            assert 0 <= row.lowest <= min(1, max(row.share_i_iii, row.share_iv_vi)), row
            assert row.highest >= min(row.share_i_iii, row.share_iv_vi), row
            assert row.onset == tuple(sorted(row.onset))
            assert row.ticks.keys() <= content().follow_ups.keys()


def test_what_happens_is_as_frequent_as_its_row_says(clinic: Clinic) -> None:
    treated = steady(clinic[1])
    wrong = []
    for code, rows in profile().items():
        own = [visit for visit in treated if visit.machine.device_class == code]
        for row in (row for row in rows if row.device_class != ANY):
            count = sum(happened(visit, row) for visit in own)
            few, many = poisson.cdf(count, row.lowest * len(own)), poisson.sf(count - 1, row.highest * len(own))
            if min(few, many) < CHANCE:
                wrong.append((code, row.happens, row.symptom, count, len(own)))
    assert not wrong


def test_reports_of_a_symptom_come_as_often_as_the_rows_of_its_class_say(clinic: Clinic) -> None:
    """By class and symptom, of those who answered to the end: what a dashboard counts."""
    for code, rows in profile().items():
        own = [v for v in steady(clinic[1]) if v.machine.device_class == code and len(v.answers) > 3]
        for symptom in SYMPTOMS:
            highest = sum(row.highest for row in rows if row.symptom == symptom and not row.is_usual)
            count = sum(bool(unexpected(visit, symptom)) for visit in own)
            assert poisson.sf(count - 1, highest * len(own)) > CHANCE, (code, symptom, count, len(own))
    pih = [bool(unexpected(v, "hyperpigmentation")) for v in steady(clinic[1]) if v.machine.code.startswith("CO2")]
    assert 0.05 < mean(pih) < 0.15


def test_dark_patches_are_commoner_on_darker_skin(clinic: Clinic) -> None:
    everyone, treated = clinic

    def rate(chosen: Callable[[Visit], bool], dark: bool) -> float:
        own = [v for v in treated if chosen(v) and (everyone[v.person].fitzpatrick >= DARK) == dark]
        return mean(bool(unexpected(v, "hyperpigmentation")) for v in own)

    for chosen in (
        lambda v: v.machine.code == "CO2-1",
        lambda v: v.machine.code == "CO2-2",
        lambda v: not v.machine.code.startswith("CO2"),
    ):
        assert rate(chosen, True) > 1.4 * rate(chosen, False)


def test_each_device_treats_the_skin_and_the_trouble_that_it_suits(clinic: Clinic) -> None:
    everyone, treated = clinic
    for visit in treated:
        skin, code = everyone[visit.person].fitzpatrick, visit.machine.code
        assert visit.machine.skin[skin - 1] > 0
        assert skin < 5 or code not in ("ALEX-1", "IPL-1", "PEEL-2")
        assert skin > 2 or code != "YAG-1"
        if visit.indication == "hair_removal":
            assert visit.procedure_class == "hair_removal"
            assert visit.area in ("lower_legs", "underarms", "bikini", "upper_lip")
        if visit.machine.device_class == "ipl" and visit.indication != "hair_removal":
            assert visit.procedure_class == "ipl"
            assert visit.area in ("full_face", "cheeks", "hands", "chest")
    dark_hair = Counter(v.machine.code for v in treated if v.indication == "hair_removal" and _skin(everyone, v) >= 5)
    assert set(dark_hair) == {"YAG-1"}
    assert {"vascular", "pigment", "hair_removal"} == {v.indication for v in treated if v.machine.code == "IPL-1"}


def _skin(everyone: list[Person], visit: Visit) -> int:
    return everyone[visit.person].fitzpatrick


def test_settings_keep_to_published_limits_but_for_the_device_that_was_turned_up(clinic: Clinic) -> None:
    everyone, treated = clinic
    above, known = list[str](), 0
    for visit in treated:
        main = visit.machine.main
        if not main:
            continue
        of, spot = device_classes()[visit.machine.device_class], visit.settings.get("spot_size_mm")
        asked = (of, main, visit.settings[main], _skin(everyone, visit), spot, visit.area)
        known += guideline_ratio(*asked) is not None
        if over_guideline(*asked):
            above.append(visit.machine.code)
    assert known > 200
    assert len(above) < 0.03 * len(treated)
    assert Counter(above).most_common(1)[0][0] == "CO2-2"


def test_the_case_mix_has_every_kind_of_procedure_in_a_plausible_share(clinic: Clinic) -> None:
    shares = Counter(visit.procedure_class for visit in clinic[1])
    assert {
        "peel",
        "peel_superficial",
        "microneedling",
        "rf_microneedling",
        "qs_pico",
        "tattoo",
        "ipl",
    } <= shares.keys()
    assert all(0.005 < count / 2_400 < 0.4 for count in shares.values())


def test_infections_begin_in_the_days_in_which_they_do(clinic: Clinic) -> None:
    """Bacterial days 2 to 10, herpes a little later; told at the next check-in, so by day 14 with few exceptions."""
    first = [days[0] for visit in clinic[1] if (days := unexpected(visit, "infection"))]
    assert len(first) > 20
    assert mean(3 <= day <= 10 for day in first) > 0.7
    assert mean(day > 14 for day in first) < 0.1
    begun = [bout.first for v in clinic[1] for bout in v.bouts if bout.of.happens in ("bacterial", "herpes")]
    assert min(begun) >= 2
    assert max(begun) <= 10
    assert mean(day <= 7 for day in begun) > 0.6


def test_healing_fades_from_day_to_day_and_within_the_expected_course(clinic: Clinic) -> None:
    treated = clinic[1]
    for procedure_class, symptom, days, start in (
        ("ablative", "burning", (1, 3, 5, 7, 10), (0.8, 1)),
        ("ablative", "swelling", (2, 3, 5, 7, 10), (0.7, 0.95)),
        ("nonablative_fractional", "burning", (1, 3, 7), (0.8, 1)),
        ("nonablative_fractional", "swelling", (1, 3, 7), (0.65, 0.92)),
        ("hair_removal", "burning", (1, 3, 7), (0.2, 0.6)),
    ):
        shares = [share_now(treated, procedure_class, symptom, day) for day in days]
        assert start[0] < shares[0] < start[1], (procedure_class, symptom, shares)
        assert all(later < earlier + 0.03 for earlier, later in pairwise(shares)), (procedure_class, symptom, shares)
        assert shares[-1] < 0.06, (procedure_class, symptom, shares)
    bumps = [share_now(treated, "ablative", "bumps", day) for day in (3, 14, 21, 28, 42)]
    assert bumps[0] < bumps[1]
    assert all(0 < earlier - later < 0.25 for earlier, later in pairwise(bumps[1:])), bumps


def test_answers_tick_what_the_symptoms_ask_for(clinic: Clinic) -> None:
    told = [told for visit in clinic[1] for told in visit.answers.values()]
    reported = [each for each in told if each.can_wait is not None]

    def ticked(each: Told) -> bool:
        return bool({"yes", "not_sure"} & set(each.follow_up.values()))

    assert 0.3 < len(reported) / len(told) < 0.7
    assert mean(bool(each.follow_up) for each in reported) > 0.5
    assert 0.02 < mean(ticked(each) for each in told) < 0.10
    assert mean(each.worried for each in told) < 0.03
    assert all(each.follow_up == {} and not each.worried for each in told if each.can_wait is None)
    lines = {key for each in told for key, given in each.follow_up.items() if given == "yes"}
    assert lines >= {"infection_pus", "grouped_blisters", "blister", "wants_call", "itch_strong", "scarring_firm_band"}
    assert lines >= {"hyperpigmentation_new_patch", "pus_spots", "new_product", "other_worry", "light_patches"}


def test_red_flags_are_exercised_and_stay_rare(clinic: Clinic, alerts: dict[str, past_cases.Alerts]) -> None:
    answers = sum(len(visit.answers) for visit in clinic[1])
    advice = Counter(past_cases.advice(fired) for one in alerts.values() for fired in one.values())
    assert 0.02 < advice["unusual"] / answers < 0.09
    assert 0.004 < advice["contact_today"] / answers < 0.025
    assert 0 < advice["emergency"] / answers < 0.002
    flags = {rule.red_flag for one in alerts.values() for fired in one.values() for rule in fired}
    assert flags >= {"R1", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12"}


def test_what_is_known_before_a_visit_is_known_in_plausible_shares(clinic: Clinic) -> None:
    known = [visit.known for visit in clinic[1]]
    assert 0.1 < mean(bool(each.herpes_history) for each in known) < 0.3
    for name, most in (("keloid_history", 0.08), ("is_tanned", 0.08), ("is_immunosuppressed", 0.06)):
        assert 0 < mean(bool(getattr(each, name)) for each in known) < most, name
    months = [each.isotretinoin_months_ago for each in known if each.isotretinoin_months_ago is not None]
    assert months
    assert min(months) > 6


def test_sessions_of_a_patient_are_weeks_apart(clinic: Clinic) -> None:
    days: dict[int, list[date]] = {}
    for visit in clinic[1]:
        days.setdefault(visit.person, []).append(visit.performed_on)
    apart = [(later - earlier).days for own in days.values() for earlier, later in pairwise(sorted(own))]
    assert mean(gap > APART_DAYS for gap in apart) > 0.99


def test_cases_are_taken_and_the_patient_called_in_hours(clinic: Clinic, alerts: dict[str, past_cases.Alerts]) -> None:
    waits: dict[str, list[timedelta]] = {}
    rng = np.random.default_rng(1)
    for visit in clinic[1]:
        for day, fired in alerts[visit.reference].items():
            at, level = past_cases.sent_at(fill.ZONE, visit, day), fired[0].case_level
            steps = past_cases.steps(PLACE, visit.answers[day], level, at, rng)
            taken, called = steps[0][1], steps[1][1]
            assert at < taken < called < steps[2][1] < steps[3][1]
            if level != "emergency":
                assert all(opening(fill.TIMES, when).is_open for when in (taken, called))
            waits.setdefault(level, []).append(called - at)
    hours = {level: median(wait.total_seconds() / 3600 for wait in found) for level, found in waits.items()}
    assert hours["emergency"] < 1
    assert hours["emergency"] < hours["same_day"] < 18
    assert hours["same_day"] < hours["one_day"] < 30
    assert hours["one_week"] < 96
