"""What a patient reads about the clinical content as a whole: that it was withdrawn, or is only tried."""

PACKAGE_WORDS = {
    "withdrawn_heading": "Please call your clinic today.",
    "withdrawn_heading_closed": "Your clinic is closed now. Please call when it opens.",
    "withdrawn_opening": "This page cannot tell you what your answers mean right now. A person has to look at them.",
    "withdrawn_next": "Call the clinic and say how you are. Your answers are kept for them.",
    "withdrawn_hours": "If no one answers, call {out_of_hours}. In an emergency, call {emergency}.",
    "withdrawn_hours_closed": "If you cannot wait, call {out_of_hours}. In an emergency, call {emergency}.",
    "pilot": "This is a trial that your clinic watches. If you are not sure, call the clinic.",
}
"""English, as in ``patient_words``."""
