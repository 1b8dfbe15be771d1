"""A made-up extract of OpenStreetMap, written by osmium: a few streets, a river with an island, a coast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

Spot = tuple[float, float]


class Extract:
    """What will be written: nodes, ways and relations, numbered as they come."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._ways: list[Way] = []
        self._relations: list[Relation] = []

    def node(self, longitude: float, latitude: float, **tags: str) -> int:
        number = len(self._nodes) + 1
        self._nodes.append(Node(id=number, location=(longitude, latitude), tags=_keys(tags)))
        return number

    def way(self, spots: Sequence[Spot], **tags: str) -> int:
        nodes = [self.node(*spot) for spot in spots]
        if spots[0] == spots[-1]:
            nodes[-1] = nodes[0]
        self._ways.append(Way(id=len(self._ways) + 1, nodes=nodes, tags=_keys(tags)))
        return len(self._ways)

    def torn_way(self, **tags: str) -> None:
        """A way of whose nodes one is not in the extract."""
        nodes = [self.node(108.21, 16.0), 999_999]
        self._ways.append(Way(id=len(self._ways) + 1, nodes=nodes, tags=_keys(tags)))

    def multipolygon(self, outer: int, inner: int, **tags: str) -> None:
        members = [("w", outer, "outer"), ("w", inner, "inner")]
        tags = {"type": "multipolygon", **_keys(tags)}
        self._relations.append(Relation(id=len(self._relations) + 1, members=members, tags=tags))

    def write(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in self._nodes:
                writer.add_node(node)
            for way in self._ways:
                writer.add_way(way)
            for relation in self._relations:
                writer.add_relation(relation)
        return path


def _keys(tags: dict[str, str]) -> dict[str, str]:
    """`name_vi` stands for `name:vi`."""
    return {key.replace("_vi", ":vi"): value for key, value in tags.items()}


def ring(west: float, south: float, east: float, north: float) -> list[Spot]:
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def town() -> Extract:
    """Around the small ward of the tests, 108.2 to 108.24 east and 15.98 to 16.02 north."""
    made = Extract()
    made.way(
        [(108.19, 16.0), (108.22, 16.0), (108.25, 16.001)], highway="primary", name="Đường Trần Nam Trung", ref="QL1"
    )
    made.way([(108.222, 15.97), (108.222, 16.03)], highway="residential", name="Đường Cồn Dầu")
    made.way([(108.2, 15.995), (108.24, 15.995)], highway="footway")
    outer = made.way(ring(108.19, 16.008, 108.25, 16.012))
    inner = made.way(ring(108.21, 16.009, 108.214, 16.011))
    made.multipolygon(outer, inner, natural="water", water="river", name="Sông Cẩm Lệ")
    made.way([(108.19, 16.01), (108.25, 16.01)], waterway="river", name="Sông Cẩm Lệ")
    made.way(ring(108.226, 15.985, 108.23, 15.989), leisure="park", name="Công viên Hòa Xuân")
    made.way(ring(108.2331, 15.9971, 108.2334, 15.9974), building="yes")
    made.way(ring(108.201, 15.981, 108.205, 15.984), landuse="military", name="Doanh trại")
    made.node(108.217, 15.992, place="suburb", name="Hòa Xuân")
    made.node(108.235, 15.987, place="village", name="Con Dau", name_vi="Cồn Dầu")
    # Land lies left of it: the sea is in the east.
    made.way([(108.246, 15.9), (108.245, 16.0), (108.247, 16.1)], natural="coastline")
    made.torn_way(highway="residential", name="Đường đứt")
    return made
