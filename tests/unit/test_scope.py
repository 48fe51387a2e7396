"""Who may see which rows of the outcome frame, and what the filters choose."""

from datetime import date

import pandas as pd
import pytest

from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed
from reporting.shell import read_scope
from reporting.shell.read_scope import Filters, scoped_frame
from reporting.shell.read_small_cells import is_beyond_clinic
from tests.frames import many_rows

STAFF = Actor(kind="staff", id=1, clinic_id=2, role="clinician")


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    frame = many_rows(2_000, seed=1)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    return frame


def test_staff_see_their_own_clinic_alone(rows: pd.DataFrame) -> None:
    seen = scoped_frame(STAFF)
    assert set(seen["clinic_id"]) == {2}
    assert len(seen) == (rows["clinic_id"] == 2).sum()


def test_naming_another_clinic_or_its_device_opens_nothing(rows: pd.DataFrame) -> None:
    assert scoped_frame(STAFF, Filters(clinics=("C0",))).empty
    assert scoped_frame(STAFF, Filters(devices=("C0/D0",))).empty


def test_the_system_sees_every_clinic(rows: pd.DataFrame) -> None:
    assert len(scoped_frame(SYSTEM)) == len(rows)


@pytest.mark.parametrize(
    "actor",
    [
        Actor(kind="patient", id=1, clinic_id=2, strength="full"),
        Actor(kind="patient", id=1, clinic_id=2, strength="link"),
        Actor(kind="staff", id=1, clinic_id=None, role="safety_lead"),
    ],
)
def test_patients_and_staff_of_no_clinic_see_nothing(rows: pd.DataFrame, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        scoped_frame(actor)


def test_every_filter_chooses_what_plain_pandas_chooses(rows: pd.DataFrame) -> None:
    filters = Filters(
        from_date=date(2024, 3, 1),
        to_date=date(2025, 6, 30),
        clinics=("C1", "C2"),
        devices=("C1/D0", "C2/D0"),
        device_class="frac_ablative_co2",
        procedure_class="ablative",
        skin_group="IV-VI",
        indication="acne_scars",
        area="neck",
    )
    wanted = rows.query(
        "performed_on >= '2024-03-01' and performed_on <= '2025-06-30' and clinic in ['C1', 'C2']"
        " and device in ['C1/D0', 'C2/D0'] and fitzpatrick >= 4"
        " and indication == 'acne_scars' and area == 'neck'"
    )
    seen = scoped_frame(SYSTEM, filters)
    assert len(seen) > 10
    pd.testing.assert_frame_equal(seen, wanted.reset_index(drop=True))


def test_both_ends_of_a_period_belong_to_it(rows: pd.DataFrame) -> None:
    day = rows["performed_on"].iloc[0].date()
    seen = scoped_frame(SYSTEM, Filters(from_date=day, to_date=day), ["performed_on"])
    assert len(seen) == (rows["performed_on"].dt.date == day).sum() > 0


def test_unknown_skin_types_are_in_no_group(rows: pd.DataFrame) -> None:
    both = [scoped_frame(SYSTEM, Filters(skin_group=group), ["fitzpatrick"]) for group in ("I-III", "IV-VI")]
    assert sum(map(len, both)) == (rows["fitzpatrick"] > 0).sum()


def test_a_skin_group_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="skin_group"):
        Filters(skin_group="VII")


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    today = date(2026, 3, 10)
    before = Filters(from_date=date(2026, 3, 1), device_class="ipl").previous_period(today)
    assert before == Filters(from_date=date(2026, 2, 19), to_date=date(2026, 2, 28), device_class="ipl")
    assert Filters().previous_period(today) is None


def test_the_treating_clinic_is_not_beyond_itself() -> None:
    assert not is_beyond_clinic(STAFF, [2, 2])
    assert is_beyond_clinic(STAFF, [2, 3])
    assert not is_beyond_clinic(SYSTEM, [1, 2])
