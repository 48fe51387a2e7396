"""One row of a treatment log to values: by the readers of our table of fields, and by a pydantic type made of it.

``python -m tests.benchmarks.row_readers``. The type does less: no units of the file, date formats, decimal commas or
words of a mapping. The last lines show what each says of the same cells.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import BeforeValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic import Field as Limits
from typing_extensions import TypedDict

from reporting.imports.file_mapping import KindMapping
from reporting.imports.file_rows import RowReader
from reporting.imports.kind import Field
from reporting.imports.kinds import fields_of
from reporting.shell.file_csv import Refused

ROWS, TIMES = 2_000, 5
FIELDS = fields_of("treatments")
EXAMPLES = {"text": "A-1", "number": "12.5", "whole": "2", "date": "2026-03-07", "yes_no": "yes"}
CELLS = (
    ("performed_on", "2026-13-40"),
    ("performed_on", "2026-03-07 18:30"),
    ("performed_on", "1700000000"),
    ("passes", "0"),
    ("fluence_j_cm2", "1_0"),
)


def example(field: Field) -> str:
    """A cell that is taken in."""
    if field.type == "code":
        return field.codes[0]
    if field.type in ("number", "whole") and field.low is not None:
        return f"{max(field.low, min(float(EXAMPLES[field.type]), field.high or 1e9)):g}"
    return EXAMPLES[field.type]


def _no_underscore(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _type(field: Field) -> Any:
    least = {"gt": 0} if field.above_zero else {"ge": field.low}
    kinds: dict[str, Any] = {
        "text": Annotated[str, StringConstraints(max_length=field.longest)],
        "number": Annotated[
            float, BeforeValidator(_no_underscore), Limits(le=field.high, allow_inf_nan=False, **least)
        ],
        "whole": Annotated[int, Limits(le=field.high, **least)],
        "date": Annotated[date, Limits(ge=date(1990, 1, 1))],
        "yes_no": bool,
        "code": Literal[tuple(field.codes)],
    }
    return kinds[field.type]


READER = RowReader(KindMapping(kind="treatments"), list(FIELDS))
TYPE: TypeAdapter[Any] = TypeAdapter(
    TypedDict("Log", {name: (Required if one.needed else NotRequired)[_type(one)] for name, one in FIELDS.items()})  # type: ignore[misc]
)


def by_type(_number: int, cells: Sequence[str]) -> Any:
    """The row's values by pydantic."""
    return TYPE.validate_python(
        {name: text for name, cell in zip(FIELDS, cells, strict=True) if (text := cell.strip())}
    )


def microseconds(read: Callable[[int, Sequence[str]], Any], cells: Sequence[str]) -> float:
    """Processor time of one row, the best of several times."""
    taken = []
    for _ in range(TIMES):
        begun = time.process_time()
        for number in range(ROWS):
            read(number, cells)
        taken.append(time.process_time() - begun)
    return min(taken) / ROWS * 1e6


def told(read: Callable[[int, Sequence[str]], Any], cells: Sequence[str]) -> str:
    """What is said of a row that is refused."""
    try:
        read(1, cells)
    except Refused as refused:
        return "; ".join(f"{one.column}: {one.value!r}, allowed is {one.allowed}" for one in refused.faults)
    except ValidationError as error:
        return "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
    return "taken in"


def main() -> None:
    full = [example(field) for field in FIELDS.values()]
    third = [
        cell if at % 3 == 0 or field.needed else ""
        for at, (cell, field) in enumerate(zip(full, FIELDS.values(), strict=True))
    ]
    for words, cells in (("every cell", full), ("a third of the cells", third)):
        ours, theirs = microseconds(READER.read, cells), microseconds(by_type, cells)
        print(f"{words}: readers {ours:.0f} µs a row, pydantic {theirs:.0f}")
    for name, text in CELLS:
        cells = [text if one == name else cell for one, cell in zip(FIELDS, full, strict=True)]
        print(f"{name} {text!r}\n  readers: {told(READER.read, cells)}\n  pydantic: {told(by_type, cells)}")


if __name__ == "__main__":
    main()
