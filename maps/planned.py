"""The map's statements planned once for all callers of a kind, whatever window, tile or ward they ask for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import sqlalchemy as sa

from geo import wards
from geo.actor import Actor
from geo.lifecycle import Status
from geo.plans import MOST_PLANS, Given, Kept, Plan, kind_of, late_actor, slot
from maps import layers, tiles, window
from maps.tiles import Tile
from maps.window import Window

_plans: Kept[Plan] = Kept(MOST_PLANS)

_WARD: Any = slot("ward", sa.Text(), lambda given: given.values["ward"])

Kinds = Sequence[str] | None
Statuses = Sequence[Status] | None


def _plan(actor: Actor, form: Hashable, make: Callable[[Actor], sa.Select[Any]]) -> Plan:
    """The plan for callers like `actor`. All that `make` uses beside the actor and slots is in `form`."""
    key = (form, kind_of(actor))
    plan = _plans.get(key)
    if plan is None:
        plan = Plan(make(late_actor(actor)))
        _plans.put(key, plan)
    return plan


def _form(*parts: Any) -> Hashable:
    return tuple(tuple(part) if isinstance(part, list) else part for part in parts)


def code(actor: Actor, ward_code: str | None) -> tuple[Plan, Given]:
    """The code of the ward with this code, or of the deployment's own; no row where there is none."""

    def make(late: Actor) -> sa.Select[Any]:
        rows = wards.chosen(late, None if ward_code is None else _WARD)
        return sa.select(rows.subquery("w").c.code)

    return _plan(actor, ("code", ward_code is None), make), Given(actor, {"ward": ward_code})


def layer(actor: Actor, name: str, ward_code: str) -> tuple[Plan, Given]:
    """A whole layer: one text."""
    return _plan(actor, ("layer", name), lambda late: layers.LAYERS[name](late, _WARD)), Given(
        actor, {"ward": ward_code}
    )


def points(actor: Actor, ward_code: str, seen: Window, statuses: Statuses, kinds: Kinds) -> tuple[Plan, Given]:
    """A window's incidents one by one: `body`, `total`."""
    form = _form("points", statuses, kinds)
    plan = _plan(actor, form, lambda late: layers.incident_points(late, _WARD, window.late(seen), statuses, kinds))
    return plan, Given(actor, {"ward": ward_code, "window": seen})


def clusters(actor: Actor, ward_code: str, seen: Window, statuses: Statuses, kinds: Kinds) -> tuple[Plan, Given]:
    """A window's incidents counted by cell: `body`, `total`."""
    form = _form("clusters", seen.cells.level, statuses, kinds)
    plan = _plan(actor, form, lambda late: layers.incident_clusters(late, _WARD, window.late(seen), statuses, kinds))
    return plan, Given(actor, {"ward": ward_code, "window": seen})


def kinds(actor: Actor, ward_code: str) -> tuple[Plan, Given]:
    """The kinds of incident with their numbers by status: one text."""
    return _plan(actor, ("kinds",), lambda late: layers.incident_kinds(late, _WARD)), Given(actor, {"ward": ward_code})


def heat(actor: Actor, ward_code: str, seen: Window, statuses: Statuses, kinds: Kinds) -> tuple[Plan, Given]:
    """How dense a window's incidents are: one text."""
    form = _form("heat", seen.fine.level, statuses, kinds)
    plan = _plan(actor, form, lambda late: layers.incident_heat(late, _WARD, window.late(seen), statuses, kinds))
    return plan, Given(actor, {"ward": ward_code, "window": seen})


def tile(actor: Actor, name: str, asked: Tile, statuses: Statuses, kinds: Kinds) -> tuple[Plan, Given]:
    """A vector tile: its bytes."""

    def make(late: Actor) -> sa.Select[Any]:
        if name == "incidents":
            return tiles.incident_points(late, tiles.late(asked), statuses, kinds)
        return tiles.LAYERS[name][1](late, tiles.late(asked))

    form = _form("tile", name, asked.zoom, asked.ward_code is None, statuses, kinds)
    return _plan(actor, form, make), Given(actor, {"tile": asked})
