"""``python -m reporting demo`` and ``demo-access``."""

import json
import sys

import typer
from tqdm import tqdm

from reporting.demo import access, fill
from reporting.records.columns import has_any
from reporting.records.engine import reading
from reporting.records.migrate import migrate
from reporting.records.tables import Clinic


def demo(
    treatments: int = typer.Option(2_400, min=1, help="How many treatments."),
    seed: int = typer.Option(2, help="The same seed gives the same clinic."),
) -> None:
    """Fill an empty database with a synthetic clinic of two years."""
    migrate()
    with reading() as session:
        if has_any(session, Clinic):
            print(
                "This database already has a clinic. Choose an empty one: REPORTING_DATA_DIR=… or DATA=… .",
                file=sys.stderr,
            )
            raise typer.Exit(2)
    with tqdm(total=treatments, unit=" treatments", disable=None) as bar:
        fill.fill(treatments, seed, bar.update)
    print(f"Synthetic demo clinic written: {treatments} treatments over two years. Nobody in it is real.")


def demo_access(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Print a patient link and a sign-in for each role. Only for a synthetic demo database."""
    migrate()
    ways = access.demo_access()
    if as_json:
        staff = [{"role": role, "email": email, "password": password} for role, email, password in ways.staff]
        print(json.dumps({"patient_link": ways.invitation.link, "code": ways.invitation.code, "staff": staff}))
        return
    print("Synthetic demo data: nobody in it is real.\n")
    print(f"As a patient: {ways.invitation.link}\n    or the code {ways.invitation.code} with the year of birth 1981")
    print("\nAs staff, at /sign-in (these passwords replace the earlier ones):")
    for role, email, password in ways.staff:
        print(f"    {role:14} {email:32} {password}")


def register(app: typer.Typer) -> None:
    """Put both commands on the command line."""
    app.command("demo")(demo)
    app.command("demo-access")(demo_access)
