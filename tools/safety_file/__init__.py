"""The generated pages of ``docs/safety`` and the links of the hazard log."""
