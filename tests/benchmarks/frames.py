"""What one frame for pages and statistics would hold and cost, beside the two that there are.

``python -m tests.benchmarks.frames --treatments 120000``. Pages keep the outcome frame for as long as the process lives
and add what is new to it; the evidence engine reads its own when it is asked, with every answer in it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import pandas as pd

from reporting.records import outcome_frame as pages
from reporting.records.engine import forget_engine, transaction
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.records.outcomes import recompute
from tests.benchmarks import network

T = TypeVar("T")
MB = 1e6


def _timed(task: Callable[[], T]) -> tuple[T, float]:
    begun = time.process_time()
    found = task()
    return found, time.process_time() - begun


def _bytes(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage(deep=True, index=False).sum())


def _answers_bytes(frames: EngineFrames) -> int:
    each = (getattr(frames.answers, field.name) for field in fields(frames.answers))
    return sum(getattr(one, "nbytes", 0) for one in each)


def _one_more() -> None:
    with transaction() as session:
        recompute(session, [1])


def main() -> None:
    """Fill a database of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--treatments", type=int, default=120_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reporting-frames-") as folder:
        path = Path(folder)
        print(network.make(path, f"sqlite:///{path / 'reporting.db'}", asked.treatments, 10))
        of_pages, read_pages = _timed(pages.outcome_frame)
        of_engine, read_engine = _timed(engine_frames)
        assert of_engine is not None
        _one_more()
        _, renewed = _timed(pages.outcome_frame)
        _, renewed_engine = _timed(engine_frames)
        rows = len(of_pages)
        held, areas, answers = _bytes(of_pages), _bytes(of_engine.areas), _answers_bytes(of_engine)
        print(f"{rows:,} treated areas, {len(of_engine.answers):,} answers; processor seconds of this process")
        print(f"frame of pages:  {held / rows:.0f} B a row; read {read_pages:.2f} s, after an answer {renewed:.3f} s")
        print(
            f"frame of engine: {areas / rows:.0f} + {answers / rows:.0f} B a row (areas, answers); "
            f"read {read_engine:.2f} s, after an answer {renewed_engine:.2f} s"
        )
        only = set(of_engine.areas.columns) - set(of_pages.columns)
        more = _bytes(of_engine.areas[sorted(only)]) + answers
        print(f"one frame would hold {(held + more) / rows:.0f} B a row; only the engine has {', '.join(sorted(only))}")
        forget_engine()


if __name__ == "__main__":
    main()
