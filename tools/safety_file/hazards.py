"""The hazard log: its rows, its scale, what a row is linked to, and the readable page."""

import ast
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HAZARDS = ROOT / "docs" / "safety" / "hazards.csv"

SEVERITIES = {
    "minor": "Small injury or upset that is soon over, of one patient; inconvenience",
    "significant": "Small injury that is not soon over, or great distress, of one patient; the step above for several",
    "considerable": "Severe injury or incapacity that is soon over, of one patient; the step above for several",
    "major": "Death, or injury or incapacity that lasts, of one patient; severe and soon over, of several",
    "catastrophic": "Death, or injury or incapacity that lasts, of several patients",
}
LIKELIHOODS = {
    "very_low": "Next to impossible",
    "low": "Could happen; nearly always it will not",
    "medium": "Possible",
    "high": "Not certain, expected in most cases",
    "very_high": "Certain or nearly so",
}
RISKS = {
    "very_low": (1, 1, 2, 2, 3),
    "low": (1, 2, 2, 3, 4),
    "medium": (2, 2, 3, 3, 4),
    "high": (2, 3, 3, 4, 5),
    "very_high": (3, 4, 4, 5, 5),
}
"""Likelihood to the risk for each severity, in the order of ``SEVERITIES``."""
ACCEPTABLE = {
    1: "acceptable",
    2: "acceptable where making it smaller costs more than it gains or cannot be done",
    3: "undesirable: acceptable only where making it smaller cannot be done",
    4: "must be removed or made smaller",
    5: "unacceptable",
}
INTRODUCTION = """\
# Hazard log

<!-- Written by `make safety-file` from hazards.csv: change that. -->

**Every severity, likelihood and risk here is an estimate of the authors. No clinical safety officer, clinician or
manufacturer has read, agreed to or accepted any row.** A row is *controlled* where what we know to do is built and a
test fails when it breaks; nobody has said that what is left may be accepted."""
SCALE_SOURCE = (
    "in our words after the example tables of *DCB0129 Clinical Risk Management: its Application in the Manufacture of"
    " Health IT Systems, Implementation Guidance*, version 3.2, section 4.4 and table 10, as published documents quote"
    " them"
)
STATES = {
    "controlled": "every control that we know of is built and tested",
    "partly_controlled": "a control is missing or rests on content that no clinician has read: see *What is left*",
    "deployment": "rests on whoever runs the product",
}


@dataclass(frozen=True)
class Hazard:
    """One row of the hazard log; severity and likelihoods are estimates of ours."""

    id: str
    hazard: str
    cause: str
    harm: str
    severity: str
    likelihood_before: str
    likelihood_after: str
    controls: str
    residual: str
    status: str
    code: tuple[str, ...]
    rules: tuple[str, ...]
    tests: tuple[str, ...]
    decisions: tuple[str, ...]
    evidence_mark: str
    review_status: str

    def risk(self, likelihood: str) -> int:
        """1 to 5 on the scale of the log. Raises KeyError or ValueError for a word that it does not have."""
        return RISKS[likelihood][tuple(SEVERITIES).index(self.severity)]

    @property
    def before(self) -> int:
        return self.risk(self.likelihood_before)

    @property
    def after(self) -> int:
        return self.risk(self.likelihood_after)


LISTS = ("code", "rules", "tests", "decisions")


def read_hazards(path: Path = HAZARDS) -> tuple[Hazard, ...]:
    """The rows in their order. Raises TypeError where columns are not those of ``Hazard``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    parts = ({name: tuple(filter(None, row[name].split("|"))) for name in LISTS} for row in rows)
    return tuple(Hazard(**{**row, **lists}) for row, lists in zip(rows, parts, strict=True))  # type: ignore[arg-type]


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a file defines at its top level, and the methods of its classes as ``Class::method``."""
    found = set[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for each in targets if isinstance(each, ast.Name)}
    return frozenset(found)


@cache
def codes_in(table: Path) -> frozenset[str]:
    """The first column of a table."""
    with table.open(encoding="utf-8", newline="") as file:
        return frozenset(row[0] for row in list(csv.reader(file))[1:])


def _is_name(link: str, root: Path) -> bool:
    path, _, name = link.partition("::")
    return bool(name) and (root / path).is_file() and name in names_in(root / path)


def _is_test(link: str, root: Path) -> bool:
    path, _, name = link.partition("::")
    is_collected = Path(path).name.startswith("test_") and name.rpartition("::")[2].startswith("test_")
    return path.startswith("tests/") and is_collected and _is_name(link, root)


def _is_rule(link: str, root: Path) -> bool:
    table, _, code = link.partition(":")
    path = root / "data" / f"{table}.csv"
    return path.is_file() and code in codes_in(path)


def _decision(number: str, root: Path) -> Path | None:
    return next(iter((root / "docs" / "decisions").glob(f"{number}-*.md")), None)


