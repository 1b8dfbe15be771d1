"""The desk: the whole application, asked through ASGI."""

from tests.asking import desk as desk
from tests.asking import opening as opening
