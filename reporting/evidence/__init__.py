"""Statistics of rates, comparisons, models and charts: arrays in, frozen results out, no database."""
