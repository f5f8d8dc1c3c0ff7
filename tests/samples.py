"""Where the samples that come with the app lie."""

from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"
