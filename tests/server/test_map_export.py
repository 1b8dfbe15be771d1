"""`phuongso map export`, without a browser: what may be in the file, how modules become one script, what is refused."""

import asyncio
import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from geo.database import Database
from geo.language import Language
from server.console import Commands
from server.map_commands import map_group
from server.pages import static
from server.pages.bundling import CannotBundle, bundle
from server.pages.map_export import copy_of, inline_script, json_text
from tests.archives import tile, write_archive
from tests.maps.small_ward import CODE, build, report

COMMANDS = Commands("phuongso", commands=[map_group])


async def run(url: str, var: Path, *arguments: object) -> Result:
    environment = {"DATABASE_URL": url, "PHUONGSO_SECRET_KEY": "k" * 40, "PHUONGSO_VAR": str(var)}
    words = ["map", "export", *map(str, arguments)]
    return await asyncio.to_thread(CliRunner().invoke, COMMANDS, words, env=environment)


def held(html: str, name: str) -> object:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


async def test_the_policy_names_each_script_and_style_and_no_address(database: Database):
    await build(database)
    async with database.read() as connection:
        html = (await copy_of(connection, CODE, Language.VI)).html
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    allowed = policy[1].replace("&#39;", "'")
    parts = dict(part.split(" ", 1) for part in allowed.split("; "))
    assert parts["default-src"] == "'none'"
    assert "unsafe" not in allowed
    assert "http" not in allowed
    assert "self" not in allowed
    for kind, pattern in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        found = {
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in re.findall(pattern, html, re.DOTALL)
        }
        assert found == set(parts[kind].split())
    assert not re.search(r"<(?:script|link|img|iframe)[^>]* (?:src|href)=", html)
    assert "/static/" not in html
    assert "sourceMappingURL" not in html
    assert "protomapsL" not in re.sub(r"window\.protomapsL", "", html)  # no drawing library without a ground


async def test_open_incidents_go_first_and_what_is_left_out_is_counted(database: Database):
    await build(database)
    for n in range(4):
        await report(database, 108.21 + n / 1000, 16.0, status="REJECTED")
    for n in range(3):
        await report(database, 108.21 + n / 1000, 16.0)
    await report(database, 108.21, 16.0, category="SECURITY")
    async with database.read() as connection:
        copy = await copy_of(connection, CODE, Language.VI, most=5)
    assert (copy.incidents, copy.left_out) == (5, 2)
    incidents = held(copy.html, "incidents")
    statuses = [one["properties"]["status"] for one in incidents["features"]]  # type: ignore[index]
    assert sorted(statuses) == ["RECEIVED"] * 3 + ["REJECTED"] * 2
    assert "2 phản ánh cũ hơn" in copy.html


async def test_the_command_writes_one_whole_file_and_says_what_is_in_it(database: Database, tmp_path):
    await build(database)
    out = tmp_path / "out/map.html"
    out.parent.mkdir()
    result = await run(database.url, tmp_path, "--output", out)
    assert result.exit_code == 0, result.output
    assert "5 places, 0 incidents" in " ".join(result.output.split())
    assert out.read_text().startswith("<!doctype html>")
    assert [path.name for path in out.parent.iterdir()] == ["map.html"]


async def test_what_is_in_the_way_is_said_and_the_old_file_stays(database: Database, tmp_path):
    await build(database)
    out = tmp_path / "map.html"
    out.write_text("the copy of before")
    result = await run(database.url, tmp_path, "--output", out, "--ward", "99999")
    assert "There is no ward 99999 here" in result.output
    result = await run(database.url, tmp_path, "--output", out, "--with-basemap")
    assert "Make one with `phuongso basemap`" in " ".join(result.output.split())
    result = await run(database.url, tmp_path, "--output", tmp_path / "no/folder.html")
    assert result.exit_code == 1
    assert "No such file or directory" in " ".join(result.output.split())
    assert out.read_text() == "the copy of before"


async def test_tiles_go_along_as_far_as_they_fit(database: Database, tmp_path, monkeypatch):
    await build(database)
    body = tile(water=[{"geometry": "POLYGON((0 0, 4096 0, 4096 4096, 0 0))", "properties": {}}])
    write_archive(tmp_path / "basemap.pmtiles", {(9, 409, 232): body, (10, 819, 465): body, (10, 819, 466): body})
    out = tmp_path / "map.html"
    assert "The base map: 3 tiles." in (await run(database.url, tmp_path, "--output", out, "--with-basemap")).output
    monkeypatch.setattr("server.pages.map_export.MOST_TILES_BYTES", 2 * len(body))
    result = await run(database.url, tmp_path, "--output", out, "--with-basemap")
    assert "1 tiles up to zoom 9" in " ".join(result.output.split())
    assert set(held(out.read_text(), "tiles")) == {"9/409/232"}  # type: ignore[call-overload]


@pytest.mark.parametrize("text", ["</script>", "<!-- <script>", "a\u2028b\u2029c", "&lt;", "Đường Tố Hữu 'x' \"y\""])
def test_json_in_a_page_is_the_same_and_ends_nothing(text):
    written = json_text({"name": text})
    assert json.loads(written) == {"name": text}
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_script_in_a_page_ends_nothing():
    assert inline_script('x = "</script><!--<script>";\n//# sourceMappingURL=x.map') == (
        'x = "\\x3c/script>\\x3c!--\\x3cscript>";\n'
    )


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_modules_become_one_script_that_runs_each_once_and_in_order(tmp_path):
    folder = write(
        tmp_path,
        main='import { one as first,\n  two } from "./a.js";\nimport * as b from "./b.js";\n'
        "window.x = [first, two(), b.three];\n",
        a='import { three } from "./b.js";\nexport const one = three;\nexport async function two() {}\n',
        b="export class three {}\n",
    )
    script = bundle(folder, "main.js")
    assert script.index('modules["b.js"] =') < script.index('modules["a.js"] =') < script.index('modules["main.js"] =')
    assert script.count('modules["b.js"] =') == 1
    assert 'const { one: first,\n  two } = modules["a.js"];' in script
    assert "return { one, two };" in script
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        'import thing from "./b.js";\n',
        'import "./b.js";\n',
        "export default 1;\n",
        "export let changing = 1;\n",
        'export { a } from "./b.js";\n',
        'const later = () => import("./b.js");\n',
        "console.log(import.meta.url);\n",
        'import { main } from "./main.js";\n',
    ],
)
def test_what_the_bundle_does_not_know_is_refused(tmp_path, text):
    with pytest.raises(CannotBundle, match=r"main\.js"):
        bundle(write(tmp_path, main=text, b=""), "main.js")


def test_our_own_modules_can_be_bundled():
    script = bundle(static.FOLDER, "export/main.js")
    assert 'modules["common/words.js"]' in script
    assert "fetch(" not in script
