"""Sources on pages are short and name a publication; no row of the tables loses its source."""

import re

import pytest

from reporting.domain.content import content
from reporting.domain.vocabulary import short_source


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (
            "typical range: Yuan XH 2014 Dermatol Surg, scribd 420320449 / ro.scribd 240122942 + "
            "Faghihi 2015 PMC4601415 (full text) + Kar 2017 PMC5782437 (200 mJ first session, +10%/session",
            "Yuan XH 2014 Dermatol Surg; Faghihi 2015 PMC4601415; Kar 2017 PMC5782437",
        ),
        ("Candela GentleMax Pro Treatment Guidelines, scribd 431285976", "Candela GentleMax Pro Treatment Guidelines"),
        ("Nd:YAG guideline as quoted by droracle.ai/articles/835219", "Nd:YAG guideline as quoted by droracle.ai"),
        ("Philips manual, manualshive 298947 p.25; perifollicular oedema", "Philips manual"),
        ("Avram MM 2009 Lasers Surg Med", "Avram MM 2009 Lasers Surg Med"),
        ("(unpublished)", "(unpublished)"),
        ("", ""),
    ],
)
def test_the_publication_stays(kept: str, shown: str) -> None:
    assert short_source(kept) == shown


def test_every_source_of_the_tables_can_be_shown() -> None:
    kept = [row.source for row in content().guidelines]
    kept += [one.source for each in content().device_classes.values() for one in each.parameters.values()]
    assert len(kept) > 50
    for each in kept:
        assert short_source(each)
        assert not re.search(r"scribd|qxmd|\.com/", short_source(each))
