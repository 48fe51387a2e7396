"""Role × clinic × page × file: every page of the table and every file to take from one, by everybody, of two clinics.

What a page shows, to whoever may open it, has no word of the other clinic; asked for a record of the other clinic, it
answers word for word as if there were none. The pages are those of ``shell.pages``; the records that an address can
name and the files are found in the code: a new one fails here until it is named.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from sys import _getframe
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.app.navigation import pages_for
from reporting.dashboards import read_dose_response
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.signal_work import Look
from reporting.domain.vocabulary import symptoms
from reporting.settings import ROOT
from reporting.shell.pages import PATIENT, STAFF, Entry
from reporting.signals.act_signals import keep_look
from tests.conftest import NOW
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page, text
from tests.two_clinics import LINK, NOBODY, NOWHERE, UNKNOWN, WHO, Side, side

ENERGIES = (30.0, 70.0, 40.0, 60.0, 30.0, 60.0, 50.0, 70.0)
"""Pulse energies, mJ, that carry an adjusted curve."""
HERE = "tests/pages/test_two_clinics.py"
PACKAGE = ROOT / "reporting"
PAGES = (*STAFF, *PATIENT)

NAMED = {
    "patient": "patient_id",
    "treatment": "treatment_id",
    "signal": "signal_id",
    "run": "run_id",
    "report": "check_in_id",
    "page": "",
}
"""What a page's address can name to the kind of its id in ``tests.two_clinics``; "" for a number of no record."""
RECORDS = {
    "cases/page_timeline": ("patient",),
    "dashboards/page_plan": ("patient",),
    "imports/page_import": ("run",),
    "patient/page_correct": ("report",),
    "patient/page_proxy": ("patient", "treatment"),
    "signals/page_signals": ("signal",),
    "treatments/page_card": ("treatment",),
    "treatments/page_record": ("patient", "treatment"),
}
"""Pages whose address can name a record."""
SEES_NONE = {("patient/page_correct", "report"): (LINK,)}
"""For whom, besides nobody, a record of the own clinic changes nothing in what the page says."""
ALL_TIME = {"period": "all", "symptom": "hyperpigmentation", "setting": "pulse_energy_mj"}
VIEWS: dict[str, tuple[dict[str, str], ...]] = {
    "cases/page_worklist": ({}, {"show": "silent"}, {"show": "closed"}, {"show": "budget"}),
    "dashboards/page_settings": (ALL_TIME, {**ALL_TIME, "view": "two"}, {**ALL_TIME, "view": "time"}),
    "signals/page_overview": ({"period": "all"},),
    "signals/page_peers": ({"period": "all"}, {"period": "all", "kind": "operator"}),
}
"""Choices in the address that show another part of a page, or more of it."""
ELSEWHERE = {
    "imports/ui_import.show_done": "tests/pages/test_admin_import.py: only right after an upload",
    "treatments/page_card._draw": "tests/pages/test_clinician_card.py: only right after the card was made",
}
"""Files to take that a page offers only after something was done on it, and where that is tested."""
OFFERS = ("csv_file", "to_hand_on", "show", "numbers", "download_button")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def drawing() -> list[Path]:
    return sorted(path for path in PACKAGE.glob("*/*.py") if path.name.startswith(("page_", "ui_")))


def names_in_addresses() -> dict[str, set[str]]:
    """File to the names that it reads as numbers from the page's address."""
    found: dict[str, set[str]] = {}
    for path in drawing():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("number_in_address"):
                found.setdefault(path.relative_to(PACKAGE).with_suffix("").as_posix(), set()).add(
                    ast.literal_eval(node.args[0])
                )
    return found


@dataclass(frozen=True)
class Offer:
    """A place in the code that offers a file to take."""

    file: str
    function: str
    first_line: int
    last_line: int

    @property
    def name(self) -> str:
        return f"{self.file.removesuffix('.py')}.{self.function}"


