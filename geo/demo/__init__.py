"""Made-up wards from published facts: one demo ward with two years of incidents, a city of them, or a nation."""

from geo.demo.country import CountrySummary, load_scale
from geo.demo.ground import WARD_CODE
from geo.demo.loading import DemoSummary, load
from geo.demo.people import PASSWORD
from geo.demo.scales import CITY, NATION, SCALES, Scale

__all__ = [
    "CITY",
    "NATION",
    "PASSWORD",
    "SCALES",
    "WARD_CODE",
    "CountrySummary",
    "DemoSummary",
    "Scale",
    "load",
    "load_scale",
]
