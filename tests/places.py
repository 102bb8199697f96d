"""Where the project stands: its root, and the script that all pages are entered by."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
ENTRY = ROOT / "app" / "main.py"
