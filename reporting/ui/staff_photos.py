"""A patient's photos for clinicians: any two days of a treatment side by side, and each one large."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from reporting.actions.photos import remove_photo
from reporting.queries.photos import PhotoLine
from reporting.ui import format as words
from reporting.ui.states import attempt, show_notice

WIDTH_PX = 900
_PAIR = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,16rem),1fr));gap:.75rem"
_IMAGE = "width:100%;height:auto;max-height:75vh;object-fit:contain;border-radius:.5rem;display:block"


def caption(photo: PhotoLine, timezone: str) -> str:
    """``Day 3, 10 Mar 2026, 10:30 · 2/3``."""
    return f"Day {photo.recovery_day}, {words.moment(photo.taken_at, timezone)}{photo.which}"


def _figure(photo: PhotoLine, timezone: str) -> str:
    """By its own authorised address; a click opens the whole picture."""
    address, said = f"/photo/{photo.photo_id}", escape(caption(photo, timezone))
    return (
        f'<figure style="margin:0"><a href="{address}" target="_blank"><img src="{address}?w={WIDTH_PX}" '
        f'width="{photo.width_px}" height="{photo.height_px}" loading="lazy" style="{_IMAGE}" '
        f'alt="Photo of {said}"></a><figcaption>{said}</figcaption></figure>'
    )


def _chosen(photos: Sequence[PhotoLine], label: str, index: int, timezone: str, key: str) -> PhotoLine:
    captions = {photo.photo_id: caption(photo, timezone) for photo in photos}
    chosen = st.selectbox(label, list(captions), index=index, key=key, format_func=captions.__getitem__)
    return next((photo for photo in photos if photo.photo_id == chosen), photos[index])


def _remove(photo_id: int, reason_key: str, place: str) -> None:
    reason = str(st.session_state.get(reason_key) or "")
    attempt(place, "The photo is removed.", lambda by: remove_photo(by=by, photo_id=photo_id, reason=reason))


def _remove_part(photos: Sequence[PhotoLine], timezone: str, place: str) -> None:
    with st.popover("Remove a photo"):
        photo = _chosen(photos, "Photo", 0, timezone, f"{place}_which")
        reason_key = f"{place}_reason"
        st.text_input("Reason", key=reason_key, max_chars=200, help="For example: it shows somebody else.")
        st.button("Remove for good", key=f"{place}_remove", on_click=_remove, args=(photo.photo_id, reason_key, place))


def photos_part(photos: Sequence[PhotoLine], timezone: str) -> None:
    """Photos of one treatment: the first beside the newest, or any two. Nothing where there are none."""
    if not photos:
        return
    place = f"photos_{photos[0].treatment_id}"
    st.markdown("**Photos**")
    show_notice(place)
    pair = list(photos)
    if len(photos) > 1:
        left, right = st.columns(2)
        with left:
            first = _chosen(photos, "Photo on the left", 0, timezone, f"{place}_left")
        with right:
            second = _chosen(photos, "Photo on the right", len(photos) - 1, timezone, f"{place}_right")
        pair = [first, second] if first != second else [first]
    st.html(f'<div style="{_PAIR}">{"".join(_figure(photo, timezone) for photo in pair)}</div>')
    st.markdown("A click on a photo shows it large. Each look is kept in the audit trail.")
    _remove_part(photos, timezone, place)
