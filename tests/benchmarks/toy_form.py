"""The bare Starlette form that the light check-in is timed against: one page, one row of the same table written."""

import secrets

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reporting.clock import now
from reporting.records.engine import engine
from reporting.records.tables import CheckIn

PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Toy</title>
<link rel="icon" href="data:,"><h1>Have you had any skin problems?</h1>
<form method="post"><button name="a" value="no">No problems today</button></form></html>"""
NOTHING = dict.fromkeys(("burning", "bumps", "swelling", "infection", "scarring", "hyperpigmentation"), 0)


def _write(number: int) -> None:
    with Session(engine()) as session:
        session.add(
            CheckIn(
                clinic_id=1,
                patient_id=number,
                treatment_id=number,
                scheduled_day=3,
                due_on=now().date(),
                answered_at=now(),
                recovery_day=3,
                worried=False,
                advice="expected",
                source="patient",
                language="en",
                submission_key=secrets.token_urlsafe(16),
                **NOTHING,
            )
        )
        session.commit()


async def form(request: Request) -> Response:
    """GET shows the form; POST writes a row and goes on."""
    if request.method == "GET":
        return HTMLResponse(PAGE)
    await request.form()
    await run_in_threadpool(_write, int(request.path_params["number"]))
    return RedirectResponse("/thanks", status_code=303)


app = Starlette(routes=[Route("/form/{number:int}", form, methods=["GET", "POST"])])
