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
from reporting.security.encryption import decrypt
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import PERFORMED, House, house
from tests.conftest import NOW
from tests.pages.staff import no_search_for_components
from tests.web.screen import Phone

PAGE = Path(__file__).resolve().parents[2] / "reporting" / "patient/page_check_in.py"
PLACES = ("cheeks", "neck")
NONE_OF_THEM, ALL_OF_THEM = "None of these", "All of them"
LISTS = [(row.key, row.patient_label) for row in content().follow_ups.values()]
SEVERITIES = [word.word for word in content().severity_words]
SYMPTOM_LABELS = {code: content().symptoms[code].patient_label for code in SYMPTOMS}
HOW_SOON = [option.label for option in content().options["how_soon"]]
ELSE, NOT_SURE = [option.label for option in content().options["first_page"]]
WHICH_OF_THEM = content().questions["unsure"].title
OWN_RULES = {
    "P4": {"from_day": "0"},
    "B8": {"is_on": "no"},
    "S1": {"min_severity": "1", "advice": "contact_today", "case_level": "same_day"},
}
"""A rule that asks earlier, a question that nobody asks, and one that is taken more seriously."""
PROCEDURES = sorted(content().procedure_classes)


@dataclass(frozen=True)
class Plan:
    """A person: what they would answer to whatever is asked. ``symptoms`` to how it is now and how it was at its worst;
    with no symptom, no tick, all sure and nothing else: no problems.
    """

    symptoms: dict[str, tuple[int, int]] = field(default_factory=dict)
    ticks: frozenset[str] = frozenset()
    unsure: frozenset[str] | None = None
    """Lines that they are not sure about, said wherever a list is shown; None: they are sure of every list."""
    something_else: bool = False
    place: int = 0
    how_soon: int = 0
    procedure: str = "ablative"
    day: int = 3
    note: str = ""
    own_rules: bool = False
    """The clinic has rules of its own."""

    def answers(self, heading: str, offered: list[str], was_refused: bool) -> tuple[str, list[str]]:
        """What to choose as the worst, and the labels to tick or the one to press, of those that a screen offers."""
        if offered[: len(SEVERITIES)] == SEVERITIES:
            code = next(each for each in SYMPTOMS if content().symptoms[each].severity_title == heading)
            now, worst = self.symptoms[code]
            return self._worst(now, 1 if was_refused else worst), [SEVERITIES[now]]
        if offered == HOW_SOON:
            return "", [HOW_SOON[self.how_soon]]
        if ALL_OF_THEM in offered:
            places = [label for label in offered if label != ALL_OF_THEM]
            return "", [places[self.place] if self.place < 2 else ALL_OF_THEM]
        if heading == WHICH_OF_THEM:
            return "", self._lines(self.unsure or frozenset(), offered) or [NONE_OF_THEM]
        chosen = [SYMPTOM_LABELS[code] for code in SYMPTOMS if code in self.symptoms and NONE_OF_THEM not in offered]
        chosen += self._lines(self.ticks, offered)
        chosen += [ELSE] if self.something_else and ELSE in offered else []
        chosen += [NOT_SURE] if self.unsure is not None and NOT_SURE in offered else []
        return "", chosen or [NONE_OF_THEM if NONE_OF_THEM in offered else "No problems today"]

    def _lines(self, keys: frozenset[str], offered: list[str]) -> list[str]:
        return [label for key, label in LISTS if key in keys and label in offered]

    def _worst(self, now: int, worst: int) -> str:
        """Empty: it was not worse than now, as the page has it."""
        return SEVERITIES[worst] if worst > now else ""


KEYS = [key for key, _ in LISTS]
grade_pairs = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda pair: (min(pair), max(pair)))
plans = st.builds(
    Plan,
    symptoms=st.dictionaries(st.sampled_from(SYMPTOMS), grade_pairs, max_size=3),
    ticks=st.frozensets(st.sampled_from(KEYS), max_size=4),
    unsure=st.none() | st.frozensets(st.sampled_from(KEYS), max_size=6),
    something_else=st.booleans(),
    place=st.integers(0, 2),
    how_soon=st.integers(0, 3),
    procedure=st.sampled_from(PROCEDURES),
    day=st.sampled_from([0, 1, 3, 7, 14, 42, 120]),
    note=st.sampled_from(["", "It stings 🔥", "two\nlines"]),
    own_rules=st.booleans(),
)


