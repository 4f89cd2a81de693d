"""Pictures for alerts: what is to be drawn (:mod:`plan`, pure), drawn (:mod:`drawing`), off the loop (:mod:`charting`).

Where nothing can be drawn there is :mod:`sparkline`: the same series in a line of text.
"""

from otel_discord.exporters.discord.charts.charting import Charting, Charts, NoCharts
from otel_discord.exporters.discord.charts.plan import plan_chart
from otel_discord.exporters.discord.charts.shapes import ChartPlan
from otel_discord.exporters.discord.charts.sparkline import sparkline as sparkline_of

__all__ = ["ChartPlan", "Charting", "Charts", "NoCharts", "plan_chart", "sparkline_of"]
