"""The axes of two charts that stand side by side, so that they can be compared by eye."""

from dataclasses import dataclass

import altair as alt

from reporting.domain.units import printed

HEIGHT = 360


@dataclass(frozen=True)
class Axes:
    """From ``low`` to ``high`` of a setting, in its unit, and from zero to ``top``, a share."""

    low: float
    high: float
    top: float

    def beside(self, other: "Axes") -> "Axes":
        """Wide enough for both."""
        return Axes(min(self.low, other.low), max(self.high, other.high), max(self.top, other.top))

    def across_axis(self, unit: str) -> alt.Axis:
        """The axis of a setting in this unit; what is counted has no halves."""
        return alt.Axis(grid=False, tickCount=10, tickMinStep=alt.Undefined if printed(unit) else 1)

    def across_scale(self) -> alt.Scale:
        """The scale of the setting."""
        return alt.Scale(domain=[self.low, self.high], zero=False, nice=False)

    def up_scale(self) -> alt.Scale:
        """The scale of the share; what lies above is drawn at its upper end."""
        return alt.Scale(domain=[0, self.top], nice=False, clamp=True)
