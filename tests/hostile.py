"""Bytes that strangers may send, each as long as the product lets it in, and what reading them costs.

``python -m tests.hostile`` prints a line for each: name, bytes, seconds of the processor.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.requests import Request

from reporting.clinic.act_staff import create_staff
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import typed_facts
from reporting.domain.language import best_language
from reporting.domain.messages import asked, email_address, phone_number
from reporting.errors import Problem
from reporting.imports.file_csv import LONGEST_CELL, MOST_COLUMNS, open_csv
from reporting.imports.file_mapping import guess, parse_mapping
from reporting.messages.web_messages import MOST_BYTES, _fields
from reporting.security.photos import clean_photo
from reporting.shell.web_html import LARGEST_FORM_BYTES, fields
from reporting.shell.web_middleware import PlainCookies
from tests import photos

MEGA = 1_000_000
HEADER = 60_000
"""The server takes no more than 64 kB of headers."""
ADMINISTRATOR = Actor(kind="staff", id=1, clinic_id=1, label="A", role="administrator")


def jpegs() -> Iterator[tuple[str, bytes]]:
    """Whole and broken JPEGs stretched with FF and with parts that hold nothing."""
    whole = photos.encoded(photos.picture(), "JPEG")
    cut, frame = whole[: len(whole) * 3 // 4], whole.index(b"\xff\xc0")
    for size in (20_000, 160_000, 2 * MEGA, 15 * MEGA):
        yield f"FF D8 and {size} FF", b"\xff\xd8" + b"\xff" * (size - 2)
        yield f"JPEG cut off, FF to {size}", cut + b"\xff" * (size - len(cut))
    yield "JPEG with FF before its frame", whole[:frame] + b"\xff" * (14 * MEGA) + whole[frame:]
    yield "JPEG with FF before its end", whole[:-2] + b"\xff" * (14 * MEGA) + whole[-2:]
    yield "JPEG of empty segments", whole[:2] + b"\xff\xfe\0\2" * (14 * MEGA // 4) + whole[2:]
    yield "JPEG of stuffed FF", whole[:-2] + b"\xff\0" * (7 * MEGA) + whole[-2:]
    yield "PNG of empty chunks", photos.png_claiming(8, 8)[:-12] + b"\0\0\0\0teSt\0\0\0\0" * (MEGA + 100_000)
    empty = b"JUNK\0\0\0\0" * (MEGA + 500_000)
    yield "WebP of empty chunks", b"RIFF" + (len(empty) + 4).to_bytes(4, "little") + b"WEBP" + empty


def _photo(data: bytes) -> None:
    clean_photo(data, max_bytes=15 * MEGA, max_pixels=50 * MEGA, max_side_px=2048)


def _scope(body: bytes, kind: str, **headers: str) -> tuple[dict[str, Any], Callable[[], Any]]:
    given = {"content-type": kind, **headers}
    pairs = [(name.encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": pairs}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return scope, receive


def _cookies(value: str) -> None:
    async def app(scope: Any, receive: Any, _send: Any) -> None:
        assert Request(scope, receive).cookies.get("session", "") == ""

    async def send(_message: Any) -> None:
        pass

    scope, receive = _scope(b"", "text/plain", cookie=f'session="{value}"')
    asyncio.run(PlainCookies(app)(scope, receive, send))


def _form(body: bytes, kind: str = "application/x-www-form-urlencoded") -> None:
    asyncio.run(fields(Request(*_scope(body, kind)), "email", "password"))


def _inbound(body: bytes, kind: str) -> None:
    asyncio.run(_fields(Request(*_scope(body, kind))))


def _csv(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        path.write_text(text)
        guess("treatments", open_csv(path).header)


def _fact(name: str, text: str) -> None:
    typed_facts({name: text})


def _staff(email: str) -> None:
    create_staff(by=ADMINISTRATOR, name="A", email=email, role="clinician")


def cases() -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Name, length and the reading of it."""

    def case(name: str, read: Callable[[Any], object], sent: Any) -> tuple[str, int, Callable[[], object]]:
        return name, len(sent), lambda: read(sent)

    for name, data in jpegs():
        yield case(name, _photo, data)
    yield case("cookie of escaped quotes", _cookies, '\\"' * (HEADER // 2))
    yield case("cookie of escaped letters", _cookies, "\\a" * (HEADER // 2))
    yield case("accept-language of commas", best_language, "xy-zz," * (HEADER // 6))
    yield case("accept-language of hyphens", best_language, "-" * HEADER)
    for sign in (".", "a.", "a@", "@.", " "):
        yield case(f"staff e-mail of {sign!r}", _staff, "a@" + sign * (LARGEST_FORM_BYTES // len(sign)))
        yield case(f"patient e-mail of {sign!r}", email_address, "a@" + sign * (LARGEST_FORM_BYTES // len(sign)))
    for sign in ("+", "1", "(", "1 "):
        yield case(f"telephone of {sign!r}", phone_number, sign * (LARGEST_FORM_BYTES // len(sign)))
        for fact in ("telephone", "hours_monday", "closed_days", "timezone", "emergency_telephone", "country"):
            text = sign * (LARGEST_FORM_BYTES // len(sign))
            yield case(f"{fact} of {sign!r}", partial(_fact, fact), text)
    yield case("form of ampersands", _form, b"&" * LARGEST_FORM_BYTES)
    yield case("form of percent signs", _form, b"email=" + b"%" * LARGEST_FORM_BYTES)
    yield case("form that is far too long", _form, b"email=" + b"a" * (20 * MEGA))
    parts = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * (LARGEST_FORM_BYTES // 50)
    yield case("form of parts", lambda body: _form(body, "multipart/form-data; boundary=x"), parts)
    yield case("form's kind of quotes", lambda kind: _form(b"", kind), "multipart/form-data; " + 'a="\\' * 15_000)
    yield case("inbound JSON of brackets", lambda body: _inbound(body, "application/json"), b"[" * MOST_BYTES)
    yield case("inbound JSON of digits", lambda body: _inbound(body, "application/json"), b"1" * MOST_BYTES)
    yield case("inbound text of accents", asked, "\u0300\u0327" * (MOST_BYTES // 4))
    yield case("CSV with one name", _csv, "ab" * (LONGEST_CELL // 2) + ",b\n1,2\n")
    yield case("CSV of quotes", _csv, '"' * (4 * MEGA))
    yield case("CSV of many columns", _csv, ",".join(f"column {n}" for n in range(MOST_COLUMNS)) + "\n1,2\n")
    yield case("CSV of too many columns", _csv, ",".join(f"column {n}" for n in range(200_000)) + "\n1,2\n")
    mapping = lambda text: parse_mapping(text, "treatments")  # noqa: E731
    yield case("mapping of one key", mapping, "a" + ".a" * 30_000 + "=1")
    yield case("mapping of long keys", mapping, "\n".join(f"k{n}" + ".a" * 990 + "=1" for n in range(32)))
    yield case("mapping of brackets", mapping, "x=" + "[" * 1_900)
    yield case("mapping with one name", mapping, "[treatments]\n" + "ab" * 950 + "=1")


def measured() -> Iterator[tuple[str, int, float]]:
    """Name, length and seconds of the processor, one after the other."""
    for name, length, read in cases():
        print(name, end="", file=sys.stderr, flush=True)
        began = time.process_time()
        with suppress(Problem, MultiPartException):
            read()
        used = time.process_time() - began
        print(f": {length} bytes, {used:.3f} s", file=sys.stderr, flush=True)
        yield name, length, used


if __name__ == "__main__":
    for name, length, used in measured():
        print(f"{used:7.3f} s  {length:9} bytes  {name}", flush=True)
