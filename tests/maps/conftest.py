"""A ward of its own, as the tests of `geo` have it."""

from tests.geo.conftest import laid, laid_template

__all__ = ["laid", "laid_template"]
