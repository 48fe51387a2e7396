"""Tools for those who work on the product, which needs none of them: clinics with known truth, comparisons."""
