"""Whatever is opened, typed and pressed in two tabs of one browser: what a tab keeps is of whose page it shows."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select
from starlette.testclient import TestClient

from reporting import clock
from reporting.errors import Problem
from reporting.patient.act_corrections import withdraw_check_in
from reporting.records.columns import add_one
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Consent, Draft, Photo, TreatedArea, Treatment, TriageCase
from reporting.shell.act_sessions import actor_of
from reporting.treatments.act_invitations import IssuedInvitation, issue_invitation
from tests.cast import House, house
from tests.people import treated
from tests.photos import phone_jpeg
from tests.web.screen import Phone
from tests.web.test_check_in import DAY_3

TABS, PEOPLE = st.integers(0, 1), st.integers(0, 2)
"""Two tabs; somebody with two treatments and somebody with one."""
ANY = st.integers(0, 40)
PICTURE = phone_jpeg()
OF_A_TREATMENT = (Draft, CheckIn, Photo, TriageCase)
MARK = re.compile(r'name="of" value="(\d+)-')
REFUSED = {401, 403, 404, 409, 410, 422, 429}


def rows() -> dict[tuple[str, int], tuple[int, int, dict[str, Any]]]:
    """Every row that a patient's page can write, with its patient and treatment (0: of none)."""
    found = {}
    with reading() as session:
        for table in (*OF_A_TREATMENT, Consent):
            for row in session.execute(select(table)).scalars():  # type: ignore[arg-type]
                values = row.model_dump()  # type: ignore[attr-defined]
                key = (table.__name__, values["id"])
                found[key] = (values["patient_id"], values.get("treatment_id") or 0, values)
    return found