def _is_offer(path: Path, call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr == "download_button"
    taken = {
        alias.asname or alias.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "reporting.shell.ui_figures"
        for alias in node.names
    }
    return isinstance(call.func, ast.Name) and call.func.id in taken & set(OFFERS)


@cache
def offers() -> tuple[Offer, ...]:
    """Every place outside of the shell that offers a file, found in the code."""
    return tuple(
        Offer(path.relative_to(PACKAGE).as_posix(), function.name, call.lineno, call.end_lineno or call.lineno)
        for path in drawing()
        if path.parent.name != "shell"
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _is_offer(path, call)
    )


def _from_where() -> tuple[str, int]:
    """File and line outside of the shell that drew what is drawn now."""
    frame = _getframe(2)
    while frame.f_back and (
        not frame.f_code.co_filename.startswith(str(PACKAGE)) or Path(frame.f_code.co_filename).parent.name == "shell"
    ):
        frame = frame.f_back
    return Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix(), frame.f_lineno


@dataclass
class Taken:
    """Files that were offered while pages were drawn: from where, and what is in them."""

    files: list[tuple[str, int, Any]] = field(default_factory=list)

    def offered(self, _label: str, data: Any, *_rest: Any, **_how: Any) -> bool:
        self.files.append((*_from_where(), data))
        return False

    def contents(self) -> list[str]:
        made = [data() if callable(data) else data for _, _, data in self.files]
        return [content if isinstance(content, str) else content.decode("utf-8-sig") for content in made]


def everything(page: AppTest) -> bytes:
    """All that is sent to the browser, tables and charts with their numbers too."""
    parts = [getattr(element, "proto", None) for element in page._tree]
    return b"".join(part.SerializeToString() for part in parts if part is not None)


@pytest.fixture(scope="module")
def sides(module_database: str) -> Iterator[tuple[Side, Side]]:
    with clock.fixed(NOW):
        both = side("Aldebaran"), side("Betelgeuse")
        for one in both:
            fill(one.house, energies=ENERGIES)
        keep_look(by=SYSTEM, look=Look(NOW.date(), (), 120, 0.5, 1.0, {"doubling": _chances(both)}))
        yield both


def _chances(both: tuple[Side, Side]) -> dict[str, Any]:
    """How soon a doubling would be found, as a look keeps it: of one device of each clinic."""
    return {
        "ratio": 2.0,
        "symptoms": [each.code for each in symptoms()],
        "units": {one.mark: [["device", f"{one.mark}/code {one.mark}", [0.4] * len(symptoms())]] for one in both},
        "grid": [0.1, 1.0],
        "found": {"13": [0.2, 0.9], "26": [0.4, 1.0]},
    }


@dataclass(frozen=True)
class Seen:
    """What somebody got of a page: all that went to the browser, its words, and the files that it offers."""

    sent: bytes
    words: str
    is_problem: bool
    files: list[str]
    offers: frozenset[Offer]


def _offer_at(file: str, line: int) -> Iterator[Offer]:
    return (each for each in offers() if each.file == file and each.first_line <= line <= each.last_line)


class Visits:
    """Opens pages as anybody of the own clinic; each page only once for each person and address."""

    def __init__(self, own: Side) -> None:
        self.own = own
        self.seen: dict[tuple[Any, ...], Seen] = {}

    def by(self, who: str) -> Actor | None:
        return None if who == NOBODY else self.own.actor(who)

    def may_open(self, entry: Entry, who: str) -> bool:
        return entry in pages_for(self.by(who))

    def see(self, entry: Entry, who: str, **address: int | str) -> Seen:
        key = entry.file, who, *sorted(address.items())
        if key not in self.seen:
            with pytest.MonkeyPatch.context() as patch, clock.fixed(NOW):
                taken = Taken()
                patch.setattr(st, "download_button", taken.offered)
                patch.setattr(read_dose_response, "WIDEST_INTERVAL", 1.0)  # a curve of so few is shown too
                patch.setattr(st, "page_link", lambda *_, **__: None)
                page = open_page(patch, entry.file, self.by(who), **address)
                made = frozenset(each for file, line, _ in taken.files for each in _offer_at(file, line))
                self.seen[key] = Seen(everything(page), text(page), bool(page.error), taken.contents(), made)
        return self.seen[key]

    def whole(self, entry: Entry, who: str) -> Iterator[tuple[str, Seen]]:
        """Everything of a page that is this person's: its views, and each record of the own clinic."""
        records: list[dict[str, Any]] = [{name: self.own.ids[NAMED[name]]} for name in RECORDS.get(entry.file, ())]
        for address in (*VIEWS.get(entry.file, ({},)), *records):
            yield f"{entry.address} {address} as {who}", self.see(entry, who, **address)


@pytest.fixture(scope="module")
def visits(sides: tuple[Side, Side]) -> Visits:
    return Visits(sides[0])


def test_the_table_of_pages_is_asked_for_everybody(visits: Visits) -> None:
    """Whoever is not of this clinic gets no page at all; of those who are, every page opens for somebody."""
    assert not any(visits.may_open(entry, NOWHERE) for entry in PAGES)
    assert [entry for entry in PAGES if visits.may_open(entry, NOBODY)] == [*PATIENT]
    unopened = [entry for entry in PAGES if not any(visits.may_open(entry, who) for who in WHO)]
    assert not unopened


def test_every_record_that_an_address_can_name_is_here() -> None:
    found = names_in_addresses()
    unnamed = set().union(*found.values()) - NAMED.keys()
    assert not unnamed, f"say in NAMED of {HERE} of what these numbers in addresses are: {unnamed}"
    records = {file: {name for name in names if NAMED[name]} for file, names in found.items()}
    missing = {file: names for file, names in records.items() if names - set(RECORDS.get(file, ()))}
    assert not missing, f"say in RECORDS of {HERE} that these pages show a record: {missing}"
    assert RECORDS.keys() <= {entry.file for entry in PAGES}
    assert {file: set(names) for file, names in RECORDS.items()} == {
        file: names for file, names in records.items() if names
    }


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.address)
def test_no_page_and_no_file_has_a_word_of_another_clinic(
    sides: tuple[Side, Side], visits: Visits, entry: Entry
) -> None:
    own, other = sides
    for who in filter(partial(visits.may_open, entry), WHO):
        for where, seen in visits.whole(entry, who):
            assert other.mark.encode() not in seen.sent, f"{where} shows something of another clinic"
            assert not any(other.mark in file for file in seen.files), (
                f"{where}: a file has something of another clinic"
            )
            if who == NOBODY:
                assert own.mark.encode() not in seen.sent, f"{where} shows something of a clinic"


