"""Treatments whose device or indication tells their class apart get the finer class; no answer changes."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _by_device(device_class: str, before: str, after: str) -> str:
    return (
        f"UPDATE treatment SET procedure_class = '{after}' WHERE procedure_class = '{before}'"
        f" AND device_id IN (SELECT id FROM device WHERE device_class = '{device_class}')"
    )


def _by_areas(before: str, after: str, every: str) -> str:
    """``every``: what holds of each of the treatment's areas."""
    areas = "SELECT treatment_id FROM treated_area"
    return (
        f"UPDATE treatment SET procedure_class = '{after}' WHERE procedure_class = '{before}'"
        f" AND id IN ({areas}) AND id NOT IN ({areas} WHERE NOT ({every}))"
    )


_VEINS = "indication = 'vascular'"
_LEGS = "area IN ('thighs', 'lower_legs', 'feet')"


def upgrade() -> None:
    op.execute(_by_device("full_field_ablative_co2", "ablative", "full_field_ablative"))
    op.execute(_by_device("frac_nonablative_1927", "nonablative_fractional", "nonablative_fractional_1927"))
    op.execute(_by_areas("qs_pico", "tattoo", "indication = 'tattoo'"))
    op.execute(_by_areas("hair_removal", "leg_vein", f"{_VEINS} AND {_LEGS}"))
    op.execute(_by_areas("hair_removal", "vascular", _VEINS))
    op.execute(_by_areas("vascular", "leg_vein", _LEGS))


def downgrade() -> None:
    for after, before in (
        ("full_field_ablative", "ablative"),
        ("nonablative_fractional_1927", "nonablative_fractional"),
        ("tattoo", "qs_pico"),
        ("leg_vein", "vascular"),
    ):
        op.execute(f"UPDATE treatment SET procedure_class = '{before}' WHERE procedure_class = '{after}'")
