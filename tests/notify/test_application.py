"""The real application as a process: it sends by itself, also what another process wrote, and ends in good order."""

import sys
from pathlib import Path

import pytest

from reporting.settings import settings
from tests.cast import house
from tests.mail_server import MailServer
from tests.notify.cast import statuses
from tests.notify.test_outbox import write
from tests.server import process
from tools.ports import free_port


@pytest.mark.server
def test_it_sends_by_itself_and_ends_in_good_order(sqlite_database: str, mail: MailServer, tmp_path: Path) -> None:
    clinic, port = house("A"), free_port()
    write(clinic.clinic_id, 1)
    address, log = f"http://localhost:{port}", tmp_path / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {
        "REPORTING_BACKGROUND": "1",
        "REPORTING_BASE_URL": address,
        "REPORTING_DATA_DIR": str(settings().data_dir),
    }
    with process(command, f"{address}/healthz", log, **environment) as running:
        assert mail.wait_for(1)
        write(clinic.clinic_id, 2)  # from this process: found by the next look
        assert mail.wait_for(2)
        running.terminate()
        running.wait(30)
    assert running.returncode in (0, -15)
    assert statuses() == ["sent", "sent"]
    assert '"messages: ' in log.read_text()
    assert "Traceback" not in log.read_text()
