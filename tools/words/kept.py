"""Writes one file per thing, with what differs from run to run replaced by a word in capitals."""

import re
from dataclasses import dataclass
from pathlib import Path

from tools.words.started import Checkout

_VOLATILE = (
    (re.compile(r"(/(?:c|unsubscribe)/)[A-Za-z0-9_-]{16,}"), r"\1TOKEN"),
    (re.compile(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}\b"), "CODE"),
    (re.compile(r"(@demo\.example *)( {2}|\t)\S{12,}"), r"\1\2PASSWORD"),
    (re.compile(r'("password": *")[^"]+'), r"\1PASSWORD"),
    (re.compile(r"react-aria[\w:-]+"), "ARIA"),
    (re.compile(r"/media/[\w.-]+"), "/media/FILE"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "HEX"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"\b\d+(\.\d+)? ms\b(?=\.?$)", re.MULTILINE), "N ms"),
    (re.compile(r'("(?:\w*seconds\w*|\w+_s)": *)\d[\d.e+-]*'), r"\1N"),
    (re.compile(r'("phases": *\{)[^}]*'), r"\1N"),
    (re.compile(r": \d+ kB\b"), ": N kB"),
    (re.compile(r"/tmp/[\w./-]+"), "/tmp/FILE"),
)


def steady(said: str) -> str:
    """The same with what differs from run to run replaced; what is steady already stays as it is."""
    for pattern, word in _VOLATILE:
        said = pattern.sub(word, said)
    return "\n".join(line.rstrip() for line in said.splitlines()) + "\n"


@dataclass(frozen=True)
class Shelf:
    """The folder of one run."""

    folder: Path
    checkout: Checkout

    def plain(self, said: str) -> str:
        """What was said, without what differs from run to run."""
        here = self.checkout
        for found, word in ((str(here.data), "DATA"), (str(here.repo), "REPO"), (here.address, "ADDRESS")):
            said = said.replace(found, word)
        said = said.replace(f"localhost:{here.port}", "HOST")
        return steady(said)

    def keep(self, name: str, said: str) -> None:
        """Write ``said`` to the file ``name``, a path below the folder."""
        path = self.folder / (re.sub(r"[^\w./=&,-]+", "_", name) + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.plain(said), encoding="utf-8")
