"""What Streamlit sends to the browser of charts and tables: their specification and numbers, which no text shows."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from playwright.sync_api import Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_NUMBERED = re.compile(r"\b((?:param|view|concat|layer|selector|hconcat|vconcat)_)\d+\b")
_DATASET = re.compile(r"\bdata-[0-9a-f]{32}\b")


def _rows(data: bytes) -> Iterator[str]:
    if not data:
        return
    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    yield "  " + " | ".join(f"{field.name}: {field.type}" for field in table.schema)
    for row in table.to_pylist():
        yield "  " + " | ".join(_value(value) for value in row.values())


def _value(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _spec(said: str) -> Iterator[str]:
    """A chart's specification, one value per line; the numbers that Altair counts up are left out."""
    plain = _DATASET.sub("data-HASH", _NUMBERED.sub(r"\1N", said))
    for line in json.dumps(json.loads(plain), indent=1, sort_keys=True, ensure_ascii=False).splitlines():
        yield "  " + line


def _described(element: Any) -> Iterator[str]:
    """Lines on a chart or table; none for any other element."""
    kind = element.WhichOneof("type")
    if kind == "vega_lite_chart":
        chart = element.vega_lite_chart
        yield f"chart: {chart.alt}"
        yield from _spec(chart.spec)
        for data in (chart.data, *(one.data for one in chart.datasets)):
            yield from _rows(data.data)
    elif kind == "dataframe":
        table = element.dataframe
        yield f"table: {table.alt} columns {table.columns} order {list(table.column_order)}"
        yield from _rows(table.arrow_data.data or table.lazy_data.initial_chunk)
    elif kind == "table":
        yield "plain table"
        yield from _rows(element.table.arrow_data.data)


class Sent:
    """Charts and tables that a page has been sent, by their place in it; the last one of a place counts."""

    def __init__(self, page: Page) -> None:
        self._by_place: dict[tuple[int, ...], list[str]] = {}
        page.on("websocket", self._listen)

    def forget(self) -> None:
        """Begin anew, before another page is opened."""
        self._by_place = {}

    def said(self) -> str:
        """All of it in the page's order."""
        return "\n".join(line for _, lines in sorted(self._by_place.items()) for line in lines)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        message = ForwardMsg()
        try:
            message.ParseFromString(payload if isinstance(payload, bytes) else payload.encode())
        except DecodeError:
            return
        if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
            return
        lines = list(_described(message.delta.new_element))
        place = tuple(message.metadata.delta_path)
        if lines:
            self._by_place[place] = lines
        else:
            self._by_place.pop(place, None)
