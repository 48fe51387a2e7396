"""No input stops the process: whatever strangers send is read in a time that grows with its length, not its square."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.messages import MOST_SIGNS, asked
from reporting.errors import UnreadableFile
from reporting.imports.file_csv import MOST_COLUMNS, open_csv
from reporting.imports.file_mapping import LONGEST_LINE, WrongMapping, parse_mapping
from reporting.security.photos import PhotoRefused, clean_photo
from reporting.shell.web_middleware import _plain_cookies
from tests import hostile, photos

MOST_S = 3.0
"""Of the processor, for any one input. The worst takes half a second; what grows with the square takes minutes."""


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    """Seconds by input, measured in a process that is ended when one does not come back."""
    command = [sys.executable, "-m", "tests.hostile"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as stuck:
        last = (stuck.stderr or b"").decode().splitlines()[-1]
        pytest.fail(f"stuck on: {last}")
    assert done.returncode == 0, done.stderr
    return {line[33:]: float(line[:7]) for line in done.stdout.splitlines()}


def test_every_input_is_read_or_refused_at_once(figures: dict[str, float]) -> None:
    assert len(figures) > 60
    assert {name: used for name, used in figures.items() if used > MOST_S} == {}


def test_a_photo_cut_off_and_filled_up_is_refused_in_words() -> None:
    whole = photos.encoded(photos.picture(), "JPEG")
    for data in (b"\xff\xd8" + b"\xff" * 20_000, whole[:-200] + b"\xff" * 20_000):
        with pytest.raises(PhotoRefused) as refused:
            hostile._photo(data)
        assert refused.value.reason == "damaged"


def test_fill_between_segments_and_before_the_end_is_no_fault() -> None:
    whole, limits = photos.encoded(photos.picture(), "JPEG"), {"max_bytes": 10**7, "max_pixels": 10**7}
    frame = whole.index(b"\xff\xc0")
    filled = whole[:frame] + b"\xff" * 999 + whole[frame:-2] + b"\xff" * 999 + whole[-2:]
    assert clean_photo(filled, max_side_px=2048, **limits) == clean_photo(whole, max_side_px=2048, **limits)


@given(st.lists(st.text('abc=\\"; %', max_size=9), max_size=9))
def test_cookies_without_a_backslash_come_through_as_they_are(parts: list[str]) -> None:
    sent = ";".join(parts).encode()
    left = _plain_cookies(sent)
    assert b"\\" not in left
    kept = [part.strip() for part in sent.split(b";") if b"\\" not in part]
    assert left.split(b"; ") == kept if kept else left == b""


def test_a_long_text_message_asks_for_nothing() -> None:
    assert asked("STOP" + " " * (MOST_SIGNS - 4)) == "stop"
    assert asked("STOP" + " " * MOST_SIGNS) == "other"


def test_a_mapping_that_is_too_long_or_too_deep_is_refused_in_words() -> None:
    for text in ("a" * (LONGEST_LINE + 1), "\n" * 70_000, "x=" + "[" * 1_900):
        with pytest.raises(WrongMapping):
            parse_mapping(text, "treatments")


def test_a_file_of_too_many_columns_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(MOST_COLUMNS + 1)) + "\n1\n")
    with pytest.raises(UnreadableFile, match="1001 columns"):
        open_csv(path)
