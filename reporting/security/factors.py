"""The second factor of staff: time-based codes of an authenticator application (RFC 6238), and recovery codes."""

import base64
import hmac
from datetime import datetime

import pyotp

from reporting.security.encryption import keyed_hash
from reporting.security.tokens import new_code, tidy_code

STEP_S = 30
STEPS_OFF = 1
"""Steps that a telephone's clock may be off, either way (RFC 6238, 5.2)."""
RECOVERY_CODES = 8


def setup_secret(session_id: int, token_hash: str) -> str:
    """The secret that a session is offered, the same each time it asks; kept nowhere until it is confirmed."""
    return base64.b32encode(bytes.fromhex(keyed_hash(f"second factor:{session_id}:{token_hash}"))[:20]).decode()


def setup_address(secret: str, *, email: str, issuer: str) -> str:
    """What the square code holds: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def step_of(secret: str, typed: str, at: datetime, *, after: int) -> int | None:
    """The time step that a typed code is of, if it is a right one and later than ``after``; else None."""
    digits, present = tidy_code(typed), int(at.timestamp()) // STEP_S
    codes = pyotp.HOTP(secret)
    for step in range(present - STEPS_OFF, present + STEPS_OFF + 1):
        if step > after and hmac.compare_digest(codes.at(step).encode(), digits.encode()):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes to be written down, each of 39 bits; with the brake on tries that is beyond guessing."""
    return [new_code() for _ in range(RECOVERY_CODES)]


def recovery_hash(staff_id: int, typed: str) -> str:
    """What is kept of a recovery code."""
    return keyed_hash(f"recovery:{staff_id}:{tidy_code(typed)}")
