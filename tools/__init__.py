"""For those who work on the product: clinics with known truth and their scorer."""
