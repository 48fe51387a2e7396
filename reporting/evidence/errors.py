"""Named problems of the statistics. A function answers with a labelled result or with one of these."""

from typing import Any

from reporting.errors import Problem


class EvidenceProblem(Problem):
    """Base of every problem that a statistical function may raise."""

    code = "evidence"
    status = 422
    message = "This cannot be calculated from these data."
    what_to_do = "Choose a longer period or a wider group, or look at the data that are missing."


class ImpossibleData(EvidenceProblem):
    """Counts, times or shapes that cannot occur: more events than answers, a negative or missing number."""

    code = "impossible_data"
    what_to_do = "Correct the data first: a count or a time cannot have this value."

    def __init__(self, name: str, found: object, allowed: str, **details: Any) -> None:
        self.name, self.found, self.allowed = name, found, allowed
        super().__init__(f"{name}: found {found!r}; allowed is {allowed}.", **details)


class DuplicateRows(EvidenceProblem):
    """The same observation twice would count one harm as two."""

    code = "duplicate_rows"
    what_to_do = "Keep the newest row of each check-in."


class NotEnoughData(EvidenceProblem):
    """The quantity is defined, but these data hold too little to give it."""

    code = "not_enough_data"


class NotEstimable(EvidenceProblem):
    """No finite answer exists: separation without a penalty, or a column that others determine."""

    code = "not_estimable"
    what_to_do = "Use a penalised fit, or leave out the column that the message names."


class UnseenCategory(EvidenceProblem):
    """A category that the model was not fitted on."""

    code = "unseen_category"
    what_to_do = "Fit the model again with data that hold the category, or let it count as the reference."


class DidNotConverge(EvidenceProblem):
    """A fit stopped before it met its tolerance."""

    code = "did_not_converge"
    what_to_do = "Use fewer columns, or a penalised fit."


class NotComparable(EvidenceProblem):
    """Numbers that may not be pooled, such as raw doses of different devices."""

    code = "not_comparable"
    what_to_do = "Compare within one device, or compare doses relative to each device's own reference."
