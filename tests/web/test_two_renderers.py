"""Every path of the check-in through both renderers: the same questions, the same stored row, the same advice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.app.routes import EXCEPTION_HANDLERS, ROUTES
from reporting.clinic.act_clinic import change_content
from reporting.domain.clinic_content import RULES
from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.patient_words import WORDS
from reporting.records.engine import reading
from reporting.records.tables import CheckIn, TriageCase
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import PERFORMED, House, house
from tests.conftest import NOW
from tests.web.screen import Phone

PAGE = Path(__file__).resolve().parents[2] / "reporting" / "patient/page_check_in.py"
PLACES = ("cheeks", "neck")
NONE_OF_THEM, NOT_SURE, ALL_OF_THEM = "None of these", "I am not sure", "All of them"
LISTS = [(row.key, row.patient_label) for row in content().follow_ups.values()]
SEVERITIES = [word.word for word in content().severity_words]
SYMPTOM_LABELS = {code: content().symptoms[code].patient_label for code in SYMPTOMS}
HOW_SOON = [option.label for option in content().options["how_soon"]]
OWN_RULES = {
    "R9": {"from_day": "0"},
    "P1": {"is_on": "no"},
    "S1": {"min_severity": "1", "advice": "contact_today", "case_level": "same_day"},
}
"""A red flag that asks earlier, a question that nobody asks, and one that is taken more seriously."""
PROCEDURES = sorted(content().procedure_classes)


@dataclass(frozen=True)
class Plan:
    """A person: what they would answer to whatever is asked. ``symptoms`` to severity; empty: no problems."""

    symptoms: dict[str, int] = field(default_factory=dict)
    ticks: frozenset[str] = frozenset()
    is_sure: bool = True
    place: int = 0
    how_soon: int = 0
    procedure: str = "ablative"
    day: int = 3
    note: str = ""
    own_rules: bool = False
    """The clinic has rules of its own."""

    def answers(self, heading: str, offered: list[str]) -> list[str]:
        """The labels to tick or the one to press, of those that a screen offers."""
        if offered[: len(SEVERITIES)] == SEVERITIES:
            code = next(each for each in SYMPTOMS if content().symptoms[each].severity_title == heading)
            return [SEVERITIES[self.symptoms[code]]]
        if offered == HOW_SOON:
            return [HOW_SOON[self.how_soon]]
        if ALL_OF_THEM in offered:
            return (
                [[label for label in offered if label != ALL_OF_THEM][self.place]] if self.place < 2 else [ALL_OF_THEM]
            )
        if NONE_OF_THEM in offered:
            ticked = [label for key, label in LISTS if key in self.ticks and label in offered]
            return ticked or [NONE_OF_THEM if self.is_sure or NOT_SURE not in offered else NOT_SURE]
        return [SYMPTOM_LABELS[code] for code in SYMPTOMS if code in self.symptoms] or ["No problems today"]


plans = st.builds(
    Plan,
    symptoms=st.dictionaries(st.sampled_from(SYMPTOMS), st.integers(0, 4), max_size=3),
    ticks=st.frozensets(st.sampled_from([key for key, _ in LISTS]), max_size=4),
    is_sure=st.booleans(),
    place=st.integers(0, 2),
    how_soon=st.integers(0, 3),
    procedure=st.sampled_from(PROCEDURES),
    day=st.sampled_from([0, 1, 3, 7, 14, 42, 120]),
    note=st.sampled_from(["", "It stings 🔥", "two\nlines"]),
    own_rules=st.booleans(),
)


@dataclass
class Walk:
    """What a renderer showed and what it left behind."""

    screens: list[tuple[str, list[str]]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    stored: list[dict[str, object]] = field(default_factory=list)


_NUMBER = 0


def fresh(plan: Plan) -> House:
    """A patient of their own clinic, treated so many days ago."""
    global _NUMBER
    _NUMBER += 1
    made = house(f"R{_NUMBER}", areas=PLACES if plan.place else PLACES[:1], procedure=plan.procedure)
    with clock.fixed(clock.now() - timedelta(days=1)):
        for row, cells in OWN_RULES.items() if plan.own_rules else ():
            change_content(by=made.staff["administrator"], table=RULES, row=row, cells=cells, reason="our protocol")
    return made


def stored(clinic: House) -> list[dict[str, object]]:
    """The rows of the check-in and its case, without what differs between any two patients."""
    ids = {area: index for index, area in enumerate(clinic.area_ids)}
    with reading() as session:
        rows = session.execute(select(CheckIn).where(CheckIn.treatment_id == clinic.treatment_id)).scalars().all()
        cases = (
            session.execute(select(TriageCase).where(TriageCase.treatment_id == clinic.treatment_id)).scalars().all()
        )
    own = {"id", "clinic_id", "patient_id", "treatment_id", "submission_key", "note_encrypted", "areas", "created_at"}
    found: list[dict[str, object]] = []
    for row in rows:
        kept: dict[str, object] = {name: value for name, value in row.model_dump().items() if name not in own}
        kept["areas"] = {symptom: [ids[area] for area in areas] for symptom, areas in row.areas.items()}
        kept["has note"] = row.note_encrypted is not None
        found.append(kept)
    return [*found, *({"level": case.level, "rules": case.rules, "reasons": case.reasons} for case in cases)]


def by_html(client: TestClient, plan: Plan) -> Walk:
    """From the link through plain pages to the confirmation."""
    clinic, walk = fresh(plan), Walk()
    client.cookies.clear()
    token = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    phone = Phone(client, f"/c/{token}")
    for _ in range(40):
        screen = phone.screen
        buttons = [one.words for one in screen.buttons()]
        if any(one.name == "understood" for one in screen.buttons()):
            walk.screens.append((screen.heading, screen.advice))
            phone.press("Continue")
        elif WORDS["send"] in buttons:
            phone.press("Send", note=plan.note)
        elif phone.here.endswith("/sent"):
            walk.advice = [screen.heading, *screen.advice]
            walk.stored = stored(clinic)
            return walk
        else:
            _answer_html(phone, plan, walk)
    raise AssertionError(walk.screens)


def _answer_html(phone: Phone, plan: Plan, walk: Walk) -> None:
    screen = phone.screen
    rows = {one.title: one for one in screen.rows()}
    at_once = {one.title: one for one in screen.buttons() if one.name in ("one", "only")}
    offered = [*rows, *at_once] if rows else [*at_once]
    walk.screens.append((screen.heading, sorted(offered)))
    chosen = plan.answers(screen.heading, offered)
    if chosen[0] in at_once:
        phone.send(at_once[chosen[0]], [])
    else:
        phone.press("Continue", [rows[label].value for label in chosen])


@contextmanager
def streamlit_page(clinic: House) -> Iterator[AppTest]:
    patient = replace(clinic.patient, strength="link")
    with (
        patch("reporting.shell.ui_identity.cookie_value", lambda: "a cookie"),
        patch("reporting.shell.ui_identity.actor_of", lambda _cookie, *, by_hand=True: patient),
        patch("streamlit.page_link", lambda *_, **__: None),
    ):
        yield AppTest.from_file(str(PAGE), default_timeout=30).run()


def by_streamlit(plan: Plan) -> Walk:
    """The same on the Streamlit page."""
    clinic, walk = fresh(plan), Walk()
    with streamlit_page(clinic) as page:
        for _ in range(40):
            assert not page.exception, page.exception
            buttons = {one.label.split("  \n")[0]: one for one in page.button}
            if WORDS["send"] in buttons:
                page.text_area[0].set_value(plan.note)
                buttons["Send"].click().run()
            elif WORDS["again"] in buttons:
                walk.advice, walk.stored = advice_of(page), stored(clinic)
                return walk
            elif [key for key in page.button if key.key == "understood"]:
                walk.screens.append((page.header[0].value, advice_of(page)[1:]))
                buttons["Continue"].click().run()
            else:
                _answer_streamlit(page, plan, walk, list(buttons))
    raise AssertionError(walk.screens)


def advice_of(page: AppTest) -> list[str]:
    """Heading and sentences of the card, without what the page says around it."""
    around = (*(WORDS["received"].split("{")[0],), WORDS["who_reads"], "**Day ", "This check was due")
    said = [one.value for one in page.markdown]
    return [page.header[0].value, *(words for words in said if not words.startswith(around) and words != "---")]


def _answer_streamlit(page: AppTest, plan: Plan, walk: Walk, labels: list[str]) -> None:
    heading = page.header[0].value
    offered = [label for label in labels if label not in (WORDS["continue"], WORDS["back"])]
    walk.screens.append((heading, sorted(offered)))
    chosen = plan.answers(heading, offered)
    for label in chosen:
        next(one for one in page.button if one.label.split("  \n")[0] == label).click().run()
    if WORDS["continue"] in labels and page.header[0].value == heading and not _is_done(page):
        next(one for one in page.button if one.label == WORDS["continue"]).click().run()


def _is_done(page: AppTest) -> bool:
    return any(one.label == WORDS["again"] for one in page.button)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        Starlette(routes=ROUTES, exception_handlers=EXCEPTION_HANDLERS),
        follow_redirects=False,  # type: ignore[arg-type]
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans)
@example(plan=Plan())
@example(plan=Plan({"swelling": 1}, frozenset({"swelling_breathing"}), day=1))
@example(plan=Plan(dict.fromkeys(SYMPTOMS, 4), frozenset(key for key, _ in LISTS), place=1, how_soon=3, day=7))
@example(plan=Plan({"burning": 3, "swelling": 3}, is_sure=False, place=2, how_soon=2))
@example(plan=Plan({"infection": 0}))
def test_both_renderers_are_one_check_in(client: TestClient, sqlite_database: str, plan: Plan) -> None:
    with clock.fixed(NOW + timedelta(days=plan.day - (NOW.date() - PERFORMED).days)):
        plain, full = by_html(client, plan), by_streamlit(plan)
    assert plain.screens == full.screens
    assert plain.stored == full.stored
    assert plain.advice == full.advice
    assert len(plain.stored) >= 1


def test_the_clinics_own_rules_decide_in_both_renderers(client: TestClient, sqlite_database: str) -> None:
    plan = Plan({"scarring": 1, "hyperpigmentation": 2, "burning": 1}, day=3)
    with clock.fixed(NOW):
        usual, own = by_html(client, plan), by_html(client, replace(plan, own_rules=True))
        page = by_streamlit(replace(plan, own_rules=True))
    asked = {label for _, offered in own.screens for label in offered}
    assert {content().follow_ups["raw_not_closed"].patient_label} <= asked
    assert not {content().follow_ups["hyperpigmentation_bothers"].patient_label} & asked
    assert (usual.stored[0]["advice"], own.stored[0]["advice"]) == ("unusual", "contact_today")
    assert own.stored[1]["rules"] != usual.stored[1]["rules"]
    assert (page.screens, page.stored, page.advice) == (own.screens, own.stored, own.advice)
