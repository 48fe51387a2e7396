"""One table of the kinds of messages: whatever writes a message takes its kind from it, so that it has a name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from reporting.domain import message_kinds
from reporting.domain.message_kinds import KINDS, PATIENT_CODES, URGENT_CODES, MessageKind, kind_of

PACKAGE = Path(message_kinds.__file__).parent.parent


def kinds_of_the_module() -> list[MessageKind]:
    return [value for value in vars(message_kinds).values() if isinstance(value, MessageKind)]


def sources() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def writers() -> Iterator[tuple[Path, ast.expr]]:
    """Every place that writes a message, and the kind that it gives."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("outbox.add", "OutboxMessage"):
                yield from ((path, each.value) for each in node.keywords if each.arg == "kind")


def test_each_kind_stands_in_the_table_with_its_own_name() -> None:
    assert list(KINDS.values()) == kinds_of_the_module()
    names = [kind.name for kind in KINDS.values()]
    assert all(names)
    assert len(set(names)) == len(names)
    assert kind_of("signal_raised").name == "News about a signal to review"
    assert kind_of("of a newer version").name == "Message"


def test_whatever_writes_a_message_takes_its_kind_from_the_table() -> None:
    found = list(writers())
    assert len(found) >= 5
    names = {name for name, value in vars(message_kinds).items() if isinstance(value, MessageKind)}
    for path, kind in found:
        if path.name != "outbox.py":
            assert ast.unparse(kind).removesuffix(".code") in names, f"{path.name}: {ast.unparse(kind)}"


def test_codes_are_spelled_in_the_table_alone() -> None:
    own = {"reminder", "staff_link"}  # also words of other tables
    for path in sources():
        if path.name != "message_kinds.py":
            spelled = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
            assert not spelled & (KINDS.keys() - own), path.name


def test_who_waits_and_who_is_written_to() -> None:
    assert PATIENT_CODES == ("reminder", "second_factor_code", "sms_reply")
    assert set(URGENT_CODES) == {"second_factor_code", "case_escalation", "case_notice", "sms_reply", "staff_link"}
