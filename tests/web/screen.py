"""A plain page as a person without scripts uses it: read its heading, tick rows, press buttons."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

_VOID = {"input", "meta", "link", "br", "img"}


@dataclass
class Control:
    """A button, a row to tick, a text field or a link, with its words."""

    kind: str
    name: str
    value: str
    form: int
    words: str = ""
    label: str = ""
    title: str = ""
    """The words without the smaller ones under them."""
    is_checked: bool = False
    css: str = ""


@dataclass
class Screen(HTMLParser):
    """What a page says and offers."""

    body: str
    heading: str = ""
    subheadings: list[str] = field(default_factory=list)
    problem: str = ""
    paragraphs: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    """Sentences of the card that says what to do."""
    controls: list[Control] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._forms: list[int] = []
        self._row: Control | None = None
        self.feed(self.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms.append(len(self.actions))
            self.actions.append(given.get("action", ""))
        if tag in ("button", "input", "textarea", "a"):
            self._add(tag, given)
        if tag == "h2":
            self.subheadings.append("")
        if tag == "p":
            self.paragraphs.append("")
            if any("advice" in one.get("class", "").split() for _, one in self._open):
                self.advice.append("")
        if tag not in _VOID:
            self._open.append((tag, given))

    def _add(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        value = given.get("href" if tag == "a" else "value", "")
        form = self._forms[-1] if self._forms else -1
        made = Control(kind, given.get("name", ""), value, form, label=given.get("aria-label", ""))
        made.is_checked, made.css = "checked" in given, given.get("class", "")
        self.controls.append(made)
        if kind in ("checkbox", "radio"):
            self._row = made

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "form":
            self._forms.pop()
        if tag == "label":
            self._row = None

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self._open]
        text = " ".join(data.split())
        if "textarea" in inside:
            self.controls[-1].value += data.removeprefix("\n")
            return
        if not text or "style" in inside or "title" in inside:
            return
        if "h1" in inside:
            self.heading = f"{self.heading} {text}".strip()
        if "h2" in inside:
            self.subheadings[-1] = f"{self.subheadings[-1]} {text}".strip()
        if "p" in inside:
            self.paragraphs[-1] = f"{self.paragraphs[-1]} {text}".strip()
            if any("advice" in one.get("class", "").split() for _, one in self._open):
                self.advice[-1] = self.paragraphs[-1]
        if any(given.get("role") == "alert" for _, given in self._open):
            self.problem = f"{self.problem} {text}".strip()
        target = self._row or (self.controls[-1] if {"button", "a"} & set(inside) else None)
        if target is not None:
            target.words = f"{target.words} {text}".strip()
            if "small" not in inside:
                target.title = f"{target.title} {text}".strip()

    def buttons(self) -> list[Control]:
        return [one for one in self.controls if one.kind == "button" and self.actions[one.form] != "/language"]

    def rows(self) -> list[Control]:
        """Rows to tick that answer a question."""
        return [one for one in self.controls if one.kind == "checkbox" and one.name.startswith("tick.")]

    def choices(self) -> list[Control]:
        """Rows of which one is chosen, beside the buttons that answer."""
        return [one for one in self.controls if one.kind == "radio"]

    def field(self, name: str) -> Control:
        return next(one for one in self.controls if one.name == name)

    def link(self, words: str) -> str:
        return bare(self.address_of(words))

    def address_of(self, words: str) -> str:
        return next(one.value for one in self.controls if one.kind == "a" and one.words.startswith(words))


def bare(address: str) -> str:
    """An address without the mark of its treatment."""
    return re.sub(r"[?&]of=[\w-]+$", "", address)


class Phone:
    """A browser without scripts at one address; it follows where it is sent."""

    def __init__(self, client: TestClient, address: str) -> None:
        self.client, self.address, self.taps, self.status = client, address, 0, 0
        self.open(address)

    @property
    def here(self) -> str:
        """The address without the mark that says whose page it is."""
        return bare(self.address)

    def open(self, address: str) -> "Phone":
        return self._went(self.client.get(address), address)

    def _went(self, answer: Any, address: str) -> "Phone":
        if cookie := answer.headers.get("set-cookie"):
            name, value = cookie.split(";")[0].split("=", 1)
            self.client.cookies.set(name, value)
        if answer.status_code == 303:
            return self.open(answer.headers["location"])
        self.address, self.status, self.screen = address, answer.status_code, Screen(answer.text)
        return self

    def data(self, form: int, ticks: list[str], **typed: str) -> dict[str, Any]:
        """What the browser would send of a form, without the button."""
        shown = [one for one in self.screen.controls if one.form == form]
        sent: dict[str, Any] = {one.name: one.value for one in shown if one.kind in ("hidden", "textarea")}
        sent |= {one.name: one.value for one in shown if one.kind == "radio" and one.is_checked}
        return sent | {one.name: one.value for one in shown if one.kind == "checkbox" and one.value in ticks} | typed

    def press(self, words: str, ticks: list[str] | None = None, **typed: str) -> "Phone":
        """Tick rows by their values, type, then press the button whose words or name begin with ``words``."""
        found = [one for one in self.screen.buttons() if one.words.startswith(words) or one.label.startswith(words)]
        assert found, (words, [one.words for one in self.screen.buttons()])
        if ticks is None and found[0].words == "Continue":
            ticks = [one.value for one in self.screen.rows() if one.is_checked]
        return self.send(found[0], ticks or [], **typed)

    def send(self, button: Control, ticks: list[str], **typed: str) -> "Phone":
        chosen = [one for one in self.screen.choices() if not one.is_checked and typed.get(one.name) == one.value]
        self.taps += 1 + len(ticks) + len(chosen)
        data = self.data(button.form, ticks, **typed)
        if button.name:
            data[button.name] = button.value
        return self.post(data, self.screen.actions[button.form])

    def post(self, data: dict[str, Any], to: str = "") -> "Phone":
        to = to or self.address
        return self._went(self.client.post(to, data=data, headers={"sec-fetch-site": "same-origin"}), to)

    def follow(self, words: str) -> "Phone":
        self.taps += 1
        return self.open(self.screen.address_of(words))
