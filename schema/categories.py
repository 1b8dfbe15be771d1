"""Kinds of incident."""

from __future__ import annotations

import strawberry

from schema.relay import Node
from schema.rows import column, node_id


@strawberry.type(description="A kind of incident that a ward handles.")
class Category(Node):
    id: strawberry.ID = node_id("Category")
    code: str = column("Its code, such as ENVIRONMENT: what reports name.")
    name: str = column("Its name in Vietnamese.")
    name_en: str = column("Its name in English.")
    icon: str = column("The name of its icon.")
    colour: str = column("Its colour, `#rrggbb`.")
    deadline_hours: int = column("Within how many hours such an incident is to be dealt with.")
    public: bool = column("Whether such incidents appear on the public map.")
    photo_required: bool = column("Whether a crew must show by a photograph that such an incident is dealt with.")
    accept_minutes: int = column("Within how many minutes a crew is to accept it before the next one is asked.")
    working_hours: bool = column("Whether its deadline counts working hours only, or every hour.")
