"""What the settings page asks for: device class, setting and symptom, and what narrows the treatments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.symptoms import symptom as symptom_of
from reporting.queries.filter_choices import FilterChoices
from reporting.queries.scope import Filters
from reporting.queries.setting_choice import SettingChoice, setting_choice
from reporting.ui.address import code_segments, code_select
from reporting.ui.filters import (
    EVERYTHING,
    chosen_words,
    code_choice,
    only,
    period_choice,
    period_words,
    skin_choice,
    symptom_choice,
)
from reporting.ui.fold import folded_on_phones

ONE, TWO, TIME = "one", "two", "time"
_VIEWS = {ONE: "One setting", TWO: "Two settings", TIME: "Over time"}
_NARROWING = ("period", "device", "indication", "area", "skin")


@dataclass(frozen=True)
class Asked:
    """What is looked at. ``choice`` None: no setting was recorded for the class, and ``setting`` is empty."""

    filters: Filters
    symptom: str
    setting: str
    choice: SettingChoice | None


def settings_asked(by: Actor, choices: FilterChoices, today: date) -> Asked:
    """Draw the three questions of the page (device class: always one, raw settings are never compared across), and
    under them what narrows it. On a phone they stand under each other, so that no name is cut."""
    with folded_on_phones() as said:
        device_class, setting, symptom = st.columns(3)
        with device_class:
            chosen = code_select("Device class", choices.device_classes, "class")
        choice = setting_choice(by, chosen)
        with setting:
            name = "" if choice is None else parameter_choice(choice.settings, choice.main)
        with symptom:
            code = symptom_choice()
        filters = _narrowed(choices, chosen, choice, today)
        fields = setting_fields()
        said += [choices.device_classes[chosen], *([fields[name].label] if name else []), symptom_of(code).label]
        said += _narrowed_words(choices, filters)
    return Asked(filters, code, name, choice)


def view_choice() -> str:
    """Draw the choice of what is looked at; the address keeps it."""
    return code_segments("View", _VIEWS, "view")


def parameter_choice(recorded: Sequence[str], main: str, *, label: str = "Setting", key: str = "setting") -> str:
    """Draw the choice of one of the settings that were recorded; ``main`` unless another is chosen."""
    fields = setting_fields()
    return code_select(label, {name: fields[name].label for name in recorded}, key, default=main)


def _narrowed(choices: FilterChoices, device_class: str, choice: SettingChoice | None, today: date) -> Filters:
    devices = {code: code for code in choice.devices} if choice else {}
    with st.expander("Narrow to a period, device, area, indication or skin type", expanded=_is_narrowed()):
        first, second, third = st.columns(3)
        with first:
            begin, end = period_choice(today, EVERYTHING)
            device = code_choice("Device", devices, "device", "All devices of this class")
        with second:
            indication = code_choice("Indication", choices.indications, "indication", "All indications")
            area = code_choice("Area", choices.areas, "area", "All areas")
        with third:
            skin = skin_choice()
    return Filters(
        from_date=begin, to_date=end, devices=only(device), device_class=device_class, indication=indication,
        area=area, skin_group=skin,
    )  # fmt: skip


def _narrowed_words(choices: FilterChoices, filters: Filters) -> list[str]:
    begin, end = filters.from_date, filters.to_date
    period = [period_words(begin, end)] if begin or end else []
    return period + chosen_words(
        *((device, {}) for device in filters.devices), (filters.indication, choices.indications),
        (filters.area, choices.areas), (filters.skin_group, {}),
    )  # fmt: skip


def _is_narrowed() -> bool:
    """Whether something narrows the page, so that nobody overlooks it."""
    return any(st.session_state.get(name) not in (None, "", EVERYTHING) or name in st.query_params
               for name in _NARROWING)  # fmt: skip
