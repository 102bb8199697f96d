"""Where the files lie that come with the project: data sets, published readings, results."""

from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "data"
