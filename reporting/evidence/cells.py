"""Rows of categories gathered into binomial cells: the same fit from a thousandth of the rows.

Rows with equal covariates have one likelihood contribution together (McCullagh & Nelder, Generalized Linear
Models, 2nd ed. 1989, section 4.1), so coefficients are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    Positions,
    UnseenCategory,
    not_negative,
    probabilities,
)


@dataclass(frozen=True)
class Cells:
    """frame: one row per cell with the covariates; events and trials (k,); cell_of_row maps rows to cells."""

    frame: pd.DataFrame
    events: Array
    trials: Array
    cell_of_row: Positions


def gather_cells(covariates: pd.DataFrame, outcome: ArrayLike, weights: ArrayLike | None = None) -> Cells:
    """Sum outcome (0/1, r rows) and weights over equal rows of the covariates, in sorted order."""
    y = probabilities("outcome", outcome)
    w = np.ones(len(y)) if weights is None else not_negative("weights", weights)
    if not len(covariates) == len(y) == len(w):
        raise ImpossibleData("rows", (len(covariates), len(y), len(w)), "one common length")
    if covariates.isna().to_numpy().any():
        raise ImpossibleData("covariates", "a missing value", "no missing values; name them as a category")
    groups = covariates.groupby(list(covariates.columns), observed=True, sort=True)
    index = groups.ngroup().to_numpy().astype(np.intp)
    count = int(index.max()) + 1 if len(index) else 0
    if not count:
        raise NotEnoughData("There is not one row to gather.")
    first = np.full(count, len(y))
    np.minimum.at(first, index, np.arange(len(y)))
    return Cells(
        frame=covariates.iloc[first].reset_index(drop=True),
        events=np.bincount(index, weights=w * y, minlength=count).astype(float),
        trials=np.bincount(index, weights=w, minlength=count).astype(float),
        cell_of_row=index,
    )


@dataclass(frozen=True)
class DummyCoding:
    """Treatment contrasts: per factor its levels, the first the reference; remembered from the fit."""

    levels: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names of the design, the intercept first."""
        columns = [f"{name}={level}" for name, levels in self.levels.items() for level in levels[1:]]
        return ("intercept", *columns)

    def design(self, frame: pd.DataFrame, unseen: str = "refuse") -> Array:
        """Design matrix (k, p) with an intercept.

        unseen="refuse" raises UnseenCategory for a level the coding does not know; "reference" counts it as
        the reference level, which is also what a new unit's expectation should be.
        """
        if unseen not in ("refuse", "reference"):
            raise ImpossibleData("unseen", unseen, "refuse or reference")
        blocks = [np.ones((len(frame), 1))]
        for name, levels in self.levels.items():
            values = frame[name].astype(str).to_numpy()
            strange = sorted(set(values) - set(levels))
            if strange and unseen == "refuse":
                raise UnseenCategory(f"{name}: the model has not seen {', '.join(strange)}.")
            blocks.append((values[:, None] == np.array(levels[1:], dtype=object)[None, :]).astype(float))
        return np.hstack(blocks)


def dummy_coding(frame: pd.DataFrame, factors: Sequence[str]) -> DummyCoding:
    """Levels of each factor by falling frequency, so that the commonest is the reference."""
    if frame.empty:
        raise NotEnoughData("There is not one row to code.")
    levels = {}
    for name in factors:
        counts = frame[name].astype(str).value_counts()
        levels[name] = tuple(sorted(counts.index, key=lambda level: (-int(counts[level]), level)))
    return DummyCoding(levels)
