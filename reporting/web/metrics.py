"""Counters for Prometheus. No label carries anything about a person."""

from prometheus_client import Counter, Histogram, generate_latest

REQUESTS = Counter("reporting_http_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("reporting_http_seconds", "Time to answer an HTTP request, seconds", ["route"])

_ROUTES = (
    "/c/",
    "/code",
    "/unlock",
    "/my-data",
    "/unsubscribe",
    "/sms/inbound",
    "/sign-in",
    "/sign-out",
    "/set-up",
    "/demo",
    "/photo",
    "/safety-report/",
    "/check-in/photo",
    "/check-in/q",
    "/check-in/review",
    "/check-in/sent",
    "/healthz",
    "/metrics",
    "/static",
    "/_stcore",
)


_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")


def method_of(sent: str) -> str:
    """A known method, else ``other``: anybody may send any word."""
    return sent if sent in _METHODS else "other"


def kind_of(path: str) -> str:
    """The route family of a path, so that the number of labels stays small."""
    return next((route.rstrip("/") for route in _ROUTES if path.startswith(route)), "page")


def exposition() -> bytes:
    """Everything counted so far, in the text format of Prometheus."""
    return generate_latest()
