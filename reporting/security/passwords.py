"""Passwords: Argon2id, at least twelve characters, none that is easy to guess, no other rules.

Easy is what a list of common passwords, names, words and keyboard rows finds soon (zxcvbn, D. L. Wheeler, USENIX
Security 2016), and what is left of little once common words and the clinic's own are taken out, look-alike signs
included.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from reporting.errors import InvalidInput

MIN_LENGTH, MAX_LENGTH = 12, 128
_hasher = PasswordHasher()
_COMMON_PARTS = (
    "administrator",
    "password",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "abcdefghijkl",
    "changeme",
    "letmein",
    "welcome",
    "iloveyou",
    "admin",
    "abc123",
    "monkey",
    "dragon",
    "football",
    "sunshine",
    "princess",
    "clinic",
    "laser",
    "secret",
    "summer",
    "winter",
    "autumn",
    "spring",
    "doctor",
    "nurse",
    "skin",
)
"""Longer ones first: each is taken out in turn."""
_FILLER = "0123456789!.,-_*#?+@$&%()[]{};:/\\ "
_LOOK_ALIKE = {
    "a": "a4@",
    "b": "b8",
    "e": "e3",
    "g": "g9",
    "i": "i1!|",
    "l": "l1!|",
    "o": "o0",
    "s": "s5$",
    "t": "t7+",
    "z": "z2",
}
_SIGNS = frozenset("".join(_LOOK_ALIKE.values()) + "[({<%67")
GUESSES_LOG10 = 10.0
"""Ten thousand million guesses: far beyond what the brake lets through in years."""
CORE_LOG10 = 7.0
"""What stays without the digits and signs around it must take more guesses than one known word takes."""
_JUDGED, _MOST_SIGNS = 24, 12
"""Characters looked at from either end, and different look-alike signs: the estimate takes seconds for more."""
_SHORTEST_WORD = 3


@lru_cache(maxsize=256)
def _looks_like(word: str) -> re.Pattern[str]:
    return re.compile("".join(f"[{re.escape(_LOOK_ALIKE.get(letter, letter))}]" for letter in word))


def own_words(about: Iterable[str]) -> list[str]:
    """The words of names, codes and addresses, lower case, longest first: ``Demo-Clinic`` is demo and clinic."""
    found = {word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= _SHORTEST_WORD}
    return sorted(found, key=lambda word: (-len(word), word))


def _is_common(password: str, words: list[str]) -> bool:
    """Nothing but common words, the clinic's own, digits and signs, or few characters over and over."""
    rest = password.casefold()
    for part in (*words, *_COMMON_PARTS):
        rest = _looks_like(part).sub(" ", rest)
    return len(set(rest.translate({ord(sign): None for sign in _FILLER}))) < 4


def _guesses_log10(password: str, words: list[str]) -> float:
    """How many guesses find it, as a power of ten; of a long one the better of its two ends."""
    ends = {password[:_JUDGED], password[-_JUDGED:]}
    if any(len(set(end) & _SIGNS) > _MOST_SIGNS for end in ends):
        return GUESSES_LOG10
    return max(float(zxcvbn(end, user_inputs=words)["guesses_log10"]) for end in ends)


def _is_soon_guessed(password: str, words: list[str]) -> bool:
    core = password.strip(_FILLER)
    is_decorated = len(core) <= _JUDGED and _guesses_log10(core, words) < CORE_LOG10
    return is_decorated or _guesses_log10(password, words) < GUESSES_LOG10


def check_new(password: str, *, about: Iterable[str] = ()) -> None:
    """Raise InvalidInput when a new password is too short, too long or too easy to guess.

    ``about``: what the password must not be made of: names of the clinic and of the person, code, e-mail address.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput(
            field="password",
            found=f"{len(password)} characters",
            allowed=f"{MIN_LENGTH} to {MAX_LENGTH} characters",
        )
    words = own_words(about)
    if _is_common(password, words) or _is_soon_guessed(password, words):
        raise InvalidInput(
            field="password",
            found="a password that is easy to guess",
            allowed="one that is hard to guess, such as four words that have nothing to do with you or the clinic",
        )


def hash_password(password: str) -> str:
    """Argon2id hash with its own salt and parameters inside."""
    return _hasher.hash(password)


_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$ZHatnpJKIo/rDYMtqM7YNw$yWnpoUm3IB8DtEB9+yfJbXUyzwIT0BNgiaZq/OPu0Ro"
"""Of no account. Written here because a process should not work a third of a second for it when it starts; a test
holds its parameters to those of ``hash_password``."""


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. Without an account it takes as long, so that time tells nothing."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
