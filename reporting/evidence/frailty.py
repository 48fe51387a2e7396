"""Harmless differences of operators, devices and clinics together, from their past: a crossed shared frailty.

A cell (operator on a device in a clinic) has the rate E·theta_operator·theta_device·theta_clinic, each theta gamma
with mean 1 (Clayton, Biometrika 1978;65:141-151; crossed as in Breslow & Clayton, JASA 1993;88:9-25). Each theta in
turn is set to its posterior mean given the others until they stand still. A device is then not blamed for an
operator whose patients always did a little worse.
"""

from collections.abc import Sequence

import numpy as np

from reporting.evidence.checks import Array

SHARED_PRECISION = 40.0
"""a of the Gamma(a, a) of each unit: 1/sd², for a standard deviation of 0.16."""
ROUNDS = 6


def with_frailty(observed: Array, expected: Array, levels: Sequence[Array], fit_weeks: Sequence[int]) -> Array:
    """Expectations times the shrunken ratios of a cell's units, as known at each fit week.

    observed (replicates, symptoms, weeks, cells); expected the same or without replicates; levels: for operators,
    devices and clinics the membership (cells, units) of 0 and 1. The first fit judges the weeks before it as well,
    no later one does. Returns the shape of `observed`.
    """
    result = np.empty(observed.shape)
    due = np.broadcast_to(expected, observed.shape)
    total_o, total_e = np.cumsum(observed, axis=-2), np.cumsum(due, axis=-2)
    stops = [*(week + 1 for week in fit_weeks[1:]), observed.shape[-2]]
    start = 0
    for week, stop in zip(fit_weeks, stops, strict=True):
        ratio = cell_ratios(total_o[..., week, :], total_e[..., week, :], levels)
        result[..., start:stop, :] = due[..., start:stop, :] * ratio[..., None, :]
        start = stop
    return result


def cell_ratios(observed: Array, expected: Array, levels: Sequence[Array]) -> Array:
    """Product of the shrunken ratios of each cell's units, (..., cells), from totals of the same shape."""
    parts = [np.ones(observed.shape) for _ in levels]
    for _ in range(ROUNDS):
        for at, membership in enumerate(levels):
            others = np.prod([p for k, p in enumerate(parts) if k != at], axis=0)
            seen, thought = observed @ membership, (expected * others) @ membership
            parts[at] = ((SHARED_PRECISION + seen) / (SHARED_PRECISION + thought)) @ membership.T
    return np.asarray(np.prod(parts, axis=0), dtype=float)
