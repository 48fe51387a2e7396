"""Languages and clinical content: what patients read, how complete it is, and who has reviewed it."""

import pandas as pd
import streamlit as st

from reporting.clinic.file_catalogues import LanguageState, TableReview, wording_review
from reporting.clinic.read_content_package import PackageStatus, package_status
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import shows_problems

STATUS_WORDS = {"not_reviewed": "Not reviewed", "reviewed": "Reviewed"}


def _languages(found: tuple[LanguageState, ...]) -> None:
    st.header("Languages", anchor=False)
    st.markdown(
        "Sentences that no qualified translator has reviewed are shown to patients all the same. Have them read "
        "before you rely on them."
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Language": [one.name for one in found],
                "Code": [one.code for one in found],
                "Sentences": [one.sentences for one in found],
                "Translated": [one.translated for one in found],
                "Reviewed": [one.reviewed for one in found],
            }
        ),
        hide_index=True,
    )
    for one in found:
        if one.faults:
            with st.expander(f"{one.name}: {len(one.faults)} sentences are shown in English"):
                st.dataframe(
                    pd.DataFrame(
                        {
                            "Sentence": [fault.sentence for fault in one.faults],
                            "Why": [fault.problem for fault in one.faults],
                        }
                    ),
                    hide_index=True,
                )


def _content(reviews: tuple[TableReview, ...]) -> None:
    st.header("Clinical content", anchor=False)
    total, done = sum(one.rows for one in reviews), sum(one.by_status.get("reviewed", 0) for one in reviews)
    st.markdown(f"{done} of {total} rows have been reviewed by a clinician.")
    st.markdown(
        "Words are changed in the content tables, not here: each sentence is translated, checked for reading "
        "grade and reviewed. Limits of rules, deadlines and schedules have their own pages."
    )
    rows = [
        {
            "Table": one.table.replace("_", " "),
            "Rows": one.rows,
            **{STATUS_WORDS.get(status, status): count for status, count in one.by_status.items()},
        }
        for one in reviews
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _package(found: PackageStatus) -> None:
    st.header("The content as a package", anchor=False)
    st.markdown(f"**{found.name} {found.version}**  \nSHA-256 `{found.sha256}`")
    for code, (changes, digest) in found.overlays.items():
        st.markdown(f"{code} has changed something for itself {_times(changes)}: SHA-256 `{digest}`")
    if found.stops:
        st.warning(f"**No patient can be invited:** {found.stops}.", icon=":material/emergency:")
    if found.is_pilot:
        st.info("A supervised pilot: patients are invited without signatures, and every page says so.")
    st.markdown(
        f"{found.safety_rows - found.lacking:,} of {found.safety_rows:,} safety-relevant rows are signed by two. "
        "Reviewers sign with `python -m reporting content sign`; a changed cell takes the signatures of its row away."
    )
    if found.signatures:
        table = {
            "Signed by": [one.name for one in found.signatures],
            "Role": [one.role for one in found.signatures],
            "On": [f"{one.signed_at:%Y-%m-%d}" for one in found.signatures],
            "Until": [one.valid_until.isoformat() for one in found.signatures],
            "Version": [one.version for one in found.signatures],
            "Rows it counts for": [one.holds for one in found.signatures],
            "Rows changed since": [one.changed for one in found.signatures],
        }
        st.dataframe(pd.DataFrame(table), hide_index=True, alt="Signatures of the clinical content")
    for gone in found.withdrawn:
        st.markdown(f"Withdrawn on {gone.at:%Y-%m-%d}: version {gone.version}. {gone.reason}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


@shows_problems
def page() -> None:
    st.title("Wording and review")
    found = wording_review(current_actor())
    _package(package_status(current_actor()))
    _languages(found.languages)
    _content(found.tables)


if __name__ == "__main__":
    page()
