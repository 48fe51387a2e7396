"""The plain HTML pages: templates in, answers out, and the cookie that signs a browser in."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from reporting.actions.sessions import Cookie, cookie_name
from reporting.errors import NotAllowed, Problem
from reporting.security.encryption import keyed_hash
from reporting.settings import settings
from reporting.web.csp import plain_policy

_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def _small(styles: str) -> str:
    """Without comments and spare spaces: it travels with every page, so that a page is one request."""
    bare = re.sub(r"/\*.*?\*/|\n", " ", styles, flags=re.S)
    return re.sub(r" *([{};,]) *", r"\1", re.sub(r" +", " ", bare)).strip()


def styles(name: str) -> str:
    """A style sheet of ours as it goes into a page."""
    return _small((_HERE / "static" / name).read_text(encoding="utf-8"))


STYLES = styles("plain.css")
TO_TOP, CLOSE_MENU = (
    (_HERE / "static" / f"{name}.js").read_text(encoding="utf-8") for name in ("to_top", "close_menu")
)
"""The two scripts of ours: on the patient's Streamlit pages, and on those of the staff."""
_templates.globals["styles"] = Markup(STYLES)
_HEADERS = {"content-security-policy": plain_policy(STYLES)}


def page(name: str, status: int = 200, problem: Problem | None = None, **values: Any) -> HTMLResponse:
    """A page from its template; a problem is said on top of it."""
    body = _templates.get_template(name).render(problem=problem, **values)
    return HTMLResponse(body, status_code=status, headers=_HEADERS)


def signed_in(cookie: Cookie, address: str) -> Response:
    """Go on to a clean address with the session's cookie set."""
    return with_cookie(RedirectResponse(address, status_code=303), cookie)


def with_cookie(answer: Response, cookie: Cookie) -> Response:
    """The answer with the session's cookie set."""
    answer.set_cookie(
        cookie.name, cookie.value, max_age=cookie.max_age_s, path="/", httponly=True, samesite="lax",
        secure=settings().secure_cookies,
    )  # fmt: skip
    return answer


def signed_out(address: str) -> Response:
    """Go on with the cookie taken away."""
    answer = RedirectResponse(address, status_code=303)
    answer.delete_cookie(cookie_name(), path="/", httponly=True, samesite="lax", secure=settings().secure_cookies)
    return answer


def source_of(request: Request) -> str:
    """A keyed hash of where the request came from: enough to slow down guessing, useless as an address."""
    return keyed_hash(request.client.host if request.client else "unknown")[:32]


def must_be_ours(request: Request) -> None:
    """Refuse a form that another site sent. Raises NotAllowed."""
    fetched_from = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = fetched_from not in (None, "same-origin", "none")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        foreign = True
    if foreign:
        raise NotAllowed("This form was sent from another site.", what_to_do="Open the page here and try again.")


async def fields(request: Request, *names: str) -> dict[str, str]:
    """The named text fields of a posted form; a missing one is empty."""
    must_be_ours(request)
    form = await request.form(max_files=0, max_fields=20)
    return {name: str(form.get(name) or "") for name in names}
