"""Whether a logistic fit without a penalty has a finite maximum."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import counts_within


def separated(design: ArrayLike, events: ArrayLike, trials: ArrayLike) -> bool:
    """Whether a direction of the columns (k, p) separates events from non-events, wholly or in part.

    A linear programme (Konis, Linear programming algorithms for detecting separated data, DPhil, Oxford 2007):
    maximise the sum of gains over directions that lower no cell's likelihood.
    """
    hits, tries = counts_within(events, trials)
    columns = np.asarray(design, dtype=float)
    gains = np.vstack([columns[hits > 0], -columns[(hits < tries) & (tries > 0)]])
    if not gains.size:
        return False
    if columns.shape[1] == 1:
        return bool((gains >= 0).all() or (gains <= 0).all()) and bool(gains.any())
    best = scipy.optimize.linprog(-gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1))
    gain = gains.sum(axis=0) @ best.x if best.status == 0 else 0.0
    return bool(gain > 1e-7 * max(1.0, float(np.abs(gains).max())))
