"""The plain pages around passwords: *I forgot my password*, and the page that a one-time link opens."""

from functools import partial

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.accounts import act_links
from reporting.errors import Problem
from reporting.shell import web_html
from reporting.shell.pages import Plain


async def forgot(request: Request) -> Response:
    """GET asks for the address; POST says the same whatever it was, at once, and looks for the account afterwards."""
    if request.method == "GET" or not act_links.can_mail():
        return web_html.page("forgot_password.html", can_mail=act_links.can_mail(), asked=False)
    given = await web_html.fields(request, "email")
    answer = web_html.page("forgot_password.html", can_mail=True, asked=True)
    answer.background = BackgroundTask(act_links.forgotten, email=given["email"])
    return answer


async def choose(request: Request) -> Response:
    """GET shows whose link it is and changes nothing; POST sets the password and leads to the sign-in."""
    token = request.path_params["token"]
    try:
        whose = await run_in_threadpool(act_links.look, token)
    except act_links.StaffLinkOver as over:
        return web_html.page("problem.html", over.status, over, heading="Choose your password", staff=True)
    if request.method == "GET":
        return web_html.page("new_password.html", whose=whose)
    given = await web_html.fields(request, "password")
    source = web_html.source_of(request)
    try:
        await run_in_threadpool(partial(act_links.choose_password, token, given["password"], source=source))
    except Problem as problem:
        return web_html.page("new_password.html", problem.status, problem, whose=whose)
    return RedirectResponse(f"{Plain.SIGN_IN}?password=chosen", status_code=303)


PASSWORD_ROUTES = [
    Route(Plain.FORGOT_PASSWORD, forgot, methods=["GET", "POST"]),
    Route(f"{Plain.NEW_PASSWORD}{{token:str}}", choose, methods=["GET", "POST"]),
]
