"""What every statistical function asks of its input before it calculates.

Named problems of the statistics. A function answers with a labelled result or with one of these.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

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


class NotEnoughData(EvidenceProblem):
    """The quantity is defined, but these data hold too little to give it."""

    code = "not_enough_data"


class NotEstimable(EvidenceProblem):
    """No finite answer exists: separation without a penalty, or a column that others determine."""

    code = "not_estimable"
    what_to_do = "Use a penalised fit, or leave out the column that the message names."


class DidNotConverge(EvidenceProblem):
    """A fit stopped before it met its tolerance."""

    code = "did_not_converge"
    what_to_do = "Use fewer columns, or a penalised fit."


Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]

LEAST_EXPECTATION = 1e-9


def finite(name: str, values: ArrayLike) -> Array:
    """One-dimensional finite float array. Raises ImpossibleData for a missing or infinite value."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    if not np.isfinite(array).all():
        raise ImpossibleData(name, "a missing or infinite value", "finite numbers")
    return array


def not_negative(name: str, values: ArrayLike) -> Array:
    """Finite array of numbers from 0. Raises ImpossibleData."""
    array = finite(name, values)
    if (array < 0).any():
        raise ImpossibleData(name, float(array.min()), "0 or more")
    return array


def expectations(name: str, values: ArrayLike) -> Array:
    """Finite array of expected counts from 0; less than one in a thousand million counts as 0."""
    array = not_negative(name, values)
    return np.where(array < LEAST_EXPECTATION, 0.0, array)


def same_length(**arrays: Array) -> None:
    """Raises ImpossibleData unless all arrays have one length."""
    sizes = {name: len(array) for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        raise ImpossibleData(", ".join(sizes), tuple(sizes.values()), "one common length")


def counts_within(events: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    """Events and their denominators, 0 <= events <= n. Raises ImpossibleData."""
    some, all_of_them = not_negative("events", events), not_negative("n", n)
    some, all_of_them = np.broadcast_arrays(some, all_of_them)
    if (some > all_of_them).any():
        at = int(np.argmax(some > all_of_them))
        raise ImpossibleData("events", float(some[at]), f"at most n = {float(all_of_them[at]):g}")
    return some, all_of_them


def probabilities(name: str, values: ArrayLike) -> Array:
    """Array of numbers from 0 to 1. Raises ImpossibleData."""
    array = finite(name, values)
    if ((array < 0) | (array > 1)).any():
        raise ImpossibleData(name, float(array[(array < 0) | (array > 1)][0]), "0 to 1")
    return array


def normal_quantile(level: float) -> float:
    """Two-sided standard normal quantile, 1.96 at 0.95. Raises ImpossibleData outside (0, 1)."""
    if not 0 < level < 1:
        raise ImpossibleData("level", level, "between 0 and 1")
    return float(special.ndtri((1 + level) / 2))
