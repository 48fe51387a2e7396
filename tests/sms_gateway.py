"""An SMS gateway on the loopback interface that records, and can also refuse, delay, hang up and break."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Gateway:
    """Keeps what came. ``plan``: answers to come, each ``(status, headers)``, ``"hang up"`` or ``"stall"``."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.plan: list[tuple[int, dict[str, str]] | str] = []
        self.let_go = threading.Event()
        self.came = threading.Condition()
        self.url = ""

    def wait_for(self, count: int, seconds: float = 30) -> bool:
        """Whether so many messages come within that time."""
        with self.came:
            return self.came.wait_for(lambda: len(self.requests) >= count, seconds)


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            form = parse_qs(body or urlsplit(self.path).query)
            is_json = "json" in self.headers.get("content-type", "")
            fields = json.loads(body) if is_json else {name: values[0] for name, values in form.items()}
            with gateway.came:
                gateway.requests.append(fields)
                gateway.headers.append({name.lower(): value for name, value in self.headers.items()})
                gateway.came.notify_all()
            planned = gateway.plan.pop(0) if gateway.plan else (201, {})
            if planned == "hang up":
                self.close_connection = True
                self.connection.close()
                return
            if planned == "stall":
                gateway.let_go.wait(30)
                return
            status, headers = planned  # type: ignore[misc]
            answer = json.dumps({"sid": f"SM{len(gateway.requests)}"}).encode()
            self.send_response(int(status))
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():  # type: ignore[dict-item]
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_GET = _take

        def log_message(self, *_: object) -> None:
            """Tests say what they need to know."""

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that a test cut is no news."""


@contextmanager
def sms_gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    server = _Quiet(("127.0.0.1", 0), _handler(gateway))
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