def faults_of(hazard: Hazard, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with a row: words that the scale does not have, links to what is not there, no control at all."""
    for name, known in (
        ("severity", SEVERITIES),
        ("likelihood_before", LIKELIHOODS),
        ("likelihood_after", LIKELIHOODS),
        ("status", STATES),
    ):
        if getattr(hazard, name) not in known:
            yield f"{hazard.id}: {name} is {getattr(hazard, name)!r}, allowed: {', '.join(known)}"
    if not (hazard.code and hazard.tests):
        yield f"{hazard.id}: a hazard has at least one control in code and one test of it"
    if hazard.evidence_mark != "estimate":
        yield f"{hazard.id}: severity and likelihood are estimates, and the row says so"
    yield from (f"{hazard.id}: no code {link}" for link in hazard.code if not _is_name(link, root))
    yield from (f"{hazard.id}: no test {link}" for link in hazard.tests if not _is_test(link, root))
    yield from (f"{hazard.id}: no rule {link}" for link in hazard.rules if not _is_rule(link, root))
    yield from (f"{hazard.id}: no decision {each}" for each in hazard.decisions if _decision(each, root) is None)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a Markdown table."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
    ]


def said(word: str) -> str:
    """A code as words."""
    return word.replace("_", " ")


def _scale() -> list[str]:
    risks = [(said(word), *RISKS[word]) for word in LIKELIHOODS]
    return [
        "## The scale",
        "",
        f"Source: {SCALE_SOURCE}. Severity is harm to patients; several patients count a step higher.",
        "",
        *table(("Severity", "Meaning"), list(SEVERITIES.items())),
        "",
        *table(("Likelihood", "Meaning"), [(said(word), meaning) for word, meaning in LIKELIHOODS.items()]),
        "",
        *table(("Likelihood \\ severity", *SEVERITIES), risks),
        "",
        "Risk: " + "; ".join(f"{number} {words}" for number, words in ACCEPTABLE.items()) + ".",
        "",
        "Status: " + "; ".join(f"*{said(state)}*: {words}" for state, words in STATES.items()) + ".",
    ]


def _linked(links: Sequence[str]) -> str:
    return ", ".join(f"[`{link.partition('::')[2]}`](../../{link.partition('::')[0]})" for link in links)


def _rules(rules: Sequence[str]) -> str:
    tables = dict.fromkeys(rule.partition(":")[0] for rule in rules)
    of = {table: [rule.partition(":")[2] for rule in rules if rule.startswith(f"{table}:")] for table in tables}
    return "; ".join(f"[{table}](../../data/{table}.csv): {', '.join(codes)}" for table, codes in of.items())


def _section(hazard: Hazard) -> list[str]:
    decisions = [(number, _decision(number, ROOT)) for number in hazard.decisions]
    why = ", ".join(f"[{number}](../decisions/{path.name})" for number, path in decisions if path is not None)
    lines = {
        "Cause": hazard.cause,
        "Harm": hazard.harm,
        "Estimate": (
            f"{hazard.severity}; without the controls {said(hazard.likelihood_before)} (risk {hazard.before}),"
            f" with them {said(hazard.likelihood_after)} (risk {hazard.after})"
        ),
        "Controls": hazard.controls,
        "What is left": hazard.residual,
        "Code": _linked(hazard.code),
        "Rules": _rules(hazard.rules),
        "Tests": _linked(hazard.tests),
        "Decisions": why,
    }
    told = [f"- **{name}**: {words}" for name, words in lines.items() if words]
    return ["", f"### {hazard.id} {hazard.hazard}", "", *told]


def hazard_log(hazards: Sequence[Hazard]) -> str:
    """The readable log of all rows."""
    head = ("", "Hazard", "Severity", "Risk before", "Risk after", "Status")
    rows = [(f"**{h.id}**", h.hazard, h.severity, h.before, h.after, said(h.status)) for h in hazards]
    return "\n".join(
        [
            INTRODUCTION,
            "",
            *_scale(),
            "",
            "## All hazards",
            "",
            *table(head, rows),
            "",
            "## One by one",
            *(line for hazard in hazards for line in _section(hazard)),
            "",
        ]
    )


def touched(paths: Sequence[str]) -> list[str]:
    """The hazards whose controls stand in the named files, to be looked at when one of them changes."""
    wanted = {path.removeprefix("./") for path in paths}
    return [
        f"{hazard.id} {hazard.hazard}"
        for hazard in read_hazards()
        if wanted & {link.partition("::")[0] for link in (*hazard.code, *hazard.tests)}
        or wanted & {f"data/{rule.partition(':')[0]}.csv" for rule in hazard.rules}
    ]


def red_flags(root: Path = ROOT) -> list[str]:
    """The rules that are red flags, as links."""
    with (root / "data" / "triage_rules.csv").open(encoding="utf-8", newline="") as file:
        return [f"triage_rules:{row['code']}" for row in csv.DictReader(file) if row["red_flag"]]


def faults() -> list[str]:
    """What is wrong with the rows, and red flags that belong to no hazard."""
    rows = read_hazards()
    named = {rule for hazard in rows for rule in hazard.rules}
    found = [fault for hazard in rows for fault in faults_of(hazard)]
    return found + [f"{rule} is a red flag of no hazard" for rule in red_flags() if rule not in named]
