"""A chart as Vega-Lite reads it.

What Altair does with tables is a setting of the whole process, and pages are drawn and reports printed in several
threads: every chart becomes a specification here, one at a time.
"""

import hashlib
import threading
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

_alone = threading.Lock()
_AS_ARROW = "reporting_arrow"


def with_arrow(chart: Any) -> dict[str, Any]:
    """The specification whose ``datasets`` are Arrow streams (bytes) by name: a page sends them as they are."""
    tables: dict[str, bytes] = {}
    with _alone, alt.data_transformers.enable(_AS_ARROW, tables=tables):
        found: dict[str, Any] = chart.to_dict(validate=False)
    return found | {"datasets": {**found.get("datasets", {}), **tables}}


def with_values(chart: Any) -> dict[str, Any]:
    """The specification with its tables as lists of values."""
    with _alone:
        found: dict[str, Any] = chart.to_dict(validate=False)
    return found


def _as_arrow(data: Any, tables: dict[str, bytes]) -> dict[str, str]:
    """Put a table aside under a name that stays the same while its contents do."""
    table = pa.Table.from_pandas(data if isinstance(data, pd.DataFrame) else pd.DataFrame(data["values"]))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    stream = sink.getvalue().to_pybytes()
    name = hashlib.sha256(stream).hexdigest()[:32]
    tables[name] = stream
    return {"name": name}


alt.data_transformers.register(_AS_ARROW, _as_arrow)
