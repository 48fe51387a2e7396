"""The content security policy: own scripts only, no eval; Streamlit's one inline script by its hash."""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.S)


def _inline_hashes() -> str:
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    page = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


@cache
def policy() -> str:
    """The Content-Security-Policy header. Charts draw with an interpreter, so nothing needs ``unsafe-eval``."""
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
