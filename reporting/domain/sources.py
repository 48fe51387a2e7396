"""Where a number comes from, as people read it: the publication, without where somebody found a copy of it."""

import re

_ASIDE = re.compile(r"\s*\([^)]*\)?")
_COPY = re.compile(r"[,/]?\s*(?:[\w.]*scribd|qxmd|manualshive|mdedge)\s+\d+(?:\s+p\.\s*\d+)?", re.I)
_PATH = re.compile(r"\b((?:[\w-]+\.)+(?:com|ai|us|org|net))/\S+", re.I)
_MARK = re.compile(r"^(?:typical range|one or two points, typical bounds are our estimate):\s*", re.I)


def short_source(source: str) -> str:
    """The sources of a row in short: ``Yuan XH 2014 Dermatol Surg; Faghihi 2015 PMC4601415``.

    The table keeps every detail; what stands in brackets, numbers of copies and paths of web pages are left out.
    """
    first = _ASIDE.sub("", _MARK.sub("", source.split(";")[0]))
    parts = [_PATH.sub(r"\1", _COPY.sub("", part)).strip(" ,./") for part in first.split(" + ")]
    return "; ".join(part for part in parts if part) or source
