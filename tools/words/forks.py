"""Runs commands of a checkout one after the other, each in a fork of an interpreter that has the big libraries ready.

Started by ``started.Checkout.forks`` with the checkout's own interpreter and folder. It knows no module of the
application but ``reporting`` itself. Reads one JSON list of words per line and answers each with one JSON object:
``code``, ``out`` and ``err``. Loading pandas and its like once instead of sixty times is nine tenths of the time.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO

READY = """\
pandas
scipy.stats
scipy.optimize
scipy.special
sqlmodel
sqlalchemy.dialects.sqlite
altair
fpdf
pyarrow
typer
typer.rich_utils
rich.markdown
rich.syntax
pydantic_settings
alembic.command
babel.dates
cryptography.fernet
argon2
PIL.Image
phonenumbers
jinja2
streamlit
""".splitlines()


def _run(words: list[str], out: IO[bytes], err: IO[bytes]) -> int:
    """In the fork: ``python -m reporting`` with these words; returns its exit code."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.argv = ["reporting", *words]
    code: object = 0
    try:
        runpy.run_module("reporting", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


def _answer(words: list[str]) -> dict[str, object]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os._exit(_run(words, out, err))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = []
        for kept in (out, err):
            kept.seek(0)
            said.append(kept.read().decode())
    return {"code": code, "out": said[0], "err": said[1]}


def main() -> None:
    """Answer lines until there are no more."""
    sys.path[0] = str(Path.cwd())
    for name in READY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        answer = json.dumps(_answer(json.loads(line)))
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
