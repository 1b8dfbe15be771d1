"""The demo ward: ground, people, places and two years of incidents, made by our own code from published facts."""

from geo.demo.loading import PASSWORD, DemoSummary, load

__all__ = ["PASSWORD", "DemoSummary", "load"]
