"""``python -m reporting keys``: which keys the data needs, and sealing it anew with the newest."""

import json

import typer

from reporting.app.key import keep_keys, refuse_another_key
from reporting.app.rotate_keys import END, Progress, rotation, states
from reporting.errors import UnsafeSettings
from reporting.records.migrate import migrate

app = typer.Typer(help="The keys that contact details, words and photos are sealed with.", no_args_is_help=True)


def _begin() -> None:
    migrate()
    try:
        refuse_another_key()
    except UnsafeSettings as error:
        print(error)
        raise typer.Exit(2) from None
    keep_keys()


@app.command()
def status(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the keys, oldest first, by a name that tells nothing of them; exit code 1: an older one is still needed."""
    _begin()
    found = states()
    if as_json:
        print(json.dumps([each.__dict__ for each in found]))
    for each in found if not as_json else ():
        state = "seals" if each.seals else f"needless since {each.needless_since}" if each.needless_since else "opens"
        where = "" if each.given else ", not given any more"
        print(f"{each.name}  first used {each.since}  {state}{where}")
    raise typer.Exit(1 if any(not (each.seals or each.needless_since) for each in found) else 0)


@app.command()
def rotate(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Seal everything with the first key of REPORTING_ENCRYPTION_KEY=new,old (or of the lines of encryption.key).

    It may be stopped and started again, and the application may serve meanwhile, started anew with both keys. Exit
    code 1: something is opened by none of the keys, or was changed so often that it did not come to an end.
    """
    _begin()
    at = Progress()
    for at in rotation():
        if at.changed and at.place != END and not as_json:
            print(f"{at.place}: {at.looked_at} of {at.of} looked at, {at.changed} sealed anew")
    ended = at.place == END
    if as_json:
        print(json.dumps({"ended": ended, "changed": at.changed, "unreadable": at.unreadable, "needless": at.needless}))
    else:
        print(f"{at.changed} sealed anew, {at.unreadable} opened by none of the keys.")
        print(f"Nothing needs {', '.join(at.needless)} any more." if at.needless else "No key has become needless.")
    raise typer.Exit(0 if ended and not at.unreadable else 1)