class Browser(RuleBasedStateMachine):
    """``shown`` is whose page each tab shows, by treatment; nobody's where it was refused or signed out.

    ``named`` is whom the tab's address is about: loaded again, it is theirs once more when the browser is signed in
    for them again.
    """

    client: TestClient
    home: House
    count = 0

    @initialize()
    def begin(self) -> None:
        Browser.count += 1
        self.client.cookies.clear()
        with transaction() as session:
            known = {"performed_on": session.get_one(Treatment, self.home.treatment_id).performed_on, "at": clock.now()}
            people, treatments = treated(
                session, self.home.clinic_id, 2, code=f"B{self.count}-", areas=["cheeks"], year_of_birth=1980, **known
            )
            place = {"clinic_id": self.home.clinic_id}
            second = add_one(
                session,
                Treatment,
                **place,
                patient_id=people[0],
                reference=f"B{self.count}-2",
                performed_on=known["performed_on"],
                procedure_class="ipl",
            )
            add_one(session, TreatedArea, **place, treatment_id=second, area="hands")
        self.treatments = [*treatments, second]
        self.patient_of = dict(zip(self.treatments, [*people, people[0]], strict=True))
        self.cards = [self.card_of(number) for number in range(3)]
        self.tabs: list[Phone | None] = [None, None]
        self.shown: list[int] = [0, 0]
        self.named: list[int] = [0, 0]
        self.before = rows()

    def card_of(self, number: int) -> IssuedInvitation:
        return issue_invitation(by=self.home.staff["clinician"], treatment_id=self.treatments[number])

    def done(self, tab: int, phone: Phone, whose: int) -> None:
        """After each step: rows changed only for whom the tab stood, and the tab shows nobody else."""
        after = rows()
        changed = [key for key in after if self.before.get(key) != after[key]]
        changed += [key for key in self.before if key not in after]
        for key in changed:
            patient, treatment, _ = after.get(key) or self.before[key]
            assert whose, f"{key} was written from a page of nobody"
            assert patient == self.patient_of[whose], f"{key} is of another patient than the page"
            assert treatment in (0, whose), f"{key} is of another treatment than the page"
        self.before = after
        marks = {int(mark) for mark in MARK.findall(phone.screen.body)}
        assert marks <= {whose}, f"the tab of {whose} shows a form of {marks}"
        self.tabs[tab], self.shown[tab] = phone, 0 if phone.status in REFUSED and not marks else whose
        self.named[tab] = whose or self.named[tab]

    @rule(tab=TABS, who=PEOPLE)
    def opens_the_link(self, tab: int, who: int) -> None:
        self.done(tab, Phone(self.client, f"/c/{self.cards[who].token}"), self.treatments[who])

    @rule(tab=TABS, who=PEOPLE)
    def types_the_code(self, tab: int, who: int) -> None:
        phone = Phone(self.client, "/code").post({"code": self.cards[who].code, "year_of_birth": "1980"})
        self.done(tab, phone, self.treatments[who])

    @rule(tab=TABS, pick=ANY, ticks=st.lists(ANY, max_size=2))
    def presses_a_button(self, tab: int, pick: int, ticks: list[int]) -> None:
        phone = self.tabs[tab]
        if phone is None or phone.address.startswith("/code"):
            return
        buttons = [one for one in phone.screen.buttons() if phone.screen.actions[one.form] != "/sign-out"]
        if not buttons:
            return
        values = [one.value for one in phone.screen.rows()]
        chosen = [values[each % len(values)] for each in ticks] if values else []
        button = buttons[pick % len(buttons)]
        if "photo" in phone.here:
            self.uploads(tab)
        else:
            self.done(tab, phone.send(button, chosen), self.shown[tab])

    @rule(tab=TABS)
    def uploads(self, tab: int) -> None:
        """From the page of photos, wherever the tab stands: its form is the one that was drawn there."""
        phone = self.tabs[tab]
        if phone is None or not (mark := re.search(r'name="of" value="([^"]+)"', phone.screen.body)):
            return
        before = self.shown[tab]
        data, files = {"of": mark[1]}, {"file": ("a.jpg", PICTURE, "image/jpeg")}
        answer = self.client.post("/check-in/photo", data=data, files=files)
        self.done(tab, phone._went(answer, "/check-in/photo"), before)

    @rule(tab=TABS, pick=ANY)
    def follows_a_link(self, tab: int, pick: int) -> None:
        phone = self.tabs[tab]
        links = [] if phone is None else [one for one in phone.screen.controls if one.kind == "a"]
        plain = [one.value for one in links if one.value.startswith("/check-in") or one.value.startswith("/home")]
        if phone is None or not plain:
            return
        answer = self.client.get(plain[pick % len(plain)])
        if plain[pick % len(plain)].startswith("/home") and answer.status_code == 200:
            return  # Streamlit's page, which has tests of its own; the tab's address said whose it is
        self.done(tab, phone.open(plain[pick % len(plain)]), self.shown[tab])

    @rule(tab=TABS)
    def loads_again(self, tab: int) -> None:
        phone = self.tabs[tab]
        if phone is not None and not phone.address.startswith(("/c/", "/code")):
            self.done(tab, phone.open(phone.address), self.named[tab])

    @rule(tab=TABS, who=PEOPLE)
    def unlocks(self, tab: int, who: int) -> None:
        phone = self.tabs[tab]
        if phone is None or not self.shown[tab] or not (mark := re.search(r'"of" value="([^"]+)"', phone.screen.body)):
            return
        given = {"of": mark[1], "code": self.cards[who].code, "year_of_birth": "1980"}
        answer = self.client.post("/unlock", data=given)
        if answer.status_code == 303 and (cookie := answer.headers.get("set-cookie")):
            self.client.cookies.set(*cookie.split(";")[0].split("=", 1))
            assert self.treatments[who] == self.shown[tab], "the card of another one raised this session"

    @rule(tab=TABS)
    def takes_a_report_back(self, tab: int) -> None:
        """As the page of corrections does: for whoever the browser is signed in, the report of the page."""
        sent = [key for (name, key), (_, of, _) in self.before.items() if name == "CheckIn" and of == self.shown[tab]]
        kept = [one.value for one in self.client.cookies.jar if one.name == "session" and one.value]
        if not sent or not kept:
            return
        try:
            by = actor_of(kept[-1])
            withdraw_check_in(by=by, check_in_id=sent[0], reason="not_mine")
        except Problem:
            assert rows() == self.before
        else:
            assert by.treatment_id == self.shown[tab]
            self.before = rows()

    @rule(who=PEOPLE)
    def gets_a_new_card(self, who: int) -> None:
        self.cards[who] = self.card_of(who)

    @rule(tab=TABS)
    def signs_out(self, tab: int) -> None:
        self.client.post("/sign-out")
        self.client.cookies.clear()


def search(client: TestClient, examples: int, steps: int) -> None:
    home = house("A", areas=("cheeks", "neck"))
    with clock.fixed(DAY_3):
        machine = type("Machine", (Browser,), {"client": client, "home": home})
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=hypothesis_settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_no_order_of_taps_in_two_tabs_mixes_two_links(client: TestClient) -> None:
    search(client, 12, 25)


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_no_order_of_taps_in_two_tabs_mixes_two_links_at_length(client: TestClient) -> None:
    search(client, 40, 40)