WAYS = [(entry, name) for entry in PAGES for name in RECORDS.get(entry.file, ())]


@pytest.mark.parametrize(("entry", "name"), WAYS, ids=lambda part: part if isinstance(part, str) else part.address)
def test_a_page_of_another_clinics_record_is_a_page_of_none(
    sides: tuple[Side, Side], visits: Visits, entry: Entry, name: str
) -> None:
    own, other = sides
    kind = NAMED[name]
    for who in filter(partial(visits.may_open, entry), WHO):
        where = f"{entry.address}?{name}=… as {who}"
        mine, theirs, unknown = (
            visits.see(entry, who, **{name: key}) for key in (own.ids[kind], other.ids[kind], UNKNOWN)
        )
        assert other.mark.encode() not in theirs.sent, f"{where} shows another clinic's"
        assert theirs.words == unknown.words, f"{where} tells that another clinic has such a record"
        assert not theirs.files
        if who not in (NOBODY, *SEES_NONE.get((entry.file, name), ())):
            assert mine.words != unknown.words, f"{where}: the own clinic's record is not there either"


def test_every_file_was_made_as_somebody_of_one_clinic(visits: Visits) -> None:
    made = {
        offer
        for entry in PAGES
        for who in WHO
        if visits.may_open(entry, who)
        for _, seen in visits.whole(entry, who)
        for offer in seen.offers
    }
    missed = {offer.name for offer in offers() if offer not in made}
    new = missed - ELSEWHERE.keys()
    assert not new, f"no test here draws these files: let VIEWS of {HERE} show them, or say in ELSEWHERE where: {new}"
    assert ELSEWHERE.keys() <= missed, f"these need no exception: {ELSEWHERE.keys() - missed}"
