"""Where the files lie that come with the project: data sets, published readings, results."""

from pathlib import Path

_IN_THE_WHEEL = Path(__file__).parents[1] / "shipped"
SHIPPED = _IN_THE_WHEEL if _IN_THE_WHEEL.is_dir() else Path(__file__).parents[2] / "data"
