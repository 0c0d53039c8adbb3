"""The house as DESIGN.md draws it: imports point down, core is pure, platforms and cogs do not know each other."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")])
TESTS = sorted(ROOT.glob("tests/**/*.py"))

LONGEST_FILE = 500
"""Lines; above 300 one thinks about it."""

FLOORS = {"core": 1, "storage": 2, "delivery": 2, "scheduling": 2, "services": 3, "cogs": 4, "app": 5, "cli": 6}
PLATFORMS = 4
MATERIAL = {"data", "locale"}
"""Files that come with the bot; there is no code in them."""

DRAWN = {
    # The outbox is a table: DESIGN.md's way out is "occurrence → delivery (same transaction) → outbox → sender".
    ("delivery", "storage"),
}
"""Siblings that may import each other."""

IMPURE_MODULES = {
    "aiosqlite", "alembic", "apscheduler", "asyncio", "asyncpg", "concurrent", "cogs", "discord", "http",
    "logging", "multiprocessing", "nio", "os", "random", "secrets", "select", "shutil", "socket", "sqlalchemy",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input"}
IMPURE_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}


def name_of(path: Path) -> str:
    """The module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room a module stands in: "core", "services", "platforms.matrix", "cogs", "app" or "cli"."""
    first, *rest = module.split(".")
    if first == "cogs":
        return "cogs"
    if not rest:
        return "core"  # the package itself, which holds nothing
    if rest[0] == "platforms":
        return ".".join(rest[:2])
    if rest[0] in FLOORS or rest[0] in MATERIAL:
        return rest[0]
    return "cli" if rest[0] == "__main__" else "app"


def floor_of(room: str) -> int:
    """On which floor a room is, the ground floor being 1."""
    if room.startswith("platforms"):
        return PLATFORMS
    return 0 if room in MATERIAL else FLOORS[room]


@cache
def tree_of(path: Path) -> ast.Module:
    """The file's syntax."""
    return ast.parse(path.read_text("utf-8"))


def imports(tree: ast.AST) -> set[str]:
    """All modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def points_down(room: str, other: str) -> bool:
    """Whether `room` may import `other`."""
    if other == "platforms":  # the package itself, which holds nothing
        return True
    return room == other or floor_of(other) < floor_of(room) or (room, other) in DRAWN


def test_imports_point_down() -> None:
    wrong: dict[str, set[str]] = {}
    modules = {name_of(path) for path in CODE}
    for path in CODE:
        room = room_of(name_of(path))
        up = {module for module in imports(tree_of(path)) & modules if not points_down(room, room_of(module))}
        wrong |= {name_of(path): up} if up else {}
    assert not wrong


def test_core_is_pure() -> None:
    impure = {name_of(path): set(impurities(tree_of(path))) for path in CODE if room_of(name_of(path)) == "core"}
    assert not {module: found for module, found in impure.items() if found}


def impurities(tree: ast.AST) -> Iterator[str]:
    """What a pure function cannot need: the clock, files, the network, waiting."""
    yield from (module for module in imports(tree) if not IMPURE_MODULES.isdisjoint({module, module.split(".")[0]}))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield name
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                yield name
            case ast.Await():
                yield "await"


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in [*CODE, *TESTS]}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FILE}


# Words

SAID_KEYWORDS = {"text", "title", "label", "ask", "on_message", "summary"}
SAID_POSITIONS = {"command": 1, "BadValue": 0}
"""Which positional argument of a call is said to people."""

SPEAKING = [path for path in CODE if room_of(name_of(path)) in {"cogs", "services"}]


def spoken(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that people read."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in {"Content", "Choice", "Parameter", "command", "Field", "Reply"}:
        said = SAID_KEYWORDS | ({"name", "value"} if name == "Field" else set())
        yield from (keyword.value for keyword in call.keywords if keyword.arg in said)
    position = SAID_POSITIONS.get(name)
    if position is not None and len(call.args) > position:
        yield call.args[position]


def is_bare(said: ast.expr) -> bool:
    """Whether words stand there outside `_()`."""
    match said:
        case ast.Constant(value=str(value)):
            return bool(value.strip())
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return is_bare(left) or is_bare(right)
        case ast.IfExp(body=body, orelse=other):
            return is_bare(body) or is_bare(other)
        case ast.BoolOp(values=values):
            return any(is_bare(value) for value in values)
    return False


def test_every_word_for_people_stands_in_the_catalogue() -> None:
    bare = [
        f"{name_of(path)}:{said.lineno}"
        for path in SPEAKING
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call)
        for said in spoken(call)
        if is_bare(said)
    ]
    assert not bare, "these say something outside _()"


def test_a_sentence_for_people_is_one_literal() -> None:
    """Babel reads the source: `_(f"…")` and `_(variable)` would never reach the catalogue."""
    wrong = []
    for path in CODE:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "_n"}:
                sentences = node.args[: 1 if node.func.id == "_" else 2]
                if not all(isinstance(said, ast.Constant) and isinstance(said.value, str) for said in sentences):
                    wrong.append(f"{name_of(path)}:{node.lineno}")
    assert not wrong


def test_the_rule_would_notice() -> None:
    assert not points_down("core", "storage")
    assert not points_down("storage", "delivery")
    assert not points_down("cogs", "platforms.discord")
    assert not points_down("platforms.discord", "cogs")
    assert not points_down("platforms.discord", "platforms.matrix")
    assert points_down("services", "delivery")
    assert is_bare(ast.parse("'words'", mode="eval").body)
