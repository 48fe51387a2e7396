"""Random-effects pooling of units: DerSimonian & Laird, Control Clin Trials 1986;7:177-188."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, ImpossibleData, NotEnoughData, finite, normal_quantile, same_length

LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class PooledEffect:
    """Pooled effect with interval, between-unit variance tau2, Cochran's Q and its p-value, I² (0 to 1)."""

    value: float
    standard_error: float
    lower: float
    upper: float
    tau2: float
    q: float
    q_p_value: float
    i2: float
    weights: Array
    units: int
    level: float = 0.95


def dersimonian_laird(effects: ArrayLike, variances: ArrayLike, level: float = 0.95) -> PooledEffect:
    """Pool effects (k,) with their sampling variances (k,).

    tau² = max(0, (Q - (k - 1))/(sum w - sum w²/sum w)), w = 1/variance. One unit: itself, with tau² = 0.
    """
    y, v = finite("effects", effects) if np.size(effects) else np.empty(0), np.asarray(variances, dtype=float)
    same_length(effects=y, variances=np.atleast_1d(v))
    if not len(y):
        raise NotEnoughData("There is not one unit to pool.")
    if not ((v >= LEAST_VARIANCE) & (v <= 1 / LEAST_VARIANCE)).all():
        raise ImpossibleData("variances", v.tolist(), f"numbers from {LEAST_VARIANCE:g} to {1 / LEAST_VARIANCE:g}")
    z, k, w = normal_quantile(level), len(y), 1 / np.atleast_1d(v)
    q = float(w @ (y - (w @ y) / w.sum()) ** 2)
    spare = float(w.sum() - (w**2).sum() / w.sum())
    if k > 1 and spare <= 1e-12 * w.sum():
        raise NotEnoughData("One unit outweighs all others, so their spread cannot be estimated.")
    tau2 = max(0.0, (q - (k - 1)) / spare) if k > 1 else 0.0
    weight = 1 / (v + tau2)
    value, error = float(weight @ y / weight.sum()), float(1 / np.sqrt(weight.sum()))
    return PooledEffect(
        value=value,
        standard_error=error,
        lower=value - z * error,
        upper=value + z * error,
        tau2=tau2,
        q=q,
        q_p_value=float(scipy.stats.chi2.sf(q, k - 1)) if k > 1 else 1.0,
        i2=max(0.0, (q - (k - 1)) / q) if k > 1 and q > 0 else 0.0,
        weights=weight / weight.sum(),
        units=k,
        level=level,
    )
