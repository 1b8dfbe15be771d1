"""The rule of the house: server -> schema, maps, geo; schema -> geo; maps -> geo; geo -> nothing of ours.

Imports stand at the top of a module, never in a function, so that no circle hides; and outside `geo` no module takes a
table, for what a caller may see is decided by each noun's `readable(actor)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlalchemy as sa

from geo import tables

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "geo": {"geo"},
    "schema": {"schema", "geo"},
    "maps": {"maps", "geo"},
    "server": {"server", "schema", "maps", "geo"},
}
# GraphQL's types refer to each other in a circle; here alone they meet, and only for the type checker.
MEETING_PLACE = "schema.links"
TABLES = {name for name in tables.__all__ if isinstance(getattr(tables, name), sa.Table)} | {"metadata"}


def modules(root: Path) -> dict[str, ast.Module]:
    """Every module of the four packages by its dotted name."""
    found = {}
    for package in MAY_IMPORT:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(), str(path))
    return found


def imported(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """What a module imports: (module, name), the name None for a plain `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole module"
            yield from ((node.module or "", alias.name) for alias in node.names)


def package(module: str) -> str:
    return module.partition(".")[0]


def crossings(root: Path) -> list[str]:
    """Imports from a package that the importing one may not know."""
    return [
        f"{name} imports {module}"
        for name, tree in modules(root).items()
        for module, _ in imported(tree)
        if package(module) in MAY_IMPORT and package(module) not in MAY_IMPORT[package(name)]
    ]


def modules_at_run_time(root: Path) -> dict[str, ast.Module]:
    """The modules without what only the type checker reads, where that is allowed."""
    found = modules(root)
    if MEETING_PLACE in found:
        body = found[MEETING_PLACE].body
        kept = [node for node in body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
        assert len(body) - len(kept) == 1, "the exception is needed"
        found[MEETING_PLACE] = ast.Module(kept, [])
    return found


def deferred(root: Path) -> list[str]:
    """Imports that are not statements of the module itself: in functions, classes, conditions."""
    return [
        f"{name}:{node.lineno}"
        for name, tree in modules_at_run_time(root).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body
    ]


def circle(root: Path) -> list[str]:
    """One circle of imports, or nothing. A package counts only where its own module is what is imported."""
    trees = modules_at_run_time(root)
    graph = {
        name: {full if (full := f"{module}.{what}") in trees else module for module, what in imported(tree)}
        & set(trees)
        for name, tree in trees.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def bare_tables(root: Path) -> list[str]:
    """Where a table leaves `geo`."""
    return [
        f"{name} takes {module}.{what}"
        for name, tree in modules(root).items()
        if package(name) != "geo"
        for module, what in imported(tree)
        if (module.startswith("geo.tables") and (what is None or what in TABLES)) or (module, what) == ("geo", "tables")
    ]


def test_packages_know_only_those_below_them() -> None:
    assert crossings(ROOT) == []


def test_imports_stand_at_the_top() -> None:
    assert deferred(ROOT) == []


def test_no_imports_go_in_a_circle() -> None:
    assert circle(ROOT) == []


def test_no_table_leaves_geo() -> None:
    assert bare_tables(ROOT) == []


def test_the_rules_above_notice_what_breaks_them(tmp_path: Path) -> None:
    sources = {
        "geo/a.py": "from server import s\nfrom geo import b",
        "geo/b.py": "import geo.a",
        "maps/m.py": "def f():\n    import schema.q",
        "server/s.py": "from geo.tables import incident, PlaceKind\nfrom geo import tables",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    assert crossings(tmp_path) == ["geo.a imports server", "maps.m imports schema.q"]
    assert deferred(tmp_path) == ["maps.m:2"]
    assert {"geo.a", "geo.b"} <= set(circle(tmp_path))
    assert bare_tables(tmp_path) == ["server.s takes geo.tables.incident", "server.s takes geo.tables"]