@dataclass(frozen=True)
class Shown:
    """One screen: what it asks, what it offers, and what it says of an answer that was refused."""

    heading: str
    between: tuple[str, ...]
    """Headings between its options."""
    worst: tuple[str, ...]
    """The rows above the buttons of a severity; the one that is chosen is the first."""
    offered: tuple[str, ...]
    """Sorted: an exclusive answer stands elsewhere in the two."""
    problem: str = ""


@dataclass
class Walk:
    """What a renderer showed and what it left behind."""

    screens: list[Shown] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    stored: list[dict[str, object]] = field(default_factory=list)


_NUMBER = 0
MOST_SCREENS = 60


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
    own = {"id", "clinic_id", "patient_id", "treatment_id", "submission_key", "areas", "created_at"}
    own |= {"note_encrypted", "words_encrypted"}
    found: list[dict[str, object]] = []
    for row in rows:
        kept: dict[str, object] = {name: value for name, value in row.model_dump().items() if name not in own}
        kept["areas"] = {symptom: [ids[area] for area in areas] for symptom, areas in row.areas.items()}
        kept["has note"] = row.note_encrypted is not None
        kept["words"] = decrypt(row.words_encrypted) if row.words_encrypted else None
        found.append(kept)
    return [*found, *({"level": case.level, "rules": case.rules, "reasons": case.reasons} for case in cases)]


def by_html(client: TestClient, plan: Plan) -> Walk:
    """From the link through plain pages to the confirmation."""
    clinic, walk = fresh(plan), Walk()
    client.cookies.clear()
    token = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    phone = Phone(client, f"/c/{token}")
    for _ in range(MOST_SCREENS):
        screen = phone.screen
        buttons = [one.words for one in screen.buttons()]
        if any(one.name == "understood" for one in screen.buttons()):
            walk.screens.append(Shown(screen.heading, (), (), tuple(screen.advice)))
            phone.press("Go on")
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
    worst = {one.title: one for one in screen.choices()}
    assert [one.is_checked for one in worst.values()] == [number == 0 for number in range(len(worst))]
    shown = Shown(screen.heading, tuple(screen.subheadings), tuple(worst), tuple(sorted(offered)), screen.problem)
    walk.screens.append(shown)
    said, chosen = plan.answers(screen.heading, offered, bool(screen.problem))
    if chosen[0] in at_once:
        phone.send(at_once[chosen[0]], [], **({"worst": worst[said].value} if said else {}))
    else:
        phone.press("Continue", [rows[label].value for label in chosen])


@contextmanager
def streamlit_page(clinic: House) -> Iterator[AppTest]:
    patient = replace(clinic.patient, strength="link")
    with (
        no_search_for_components(),
        patch("reporting.shell.ui_identity.cookie_value", lambda: "a cookie"),
        patch("reporting.shell.ui_identity.actor_of", lambda _cookie, *, by_hand=True: patient),
        patch("streamlit.page_link", lambda *_, **__: None),
    ):
        yield AppTest.from_file(str(PAGE), default_timeout=30).run()


def by_streamlit(plan: Plan) -> Walk:
    """The same on the Streamlit page."""
    clinic, walk = fresh(plan), Walk()
    with streamlit_page(clinic) as page:
        for _ in range(MOST_SCREENS):
            assert not page.exception, page.exception
            buttons = {one.label.split("  \n")[0]: one for one in page.button}
            if WORDS["send"] in buttons:
                page.text_area[0].set_value(plan.note)
                buttons["Send"].click().run()
            elif WORDS["again"] in buttons:
                walk.advice, walk.stored = advice_of(page), stored(clinic)
                return walk
            elif [key for key in page.button if key.key == "understood"]:
                walk.screens.append(Shown(page.header[0].value, (), (), tuple(advice_of(page)[1:])))
                buttons["Go on with the other questions"].click().run()
            else:
                _answer_streamlit(page, plan, walk, list(buttons))
    raise AssertionError(walk.screens)


def advice_of(page: AppTest) -> list[str]:
    """Heading and sentences of the card, without what the page says around it."""
    beside = ("received", "told_so_far", "who_reads", "next", "next_today", "next_tomorrow", "no_next")
    around = (*(WORDS[name].split("{")[0] for name in beside), "**Day ", "This check was due")
    said = [one.value for one in page.markdown]
    return [page.header[0].value, *(words for words in said if not words.startswith(around) and words != "---")]


