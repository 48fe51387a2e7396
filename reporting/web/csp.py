"""The content security policies: Streamlit's pages run own scripts only, no eval; plain pages run none at all."""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.S)


def _hash(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def plain_policy(styles: str) -> str:
    """The policy of our plain pages: no script at all, and of styles only the one that stands in the page."""
    return "; ".join((
        "default-src 'none'",
        "script-src 'none'",
        f"style-src {_hash(styles)}",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ))  # fmt: skip


def _inline_hashes() -> str:
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    page = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    return " ".join(_hash(script) for script in _INLINE.findall(page))


@cache
def policy() -> str:
    """The policy of Streamlit's pages. Charts draw with an interpreter, so nothing needs ``unsafe-eval``."""
    return "; ".join((
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
    ))  # fmt: skip
