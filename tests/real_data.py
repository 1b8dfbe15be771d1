"""Where the real boundaries and places lie: no part of the repository, so tests that read them skip elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(os.environ.get("PHUONGSO_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"
WARDS = DATA / "danang_wards.geojson"
PLACES = DATA / "danang_places.geojson"