def _answer_streamlit(page: AppTest, plan: Plan, walk: Walk, labels: list[str]) -> None:
    heading, problem = page.header[0].value, page.error[0].value if page.error else ""
    offered = [label for label in labels if label not in (WORDS["continue"], WORDS["back"])]
    worst = tuple(label for radio in page.radio for label in radio.options)
    assert [radio.index for radio in page.radio] == [0] * len(page.radio)
    between = tuple(one.value for one in page.subheader)
    walk.screens.append(Shown(heading, between, worst, tuple(sorted(offered)), problem))
    said, chosen = plan.answers(heading, offered, bool(problem))
    if said:
        page.radio[0].set_value(str(SEVERITIES.index(said))).run()
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


WITH_ALL = frozenset(KEYS)


SHORT, LONG = (
    settings(max_examples=number, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    for number in (6, 60)
)


@SHORT
@given(plan=plans)
@example(plan=Plan())
@example(plan=Plan({"swelling": (1, 1)}, frozenset({"swelling_breathing"}), day=1))
@example(plan=Plan(ticks=frozenset({"face_weak"})))
@example(plan=Plan(dict.fromkeys(SYMPTOMS, (4, 4)), WITH_ALL, None, True, place=1, how_soon=3, day=7))
@example(plan=Plan({"burning": (1, 3), "swelling": (3, 3)}, unsure=frozenset(), place=2, how_soon=2))
@example(plan=Plan({"burning": (0, 4)}, unsure=WITH_ALL, something_else=True, day=14))
@example(plan=Plan({}, frozenset({"itch_strong", "wants_call"}), frozenset({"numb"}), True, day=42))
@example(plan=Plan({}, unsure=frozenset({"hives", "faint"})))
@example(plan=Plan({"infection": (0, 0)}))
def test_both_renderers_are_one_check_in(client: TestClient, sqlite_database: str, plan: Plan) -> None:
    alike(client, plan)


@pytest.mark.thorough
@pytest.mark.timeout(900)
@LONG
@given(plan=plans)
def test_both_renderers_are_one_check_in_at_length(client: TestClient, sqlite_database: str, plan: Plan) -> None:
    alike(client, plan)


def alike(client: TestClient, plan: Plan) -> None:
    with clock.fixed(NOW + timedelta(days=plan.day - (NOW.date() - PERFORMED).days)):
        plain, full = by_html(client, plan), by_streamlit(plan)
    assert plain.screens == full.screens
    assert plain.stored == full.stored
    assert plain.advice == full.advice
    assert len(plain.stored) >= 1


@pytest.mark.parametrize("renderer", ["html", "streamlit"])
def test_now_and_worst_are_kept_as_they_were_answered(client: TestClient, sqlite_database: str, renderer: str) -> None:
    """A worst of none is refused in words, and the question is asked again."""
    plan = Plan({"burning": (1, 3), "swelling": (2, 2), "infection": (0, 0)}, unsure=frozenset({"hives"}))
    with clock.fixed(NOW):
        walk = by_html(client, plan) if renderer == "html" else by_streamlit(plan)
    row = walk.stored[0]
    assert [row["burning"], row["swelling"], row["infection"], row["bumps"]] == [3, 2, 1, 0]
    assert [row["now_burning"], row["now_swelling"], row["now_infection"], row["now_bumps"]] == [1, 2, 0, 0]
    assert row["follow_up"]["hives"] == "not_sure"  # type: ignore[index]
    [refused] = [shown for shown in walk.screens if shown.problem]
    assert refused.heading == content().symptoms["infection"].severity_title
    first = walk.screens[0]
    assert first.between == (content().questions["safety"].title,)
    assert {ELSE, NOT_SURE, *SYMPTOM_LABELS.values()} < set(first.offered)


def test_the_clinics_own_rules_decide_in_both_renderers(client: TestClient, sqlite_database: str) -> None:
    plan = Plan({"scarring": (1, 1), "hyperpigmentation": (2, 2)}, something_else=True, day=3)
    with clock.fixed(NOW):
        usual, own = by_html(client, plan), by_html(client, replace(plan, own_rules=True))
        page = by_streamlit(replace(plan, own_rules=True))
    lines = content().follow_ups
    labels = {line.patient_label for line in lines.values()}
    asked = labels & {label for shown in own.screens for label in shown.offered}
    asked_usually = labels & {label for shown in usual.screens for label in shown.offered}
    assert asked - asked_usually == {lines["dark_dots"].patient_label}
    assert asked_usually - asked == {lines["lump"].patient_label}
    assert (usual.stored[0]["advice"], own.stored[0]["advice"]) == ("unusual", "contact_today")
    assert own.stored[1]["rules"] != usual.stored[1]["rules"]
    assert (page.screens, page.stored, page.advice) == (own.screens, own.stored, own.advice)
