"""What each address of the application is asked for in the scene: theirs, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.routing import BaseRoute

from server.permissions import names_of
from tests.permissions.scene import Laid
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, ROADS, SECOND

_BOX = f"{IN_FIRST[0] - 0.02},{IN_FIRST[1] - 0.02},{IN_FIRST[0] + 0.05},{IN_FIRST[1] + 0.05}"

QUERIES: dict[str, tuple[str, ...]] = {
    "/graphql": ("?query=%7B__typename%7D",),
    "/map/incidents": (f"?bbox={_BOX}&zoom=18&ward={CODE}",),
    "/map/heat": (f"?bbox={_BOX}&zoom=18&ward={CODE}",),
    "/staff/rows": (f"?ward={CODE}",),
    "/staff/map": (f"?ward={CODE}&bbox={_BOX}&zoom=18",),
}


@dataclass(frozen=True)
class Asked:
    """The paths of an address: one about what is theirs, perhaps one about what is not, and others to listen to."""

    own: str
    foreign: str | None = None
    more: tuple[str, ...] = ()


def key_of(id_: str) -> str:
    return id_.rpartition(":")[2]


def paths_of(route: BaseRoute, laid: Laid) -> Asked:
    """Raises `KeyError` with what to add where, for an address with a new parameter."""
    path = names_of(route).rpartition(" ")[2]
    known = _KNOWN(laid).get(path)
    if known is not None:
        return known
    if "{" in path:
        raise KeyError(f"tests/permissions/addresses.py, _KNOWN: say what of the scene {path} is asked for")
    more = f"?ward={CODE}" if path.startswith(("/staff", "/team")) else ""
    return Asked(QUERIES.get(path, (path + more,))[0] if path not in QUERIES else path + QUERIES[path][0])


def _KNOWN(laid: Laid) -> dict[str, Asked]:  # noqa: N802
    own, foreign = laid.incidents["own private"].tracking_code, laid.incidents["foreign private"].tracking_code
    ward = f"?ward={CODE}"
    member, other = key_of(laid.ids[f"silent {FIRST}"]), key_of(laid.ids[f"silent {SECOND}"])
    team, other_team = key_of(laid.ids[f"team {FIRST}"]), key_of(laid.ids[f"team {SECOND}"])
    place, team_place = key_of(laid.ids[f"place {CODE}"]), key_of(laid.ids[f"home agreed {CODE}"])
    agreed = key_of(laid.ids[f"consenting {FIRST}"])
    account, crew, other_crew = laid.ids["account crew-clean"], laid.ids[f"crew {CLEAN}"], laid.ids[f"crew {ROADS}"]
    template = laid.ids[f"template {CODE}"]
    photo, other_photo = (laid.ids[f"Photo {name}.step.False"] for name in ("own", "foreign"))
    about, other_about = f"?team={team}&ward={CODE}", f"?team={other_team}&ward={CODE}"
    files = ("incidents.geojson", "incidents.kml", "incidents.csv", "places.csv", "neighbourhoods.csv")
    exports = tuple(f"/export/{file}{ward}" for file in files)
    tiles = tuple(f"/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt" for layer in ("incidents", "neighbourhoods", "wards"))
    at = {"z": "16", "x": "52471", "y": "29757"}
    tiles = tuple(tile.format(**at) for tile in tiles)
    pictures = tuple(
        f"/photos/{id_}{size}"
        for name, key in laid.pictures.items()
        if ".step." in name
        for id_ in (f"Photo:{laid.incidents[name.partition('.')[0]].code}:{key}",)
        for size in ("", "?size=thumbnail")
    )
    some = [one for name, one in laid.incidents.items() if not name.endswith(("copy", "twin", "waiting", "accepted"))]
    codes = tuple(f"/r/{one.tracking_code}" for one in some)
    cases = tuple(f"/staff/incidents/{one.tracking_code}{ward}" for one in some)
    layers = tuple(f"/map/{layer}.geojson{ward}" for layer in ("places", "neighbourhoods", "ward"))
    return {
        "/r/{code}": Asked(f"/r/{own}", f"/r/{foreign}", codes),
        "/r/{code}/live": Asked(f"/r/{own}/live", f"/r/{foreign}/live"),
        "/r/{code}/letters": Asked(f"/r/{own}/letters?key={'k' * 32}", f"/r/{foreign}/letters"),
        "/r/{code}/rate": Asked(f"/r/{own}/rate", f"/r/{foreign}/rate"),
        "/r/{code}/reopen": Asked(f"/r/{own}/reopen", f"/r/{foreign}/reopen"),
        "/photos/{id}": Asked(
            f"/photos/{photo}?report={laid.incidents['own'].tracking_code}", f"/photos/{other_photo}", pictures
        ),
        "/map/{layer}.geojson": Asked(layers[0], None, layers),
        "/tiles/{layer}/{z}/{x}/{y}.mvt": Asked(tiles[0], None, tiles),
        "/export/{subject}.{form}": Asked(exports[0], None, exports),
        "/basemap/{version}.pmtiles": Asked("/basemap/1.pmtiles"),
        "/staff/incidents/{code}": Asked(f"/staff/incidents/{own}{ward}", None, cases),
        "/staff/incidents/{code}/{act}": Asked(f"/staff/incidents/{own}/note{ward}"),
        "/staff/places/{key}": Asked(f"/staff/places/{place}{ward}"),
        "/staff/places/{key}/remove": Asked(f"/staff/places/{place}/remove{ward}"),
        "/staff/accounts/{id:str}": Asked(f"/staff/accounts/{account}{ward}"),
        "/staff/accounts/{id:str}/password": Asked(f"/staff/accounts/{account}/password{ward}"),
        "/staff/accounts/{id:str}/disabled": Asked(f"/staff/accounts/{account}/disabled{ward}"),
        "/staff/accounts/{id:str}/move": Asked(f"/staff/accounts/{account}/move{ward}"),
        **{
            f"/staff/accounts/{{id:str}}/{act}": Asked(f"/staff/accounts/{account}/{act}{ward}")
            for act in ("link", "email", "second-factor")
        },
        "/link/{token:str}": Asked(f"/link/{'l' * 43}"),
        "/account/sessions/{id:str}/end": Asked(f"/account/sessions/{UUID(int=7)}/end"),
        "/r/{code}/withdraw": Asked(f"/r/{own}/withdraw", f"/r/{foreign}/withdraw"),
        "/staff/categories/{category:str}": Asked(f"/staff/categories/ENVIRONMENT{ward}"),
        "/staff/rejections/{id:str}": Asked(f"/staff/rejections/{template}{ward}"),
        "/staff/rejections/{id:str}/remove": Asked(f"/staff/rejections/{template}/remove{ward}"),
        "/staff/crews/{id:str}": Asked(f"/staff/crews/{crew}{ward}", None, (f"/staff/crews/{other_crew}{ward}",)),
        "/staff/crews/{id:str}/duty": Asked(f"/staff/crews/{crew}/duty{ward}"),
        "/staff/teams/{team}": Asked(f"/staff/teams/{team}{ward}", None, (f"/staff/teams/{other_team}{ward}",)),
        "/staff/teams/{team}/name": Asked(f"/staff/teams/{team}/name{ward}"),
        "/staff/teams/{team}/members/{key}": Asked(f"/staff/teams/{team}/members/{agreed}{ward}"),
        "/staff/teams/{team}/members/{key}/remove": Asked(f"/staff/teams/{team}/members/{agreed}/remove{ward}"),
        "/team": Asked(f"/team{about}", None, (f"/team?team={other_team}&ward={CODE}",)),
        "/team/live": Asked(f"/team/live{about}"),
        "/team/name": Asked(f"/team/name{about}"),
        "/team/places/{key}": Asked(f"/team/places/{team_place}{about}"),
        "/team/places/{key}/remove": Asked(f"/team/places/{team_place}/remove{about}"),
        "/team/members/{key}": Asked(f"/team/members/{member}{about}", f"/team/members/{other}{other_about}"),
        "/team/members/{key}/remove": Asked(
            f"/team/members/{member}/remove{about}", f"/team/members/{other}/remove{other_about}"
        ),
    }
