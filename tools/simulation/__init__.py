"""Clinics with known guilty units, and the score of detectors against them."""
