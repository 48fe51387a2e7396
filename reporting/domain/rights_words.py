"""Sentences of the patient's pages about the second factor, consent, own data and who answers, by name."""

RIGHTS_WORDS = {
    "unlock_title": "Show that it is you",
    "unlock_why": "Your link opens the check-in. To see what you sent before, please show that it is you.",
    "unlock_card": "Type in the code from your card and the year you were born.",
    "unlock_code": "Code",
    "unlock_code_hint": "It has eight letters and numbers. It is on your card.",
    "unlock_year": "Year of birth",
    "unlock_year_hint": "Four numbers, such as 1980.",
    "unlock_email": "We can send a code to {address}.",
    "unlock_send": "Send me a code",
    "unlock_sent": "We sent a code to {address}. It works one time and for {minutes} minutes.",
    "unlock_spam": "Not there after a minute? Look in your spam mail, or have a new one sent.",
    "unlock_digits": "Code from the e-mail",
    "unlock_digits_hint": "It has six numbers.",
    "unlock_new": "Send a new code",
    "unlock_back": "Back to the check-in",
    "unlock_link": "Show that it is you",
    "code_not_right": "This code does not work.",
    "code_not_right_do": "Look at it again. If it still does not work, ask for a new one or call the clinic.",
    "year_needed": "The year of birth needs four numbers.",
    "year_needed_do": "Type it in like this: 1980.",
    "too_many_tries": "There were too many tries.",
    "too_many_tries_do": "Wait 15 minutes, then try again.",
    "signed_out": "You are not signed in, or your time is up.",
    "signed_out_do": "Open your link again, or type in the code from your card.",
    "factor_mail_subject": "Your code",
    "factor_mail": "Your code is {code}. It works one time and for {minutes} minutes. "
    "If you did not ask for it, you need not do anything.",
    "consent_withdrawn": "You asked us to stop, so this was not sent.",
    "consent_withdrawn_do": "Call the clinic if you need help. You can start again on the page with your data.",
}
"""English, as in ``patient_words``."""
