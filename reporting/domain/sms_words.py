"""What an incoming text message asks for: to stop, to start again, help, or something nobody should text."""

import re
import unicodedata
from typing import Literal

Asked = Literal["stop", "start", "help", "other"]

_STOP = (
    "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke",
    "alto", "parar", "baja", "cancelar", "detener", "salir",
    "توقف", "ايقاف", "إيقاف", "الغاء", "إلغاء", "قف",
)  # fmt: skip
_START = ("start", "unstop", "yes", "empezar", "iniciar", "sí", "alta", "reanudar", "ابدأ", "بدء", "نعم")
_HELP = ("help", "info", "ayuda", "مساعدة")
_PLEASE = ("please", "pls", "por", "favor", "رجاء")
MOST_WORDS = 3


def _plain(text: str) -> str:
    """Lower case, without accents, marks and signs: ``Sí!`` is ``si``."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^\w\s]|ـ", "", "".join(sign for sign in bare if not unicodedata.combining(sign)))


_KNOWN: dict[str, Asked] = {
    **{_plain(word): "help" for word in _HELP},
    **{_plain(word): "start" for word in _START},
    **{_plain(word): "stop" for word in _STOP},
}


def asked(text: str) -> Asked:
    """What the message asks for. One of the words, alone or with a please; *my skin won't stop* asks for nothing."""
    words = [word for word in _plain(text).split() if word not in _PLEASE]
    if not words or len(words) > MOST_WORDS:
        return "other"
    first = _KNOWN.get(words[0], "other")
    return first if len(words) == 1 or first == "stop" else "other"
