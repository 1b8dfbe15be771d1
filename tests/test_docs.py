"""The documents say what is so: links lead somewhere, examples fit the schema, commands and tables are as the code."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import sqlalchemy as sa
from graphql import OperationDefinitionNode

from geo import positions
from geo.lifecycle import TRANSITIONS, Party, Status
from geo.tables import metadata
from schema import limits
from schema.api import SCHEMA
from schema.documents import invalid_variables, prepared
from server.cli import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WITH_EXAMPLES = ("README.md", "README.vi.md", "docs/api.md")
GUIDES = ("README.md", "README.vi.md")

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def _anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@every_document
def test_links_within_the_project_lead_to_files_and_headings(path: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file) if file else path
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


def test_the_locks_hold_all_that_is_depended_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    development = project["optional-dependencies"]["dev"]
    for lock, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", [*project["dependencies"], *development]),
    ):
        locked = set(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        assert {re.split(r"[\[<>=!~]", one)[0].lower() for one in wanted} - locked == set(), f"make lock: {lock}"


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (ROOT / "docs/decisions/README.md").read_text())
    assert listed == [path.name for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]


def _examples(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Each GraphQL document with its variables: from `curl -d '…'`, and from fences with a fence of variables below."""
    for body in re.findall(r"-d '(\{.*?\})'\n", text, re.DOTALL):
        asked = json.loads(body)
        yield asked["query"], asked.get("variables", {})
    fenced = r"```graphql\n(.*?)```(?:\n+```json variables\n(.*?)```)?"
    for query, variables in re.findall(fenced, text, re.DOTALL):
        yield query, json.loads(variables) if variables else {}


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_fit_the_schema(name: str) -> None:
    examples = list(_examples((ROOT / name).read_text()))
    assert len(examples) >= 2
    for query, variables in examples:
        [operation] = prepared(SCHEMA, query).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert invalid_variables(SCHEMA, operation, dict(variables)) == []
        declared = {definition.variable.name.value for definition in operation.variable_definitions or ()}
        assert set(variables) <= declared


def _commands(text: str) -> Iterator[list[str]]:
    """The words after each `phuongso`, in fences and in code within a line."""
    text = text.replace("\\\n", " ")
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"(?<!`)`([^`]+)`(?!`)", text)
    for line in "\n".join(code).splitlines():
        found = re.match(r"(?:\S*/)?phuongso (.+)", line.strip())
        if found:
            yield shlex.split(found[1].replace("…", "x"), comments=True)


def _unknown(words: list[str]) -> str | None:
    """The first word that the command line does not know, or None."""
    command: click.Command = main
    options = {"--help", "-h"}
    for word in words:
        if word.startswith("-"):
            options |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            if word not in options:
                return word
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("name", [*GUIDES, "docs/api.md", "CHANGELOG.md", "docs/architecture.md"])
def test_every_command_named_exists(name: str) -> None:
    wrong = {" ".join(words): word for words in _commands((ROOT / name).read_text()) if (word := _unknown(words))}
    assert wrong == {}


def test_the_guides_name_the_commands_that_a_ward_needs() -> None:
    for name in GUIDES:
        named = {tuple(words[:2]) for words in _commands((ROOT / name).read_text())}
        assert {("import", "boundaries"), ("import", "places"), ("account", "create")} <= named


def test_both_guides_show_the_same_examples() -> None:
    first, second = ([*re.findall(r"```\w+\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)] for name in GUIDES)
    assert [_without_comments(block) for block in first] == [_without_comments(block) for block in second]


def _without_comments(block: str) -> str:
    return re.sub(r"\s+# .*", "", block)


def _table(name: str, *header: str) -> list[list[str]]:
    """The rows of the document's table whose header begins with these cells."""
    lines = iter((ROOT / name).read_text().splitlines())
    for line in lines:
        if line.startswith(f"| {' | '.join(header)} |"):
            next(lines)  # the rule
            rows = []
            for row in lines:
                if not row.startswith("|"):
                    break
                rows.append([cell.strip() for cell in row.strip("|").split("|")])
            return rows
    raise AssertionError(f"{name} has no such table")


def test_the_life_cycle_is_written_as_it_is() -> None:
    written: dict[tuple[Status, Status], frozenset[Party]] = {}
    for before, after, by, _ in _table("docs/architecture.md", "from", "to", "by"):
        if before == "(new)":
            assert after == Status.RECEIVED
            continue
        for one in before.split(", "):
            step = (Status(one), Status(after))
            assert step not in written
            written[step] = frozenset(Party(party) for party in by.split(", "))
    assert written == TRANSITIONS


def test_the_keys_without_a_ward_are_listed() -> None:
    listed = {row[0].strip("`"): row[1].strip("`") for row in _table("docs/architecture.md", "table", "key")}
    first_columns = {table.name: next(iter(table.primary_key.columns)).name for table in metadata.sorted_tables}
    assert listed == {table: column for table, column in first_columns.items() if column != "ward_code"}


def test_the_unique_columns_without_a_ward_are_listed() -> None:
    listed = {row[0].strip("`") for row in _table("docs/architecture.md", "unique without the ward")}
    assert listed == {
        f"{table.name}.{', '.join(constraint.columns.keys())}"
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint) and "ward_code" not in constraint.columns
    }


def test_the_limits_on_documents_are_written_as_they_are() -> None:
    written = {row[0].split(":")[0]: row[1].replace(",", "") for row in _table("docs/api.md", "what", "at most")}
    usual = limits.Limits()
    assert written["document"] == " · ".join(
        str(most)
        for most in (
            usual.tokens,
            usual.length,
            usual.depth,
            usual.fields,
            usual.aliases,
            usual.directives,
            usual.root_fields,
            usual.fragments,
            usual.operations,
        )
    )
    most = (limits.INTROSPECTION_DEPTH, limits.INTROSPECTION_FIELDS)
    assert written["introspection"] == " · ".join(map(str, most))
    assert written["vertices of a shape"] == str(positions.MAX_VERTICES)


def test_what_security_names_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    named = re.findall(r"`((?:tests|docs|geo|server|schema)/[^`]*)`", text)
    assert len(named) >= 15
    assert [path for path in named if not (ROOT / path).exists()] == []
    settings = set(re.findall(r"`(PHUONGSO_\w+?)(?:=\w+)?`", text))
    known = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert settings <= known
    assert {" ".join(words): word for words in _commands(text) if (word := _unknown(words))} == {}
