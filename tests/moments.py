"""The tests that depend on the calendar, at moments when calendars surprise: ``make test-moments``.

``python -m tests.moments [argument of pytest …]`` runs them once for each moment; every process of the tests then
lives there. Without a path among the arguments, those of TESTS are run.
"""

import os
import subprocess
import sys
import time

from tests.launch import MOMENT, SINCE, SLOWER

MOMENTS = {
    "a Sunday at noon": "2026-03-15T12:00+00:00",
    "a Monday, ten to four in the night": "2026-03-16T03:50+00:00",
    "29 February": "2028-02-29T10:00+00:00",
    "the night of the change to summer time": "2026-03-29T02:59+02:00",
    "a minute before the new year": "2026-12-31T23:59+00:00",
    "Christmas Day, a Friday": "2026-12-25T15:00+00:00",
}
TESTS = (
    "tests/e2e/test_journey.py",
    "tests/e2e/test_check_in.py",
    "tests/actions/test_demo.py",
    "tests/actions/test_days.py",
    "tests/web",
    "tests/pages",
)


def main(arguments: list[str]) -> int:
    """How many moments had a failure."""
    failed = []
    if not any(argument.startswith("tests") for argument in arguments):
        arguments = [*arguments, *TESTS]
    for name, moment in MOMENTS.items():
        print(f"\n== {name}: {moment}", flush=True)
        environment = os.environ | {MOMENT: moment, SINCE: repr(time.time()), SLOWER: "100"}
        if subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode:
            failed.append(name)
    print("\nred: " + ", ".join(failed) if failed else f"\ngreen at all {len(MOMENTS)} moments")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
