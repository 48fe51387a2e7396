"""What the command line says: every help page, and a run of every command."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader

from tools.words.kept import Shelf
from tools.words.started import Checkout, Forks

TREATMENTS, SEED = "120", "2"
DEVICES = """clinic,device,device_class,model
DEMO,EXTRA-1,ipl,Model of the comparison
DEMO,,ipl,No name
"""
LOG = """treatment,clinic,patient,performed_on,operator,device,fitzpatrick,year_of_birth,area,fluence_j_cm2
LOG-1,DEMO,LOG-P1,2026-02-03,O1,ALEX-1,3,1980,bikini,12
LOG-2,DEMO,LOG-P2,2026-02-30,O1,ALEX-1,3,1980,bikini,12
LOG-3,DEMO,LOG-P3,2026-02-04,O2,ALEX-1,4,1990,thighs,9000
LOG-4,DEMO,LOG-P4,2026-02-05,O2,ALEX-1,2,1970,bikini,14
"""
ANSWERS = """clinic,treatment,scheduled_day,due_on,answered,answered_on,burning,worried
DEMO,LOG-1,1,2026-02-04,yes,2026-02-04,2,no
DEMO,LOG-4,1,2026-02-06,no,,,
DEMO,LOG-9,1,2026-02-06,yes,2026-02-06,1,no
"""
READING = """\
signals list
signals list --json
rates --by device --symptom hyperpigmentation
rates --by all --json
rates --by skin-group
rates --by operator --symptom burning --hand-on
rates --by setting-band --parameter fluence_j_cm2 --device-class ipl
rates --by month --from 2025-06-01
rates --by nothing
rates --by device --device-class nothing
dose-response --symptom hyperpigmentation --parameter density_pct --device-class frac_ablative_co2
dose-response --symptom hyperpigmentation --parameter density_pct --device-class frac_ablative_co2 --json
languages
languages --json
template treatments
template treatments --header
template devices --header
template check-ins
remind --dry-run
remind --dry-run --json
retention
retention --json
photos check
photos check --json
audit verify
audit verify --json
report --clinic NONE --month 2026-02
""".splitlines()
"""Commands that change nothing that another one prints."""
WRITING = """\
import devices DATA/devices.csv
import treatments DATA/log.csv --create-missing
import treatments DATA/log.csv --create-missing --json
import check-ins DATA/answers.csv --json
import treatments DATA/nothing.csv
signals run
signals run --json
""".splitlines()
"""Commands before the pages are looked at, in this order."""
LAST = """\
backtest --from 2026-01-05 --to 2026-02-02 --out DATA/alarms.json
report --clinic DEMO --month 2026-02 --out DATA/report.pdf
report --clinic DEMO --month 2026-02 --out DATA/handed.pdf --hand-on
report --clinic DEMO --month 2026-02 --out DATA/operators.pdf --operators
remind
remind --json
retention --apply
photos sweep
demo
demo-access
demo-access --json
audit verify
""".splitlines()
"""Commands after everything else."""
_LISTED = re.compile(r"^│ ([a-z][\w-]*) ", re.MULTILINE)


class Commands:
    """The command line of a checkout."""

    def __init__(self, checkout: Checkout, shelf: Shelf, forks: Forks) -> None:
        self.checkout, self.shelf, self.forks = checkout, shelf, forks

    def said(self, *words: str) -> str:
        """Exit code, output and error output of ``python -m reporting`` with these words."""
        done = self.forks.run(*words)
        return f"exit code {done.code}\n{done.out}\n--- error output\n{done.err}"

    def keep(self, line: str) -> None:
        """Run a command and keep what it says, under its own words."""
        words = line.replace("DATA", str(self.checkout.data)).split()
        self.shelf.keep(f"commands/{line.replace('DATA/', '')}", self.said(*words))

    def fill(self) -> None:
        """The synthetic clinic, and the files that are brought in."""
        self.checkout.data.mkdir(parents=True, exist_ok=True)
        for name, rows in (("devices", DEVICES), ("log", LOG), ("answers", ANSWERS)):
            (self.checkout.data / f"{name}.csv").write_text(rows, encoding="utf-8")
        self.shelf.keep("commands/demo first", self.said("demo", "--treatments", TREATMENTS, "--seed", SEED))

    def write(self) -> None:
        """What changes the clinic before anybody looks at it."""
        for line in WRITING:
            self.keep(line)
        for refused in sorted(self.checkout.data.glob("*.rejected.csv")):
            self.shelf.keep(f"files/{refused.name}", refused.read_text(encoding="utf-8"))

    def read(self) -> None:
        """What changes nothing, and every help page."""
        for group in self._groups():
            self._help(group)
        for line in READING:
            self.keep(line)

    def patient_link(self) -> str:
        """A fresh link of a patient of the demo."""
        return str(json.loads(self.forks.run("demo-access", "--json").out)["patient_link"])

    def _groups(self) -> Iterator[tuple[str, ...]]:
        yield ()
        for command in _LISTED.findall(_commands_of(self.said("--help"))):
            yield (command,)

    def _help(self, words: tuple[str, ...]) -> None:
        said = self.said(*words, "--help")
        self.shelf.keep(f"help/{' '.join(words) or 'all'}", said)
        if words:
            for command in _LISTED.findall(_commands_of(said)):
                self._help((*words, command))

    def end(self) -> None:
        """What changes the clinic at last, and the files that it writes."""
        for line in LAST:
            self.keep(line)
        for made in sorted(self.checkout.data.glob("*.pdf")):
            self.shelf.keep(f"files/{made.name}", _words_of_pdf(made))
        alarms = self.checkout.data / "alarms.json"
        self.shelf.keep("files/alarms.json", alarms.read_text() if alarms.exists() else "none")


def _commands_of(said: str) -> str:
    """The box of a help page that lists commands; empty where there is none."""
    return said.partition("─ Commands ─")[2].partition("╰")[0]


def _words_of_pdf(path: Path) -> str:
    pages = PdfReader(path).pages
    return "\n".join(f"--- page {number}\n{page.extract_text()}" for number, page in enumerate(pages, 1))
