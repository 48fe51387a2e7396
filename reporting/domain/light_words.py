"""Sentences of the plain check-in that the Streamlit page does not have: links that fail, photos, two tabs."""

LIGHT_WORDS = {
    "link_over_title": "This link cannot be opened",
    "link_over": "This link does not work any more.",
    "link_over_do": "Use the newest link from your clinic, or call the clinic and ask for a new one.",
    "link_cut": "Is all of the link there? Mail can cut a long link. Copy the whole link, or type in your code.",
    "type_card_code": "Type in the code from your card",
    "very_unwell": "If you feel very unwell, do not wait. Call the emergency number:",
    "check_again": "Your answers have changed since this page was opened. Please check them again.",
    "photo_open": "Add a photo",
    "photos_waiting": "Photos: {count}",
    "went_wrong_title": "That did not work",
    "not_here": "This page is not here, or it is not yours.",
    "not_here_do": "Use the link from your clinic, or type in the code from your card.",
    "call_if_urgent": "If it does not work again, call the clinic.",
    "code_and_year": "This code and year do not fit together.",
    "code_and_year_do": "Check both on your card. If it still does not work, call the clinic.",
}
