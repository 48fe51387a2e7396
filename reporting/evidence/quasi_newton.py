"""Climbing a likelihood that is almost flat in some direction, where Newton's expected curvature crawls."""

from collections.abc import Callable

import numpy as np
import scipy

from reporting.evidence.checks import Array


def climb(value: Callable[[Array], float], gradient: Callable[[Array], Array], start: Array, curvature: Array) -> Array:
    """Coefficients (p,) at a maximum near `start` by BFGS (Nocedal & Wright 2006, chapter 6).

    Works in the coordinates in which `curvature` (p, p), positive definite, is the identity, so that units do
    not matter.
    """
    root = np.linalg.cholesky(curvature)

    def outward(z: Array) -> Array:
        return np.asarray(start + np.linalg.solve(root.T, z), dtype=float)

    def fall(z: Array) -> float:
        return -value(outward(z))

    def slope(z: Array) -> Array:
        return np.asarray(-np.linalg.solve(root, gradient(outward(z))), dtype=float)

    found = scipy.optimize.minimize(
        fall,
        np.zeros(len(start)),
        jac=slope,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 500},
    )
    return outward(np.asarray(found.x, dtype=float))
