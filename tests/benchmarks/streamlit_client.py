"""Browser tabs without a browser: speaks Streamlit's websocket so that many patients can be timed at once.

A tab opens the stream, asks for a run, remembers the buttons that the script drew, and presses them by
label. The time of a press is from sending the frame to the script's "finished". Loopback only.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
import urllib.parse
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 300


def must_be_loopback(url: str) -> None:
    """Refuse to put load on anything but this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise SystemExit(f"{host} is not this machine: load is only put on the loopback interface.")


@dataclass
class Button:
    """A button that the page shows: its id, in a form the form's id, in a part that redraws alone that part's."""

    id: str
    label: str
    form: str
    fragment: str = ""


@dataclass
class Tab:
    """One open page. Use as ``async with Tab(url, cookie) as tab``."""

    url: str
    cookie: str = ""
    page: str = ""
    buttons: dict[str, Button] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    values: dict[str, WidgetState] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    query: str = ""
    sizes: list[tuple[str, int]] = field(default_factory=list)
    """What the last whole run sent: kind of message or of element, and its bytes."""
    _page_hash: str = ""
    _socket: ClientConnection | None = None

    async def __aenter__(self) -> Tab:
        must_be_loopback(self.url)
        parts = urllib.parse.urlsplit(self.url)
        headers = {"Cookie": self.cookie, "Origin": f"{parts.scheme}://{parts.netloc}"}
        self._socket = await connect(
            f"ws://{parts.netloc}/_stcore/stream",
            subprotocols=["streamlit"],
            max_size=None,  # type: ignore[list-item]
            compression=None,
            additional_headers=headers,
            open_timeout=PATIENCE_S,
            ping_interval=None,
        )
        await self.run()
        if self.page:
            await self.open(self.page)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def run(self, pressed: str = "", fragment: str = "") -> float:
        """Ask for a run, as if ``pressed`` (a button's id) was clicked; seconds until it is finished.

        ``fragment``: only that part of the page runs, as a browser asks for a button in it.
        """
        message = BackMsg()
        state = message.rerun_script
        state.page_script_hash, state.fragment_id = self._page_hash, fragment
        state.query_string = self.query
        state.context_info.timezone, state.context_info.locale = "Europe/London", "en-GB"
        state.widget_states.widgets.extend(self.values.values())
        if pressed:
            state.widget_states.widgets.append(WidgetState(id=pressed, trigger_value=True))
        assert self._socket is not None
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        await asyncio.wait_for(self._until_finished(fragment), PATIENCE_S)
        return time.perf_counter() - began

    async def press(self, label: str) -> float:
        """Press the button whose label begins with ``label``; seconds until the page has answered."""
        for shown in self.buttons.values():
            if shown.label.startswith(label):
                return await self.run(shown.id, shown.fragment)
        raise LookupError(f"no button {label!r}; there are {[b.label for b in self.buttons.values()]}")

    async def open(self, page: str, query: str = "") -> float:
        """Go to a page by its address; seconds until it is drawn."""
        self.query = query
        if page not in self.pages:
            raise LookupError(f"no page {page!r}; there are {sorted(self.pages)}")
        self._page_hash = self.pages[page]
        return await self.run()

    def write(self, label: str, text: str) -> None:
        """Type into a text field; it is sent with the next press."""
        key = self.inputs[label]
        self.values[key] = WidgetState(id=key, string_value=text)

    def shows(self, text: str) -> bool:
        """Whether the page says ``text`` somewhere."""
        return any(text in shown for shown in self.texts)

    async def _until_finished(self, fragment: str) -> None:
        """Read what is drawn until the run is over; a part that redraws alone leaves the rest as it was."""
        assert self._socket is not None
        rest = {key: shown for key, shown in self.buttons.items() if fragment and shown.fragment != fragment}
        fresh = dict(rest)
        self.sizes.clear()
        while True:
            data = await self._socket.recv()
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            element = kind == "delta" and message.delta.WhichOneof("type") == "new_element"
            self.sizes.append((str(message.delta.new_element.WhichOneof("type") if element else kind), len(data)))
            if kind == "new_session":
                fresh = dict(rest)
                if not fragment:
                    self.texts.clear()
                self._page_hash = message.new_session.page_script_hash
            elif kind == "navigation":
                self.pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            elif kind == "delta":
                self._keep(message.delta, fresh)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.buttons = fresh
                return

    def _keep(self, delta: Any, fresh: dict[str, Button]) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "button":
            shown = element.button
            fresh[shown.id] = Button(shown.id, shown.label, shown.form_id, delta.fragment_id)
        elif kind == "text_input":
            self.inputs[element.text_input.label] = element.text_input.id
        elif kind in ("markdown", "alert", "heading", "text", "html"):
            self.texts.append(str(getattr(element, kind).body))
        elif kind == "exception":
            raise RuntimeError(f"the page failed: {element.exception.type} {element.exception.message}")
