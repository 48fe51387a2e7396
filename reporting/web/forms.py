"""Small posted forms, read with a limit: a form that is far too long is let pass and refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request

from reporting.errors import InvalidInput
from reporting.web import html

LARGEST_BYTES = 256_000
LET_PASS_BYTES = 50_000_000
"""So much too much is thrown away as it arrives, so that the browser can still show why."""
MOST_FIELDS = 60


@dataclass(frozen=True)
class Posted:
    """The text fields of a form, in the order they were sent."""

    fields: Mapping[str, list[str]]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def one(self, name: str) -> str:
        """The first value of a field; empty where there is none."""
        return self.many(name)[0] if name in self.fields else ""

    def many(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.fields.get(name, [])

    def ticks(self, question_id: str) -> list[str]:
        """The ticked rows of a question. Each row is a field of its own: a browser that puts ticks back where it
        remembers them then never puts one on another row."""
        return [
            value for name, values in self.fields.items() if name.startswith(f"tick.{question_id}.") for value in values
        ]


class TooLong(InvalidInput):
    """More was sent than any form of ours holds."""

    status = 413

    def __init__(self) -> None:
        super().__init__(field="note", found="a form that is far too long", allowed="fewer characters")


async def posted(request: Request) -> Posted:
    """The form that came from a page of ours. Raises NotAllowed, TooLong, InvalidInput for what is no form."""
    html.must_be_ours(request)
    body, taken = bytearray(), 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken <= LARGEST_BYTES:
            body += chunk
        elif taken > LET_PASS_BYTES:
            break
    if taken > LARGEST_BYTES:
        raise TooLong()
    try:
        text = body.decode("ascii")
        return Posted(parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise InvalidInput(field="form", found="something else", allowed="the fields of the page") from error
