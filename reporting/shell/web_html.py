"""The plain HTML pages: templates in, answers out, and the cookie that signs a browser in.

The content security policies: Streamlit's pages run own scripts only, no eval; plain pages run none at all.
"""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Message

from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say
from reporting.errors import InvalidInput, NotAllowed, OtherTreatment, Problem
from reporting.security.encryption import keyed_hash
from reporting.security.tokens import form_mark, is_form_of, is_page_of, page_mark
from reporting.settings import settings
from reporting.shell.act_sessions import Cookie, cookie_name

OF = "of"
"""Of an address and of a form: for which treatment they are."""
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.S)


def _hash(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def plain_policy(styles: str) -> str:
    """The policy of our plain pages: no script at all, and of styles only the one that stands in the page."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'none'",
            f"style-src {_hash(styles)}",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _inline_hashes() -> str:
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    page = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    return " ".join(_hash(script) for script in _INLINE.findall(page))


@cache
def policy() -> str:
    """The policy of Streamlit's pages. Charts draw with an interpreter, so nothing needs ``unsafe-eval``."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {_inline_hashes()}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
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
    pilot = say("pilot", values.get("lang") or ENGLISH) if settings().supervised_pilot else ""
    body = _templates.get_template(name).render(problem=problem, pilot=pilot, **values)
    return HTMLResponse(body, status_code=status, headers=_HEADERS)


def part(name: str, **values: Any) -> Markup:
    """A part of a page from its template, to be put into one as it is."""
    return Markup(_templates.get_template(name).render(**values))


def signed_in(cookie: Cookie, address: str) -> Response:
    """Go on to a clean address with the session's cookie set."""
    return with_cookie(RedirectResponse(address, status_code=303), cookie)


def with_cookie(answer: Response, cookie: Cookie) -> Response:
    """The answer with the session's cookie set."""
    answer.set_cookie(
        cookie.name,
        cookie.value,
        max_age=cookie.max_age_s,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )
    return answer


def signed_out(address: str) -> Response:
    """Go on with the cookie taken away."""
    answer = RedirectResponse(address, status_code=303)
    answer.delete_cookie(cookie_name(), path="/", httponly=True, samesite="lax", secure=settings().secure_cookies)
    return answer


def source_of(request: Request) -> str:
    """A keyed hash of where the request came from: enough to slow down guessing, useless as an address."""
    return keyed_hash(_network(request.client.host if request.client else "unknown"))[:32]


def _network(host: str) -> str:
    """An IPv4 address as it is, of an IPv6 address its /64: whoever has one has all of them."""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else host


def must_be_ours(request: Request) -> None:
    """Refuse a form that another site sent. Raises NotAllowed."""
    fetched_from = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = fetched_from not in (None, "same-origin", "none")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        foreign = True
    if foreign:
        raise NotAllowed("This form was sent from another site.", what_to_do="Open the page here and try again.")


def must_be_about(mark: str, treatment_id: int | None) -> None:
    """Refuse a form that was drawn for another treatment: two links in one browser never mix. Raises OtherTreatment."""
    if treatment_id is None or not is_form_of(mark, treatment_id):
        raise OtherTreatment()


def in_tab(path: str, treatment_id: int | None) -> str:
    """The address with the mark of its treatment: loaded again it is refused while the browser is another one's."""
    if treatment_id is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}{OF}={page_mark(treatment_id)}"


def must_be_tab_of(request: Request, treatment_id: int | None) -> None:
    """Refuse a page whose address is of another treatment than the session. Raises OtherTreatment.

    An address without a mark was typed or kept by hand and belongs to nobody before.
    """
    mark = request.query_params.get(OF, "")
    if mark and (treatment_id is None or not is_page_of(mark, treatment_id)):
        raise OtherTreatment()


def about(treatment_id: int | None) -> Markup:
    """The field that says for which treatment a form was drawn."""
    mark = "" if treatment_id is None else form_mark(treatment_id)
    return Markup('<input type="hidden" name="of" value="{}">').format(mark)


LARGEST_FORM_BYTES = 64_000


class FormTooLong(InvalidInput):
    """More was sent than any form of ours holds."""

    status = 413

    def __init__(self) -> None:
        super().__init__(field="form", found="far too much", allowed="fewer characters")


async def fields(request: Request, *names: str) -> dict[str, str]:
    """The named text fields of a posted form; a missing one is empty. Raises FormTooLong, NotAllowed."""
    must_be_ours(request)
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_FORM_BYTES:
            raise FormTooLong()
        return message

    form = await Request(request.scope, counted).form(max_files=0, max_fields=20)
    return {name: str(form.get(name) or "") for name in names}
