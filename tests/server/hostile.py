"""Documents made to keep a server busy, and by which limit each is refused (None: by another rule)."""

from __future__ import annotations


def doubling(count: int, last: str = "name") -> str:
    parts = [f"fragment F{n} on Ward {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count - 1)]
    return " ".join([*parts, f"fragment F{count - 1} on Ward {{ {last} }}"])


def nested(levels: int) -> str:
    """A document this many levels deep that is valid but for that."""
    inner = "{ name }"
    for _ in range(levels // 3):
        inner = "{ neighbourhoods { nodes { ward " + inner + " } } }"
    return "{ ward " + inner + " }"


def costly() -> str:
    inner = "id"
    for _ in range(2):
        inner = f"neighbourhoods(first: 100) {{ nodes {{ ward {{ {inner} }} }} }}"
    return f"{{ ward {{ {inner} }} }}"


ALIASES = "{ ward { " + " ".join(f"a{n}: name" for n in range(10_000)) + " } }"
CIRCLE = "{ ward { ...A } } " + " ".join(
    f"fragment {one} on Ward {{ ...{next_} ...{next_} }}" for one, next_ in ("AB", "BC", "CA")
)
LONG_CIRCLE = " ".join(f"fragment C{n} on Ward {{ ...C{(n + 1) % 20} ...C{(n + 1) % 20} }}" for n in range(20))
INTROSPECTION = "type { " * 18 + "name" + " }" * 18
WIDE_FRAGMENTS = " ".join(f"fragment W{n} on Ward {{ " + "name " * 20 + "}" for n in range(19))

HOSTILE: dict[str, tuple[str, str | None]] = {
    "24 doubling fragments": ("{ ward { ...F0 } } " + doubling(24), "fragments"),
    "20 doubling fragments": ("{ ward { ...F0 } } " + doubling(20), "fields"),
    "19 doubling fragments with aliases": ("{ ward { ...F0 } } " + doubling(19, "a: name b: code"), "fields"),
    "24 doubling fragments that nothing uses": ("{ ward { name } } " + doubling(24), "fragments"),
    "10,000 aliases": (ALIASES, "length"),
    "400 aliases": ("{ ward { " + " ".join(f"a{n}: name" for n in range(400)) + " } }", "fields"),
    "a hundred aliases": ("{ ward { " + " ".join(f"a{n}: name" for n in range(100)) + " } }", "aliases"),
    "aliases of a root field": ("{ " + " ".join(f"a{n}: viewer {{ role }}" for n in range(50)) + " }", "aliases"),
    "root fields through a fragment": (
        "{ ...R ...R } fragment R on Query { " + "viewer { role } " * 11 + "}",
        "rootFields",
    ),
    "circular fragments": (CIRCLE, None),
    "a long circle": ("{ ward { ...C0 } } " + LONG_CIRCLE, None),
    "a circle that nothing uses": ("{ ward { name } } " + LONG_CIRCLE, None),
    "a fragment of itself": (
        "{ ward { ...A } } fragment A on Ward { neighbourhoods { nodes { ward { ...A } } } }",
        None,
    ),
    "3,000 levels": ("{ a" * 3_000 + " }" * 3_000, "depth"),
    "400 levels of junk": ("{ a" * 400 + " }" * 400, "depth"),
    "12 levels": (nested(12), "depth"),
    "300 levels": (nested(300), "depth"),
    "depth behind introspection": (nested(12).replace("{", '{ __type(name: "Ward") { name }', 1), "depth"),
    "a list 3,000 deep": ("{ nodes(ids: " + "[" * 3_000 + "]" * 3_000 + ") { id } }", "depth"),
    "a list 700 deep": ("{ nodes(ids: " + "[" * 700 + "]" * 700 + ") { id } }", "depth"),
    "an object 400 deep": (
        "{ locate(position: " + "{a: " * 400 + "1" + "}" * 400 + ") { ward { id } } }",
        "depth",
    ),
    "a type 400 deep": ("query($x: " + "[" * 400 + "ID" + "]" * 400 + ") { viewer { role } }", "depth"),
    "200 operations": (" ".join(f"query Q{n} {{ __typename }}" for n in range(200)), "operations"),
    "400 fields": ("{ ward { " + "name " * 400 + "} }", "fields"),
    "1,400 overlapping fields": ("{ ward { " + "name " * 1_400 + "} }", "fields"),
    "1,500 overlapping fields": ("{ ward { " + "name " * 1_500 + "} }", "tokens"),
    "overlapping fields in fragments": (
        "{ ward { " + " ".join(f"...W{n}" for n in range(19)) + " } } " + WIDE_FRAGMENTS,
        "fields",
    ),
    "200 directives": ("{ ward { name " + "@include(if: true) " * 200 + "} }", "directives"),
    "2,000 directives": ("{ ward { name " + "@include(if: true) " * 2_000 + "} }", "tokens"),
    "2,000 unknown directives": ("{ ward { name " + "@a " * 2_000 + "} }", "tokens"),
    "directives on the operation": ("query " + "@a " * 9 + "{ ward { name } }", "directives"),
    "directives in a fragment": (
        "{ ward { ...A ...A ...A } } fragment A on Ward { name @skip(if: false) code @skip(if: false) id @a }",
        "directives",
    ),
    "many variables": ("query(" + " ".join(f"$v{n}: Int" for n in range(300)) + ") { viewer { role } }", None),
    "introspection 20 deep": (
        "{ __schema { types { fields { " + INTROSPECTION.replace("type {", "type { ofType {", 1) + " } } } } }",
        "introspection",
    ),
    "the schema twice": ("{ a: __schema { description } b: __schema { description } }", "introspection"),
    "introspection in circles": (
        "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }",
        None,
    ),
    "100,000 comments": ("{ viewer { role } }" + "#\n" * 30_000, "tokens"),
    "a mebibyte of comments": ("{ viewer { role } }" + "#\n" * 300_000, "length"),
    "100,000 commas": ("{ viewer { role " + "," * 100_000 + "} }", "length"),
    "an endless comment": ("{ viewer { role } } #" + "x" * 200_000 + "\n}", "length"),
    "an endless name": ("{ " + "x" * 200_000 + " }", "length"),
    "a long name": ("{ " + "x" * 60_000 + " }", None),
    "an unclosed text": ('{ wards(search: "' + "x" * 60_000 + ") { totalCount } }", None),
    "escapes": ('{ wards(search: "' + "\\u0041" * 10_000 + '\\ud800") { totalCount } }', None),
    "escapes in braces": ('{ wards(search: "' + "\\u{110000}" * 5_000 + '") { totalCount } }', None),
    "a number of 60,000 digits": ("{ wards(first: " + "9" * 60_000 + ") { totalCount } }", None),
    "an unclosed block": ('{ wards(search: """' + '\\"""' * 10_000 + ") { totalCount } }", None),
}
COSTLY = costly()
