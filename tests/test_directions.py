"""Imports point one way, and what must be replayed asks no clock and throws no dice."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
_WORLD = frozenset(
    {
        "alembic", "anthropic", "apprise", "authlib", "facebook_business", "fastapi", "feedparser",
        "httpx", "psutil", "psycopg", "requests", "socket", "sqlalchemy", "sqlmodel", "starlette",
        "subprocess", "temporalio", "trafilatura", "urllib3", "uvicorn",
    }
)  # fmt: skip
"""What reaches for the network, the database, other processes or Temporal."""

# Which parts of ours each part may import, by its own files. The longest name that fits counts.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "models.contract": frozenset({"models.contract"}),
    "models": frozenset({"models"}),
    "policy": frozenset({"models.contract", "policy"}),
    "creative": frozenset({"models.contract", "creative", "platforms.network"}),
    "creative.generators": frozenset({"models.contract", "creative"}),  # services, over HTTP
    "creative.library": frozenset({"models", "creative"}),  # files and their rows
    "platforms": frozenset({"models.contract", "models.settings", "platforms"}),
    "activities": frozenset({"models", "policy", "creative", "platforms", "activities"}),
    "workflows": frozenset({"models.contract", "activities", "workflows"}),
    "migrations": frozenset({"models", "migrations"}),
    "starter": frozenset(
        {"models", "creative", "platforms", "activities", "workflows", "migrations", "starter"}
    ),
    # Its Monte-Carlo twin asks the policies on the simulated market, without workflows.
    "starter.rehearsal": frozenset(
        {
            "models", "policy", "platforms", "activities", "workflows", "migrations", "market",
            "starter",
        }
    ),
    "market": frozenset({"market"}),
    "sandbox": frozenset({"market", "sandbox"}),
    "bench": frozenset(
        {
            "models", "policy", "creative", "platforms", "activities", "workflows", "migrations",
            "starter", "market", "bench", "worker",
        }
    ),
}  # fmt: skip
WORKER = frozenset({"models", "creative", "platforms", "activities", "workflows", "starter"})
# What each part may not import from outside, whoever imports it for them.
PURE = ("models.contract", "policy", "market")
NO_WIRE = {
    "workflows": _WORLD - {"temporalio"},
    "creative": _WORLD - {"subprocess"},  # ffmpeg is a program
    "platforms": {"temporalio", "sqlmodel", "psycopg", "sqlalchemy", "anthropic"},
    "models": {"temporalio", "httpx", "anthropic"},
    "sandbox": {"temporalio", "sqlmodel", "psycopg", "anthropic", "facebook_business"},
}


def packages() -> list[str]:
    """The repository's own packages, tests aside."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    return sorted(name for name in found if not name.startswith("."))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom, the libraries included."""
    return grimp.build_graph(*packages(), include_external_packages=True, cache_dir=None)


def within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def part_of(module: str) -> str:
    return max((part for part in MAY_IMPORT if within(module, part)), key=len)


def ours(graph: grimp.ImportGraph) -> list[str]:
    return sorted(one for one in graph.modules if one.split(".")[0] in packages())


def test_every_package_has_its_place() -> None:
    top = {part.split(".")[0] for part in MAY_IMPORT}
    assert set(packages()) == top, "say in MAY_IMPORT what a new package may import"
    assert {path.stem for path in ROOT.glob("*.py")} == {"worker"}


def test_imports_point_one_way(graph: grimp.ImportGraph) -> None:
    astray = [
        f"{module} imports {imported}"
        for module in ours(graph)
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.split(".")[0] in {*packages(), "tests", "worker"}
        and not any(within(imported, part) for part in MAY_IMPORT[part_of(module)])
    ]
    assert not astray, "\n".join(sorted(astray))


def test_the_worker_stands_on_top() -> None:
    imported = {
        name.split(".")[0]
        for name in imports(ast.parse((ROOT / "worker.py").read_text()))
        if name.split(".")[0] in {*packages(), "tests"}
    }
    assert imported
    assert imported <= WORKER


def test_the_product_reaches_the_sandbox_over_http_only(graph: grimp.ImportGraph) -> None:
    """Not even by a detour, so that the real network and the sandbox are taken alike. The market
    is reached by rehearsals alone, which spend nothing."""
    without_rehearsal = deepcopy(graph)
    for module in ours(graph):
        if within(module, "starter.rehearsal"):
            without_rehearsal.remove_module(module)
    for product in set(packages()) - {"sandbox", "market", "bench"}:
        for stand_in, reached in (("sandbox", graph), ("market", without_rehearsal)):
            chain = reached.find_shortest_chain(product, stand_in, as_packages=True)
            assert chain is None, chain


@pytest.mark.parametrize("part", PURE)
def test_pure_parts_touch_nothing_by_any_route(graph: grimp.ImportGraph, part: str) -> None:
    reached = {
        name.split(".")[0]
        for module in ours(graph)
        if within(module, part)
        for name in graph.find_upstream_modules(module)
    }
    assert not reached & _WORLD
    assert "pydantic" in reached or part != "models.contract"


@pytest.mark.parametrize("part", NO_WIRE)
def test_parts_leave_the_wire_to_those_whose_work_it_is(
    graph: grimp.ImportGraph, part: str
) -> None:
    astray = [
        f"{module} imports {library}"
        for module in ours(graph)
        if part_of(module) == part and module not in _DATABASE
        for library in graph.find_modules_directly_imported_by(module)
        if library.split(".")[0] in NO_WIRE[part]
    ]
    assert not astray, "\n".join(astray)


_DATABASE = {"models.database"}


# -- time and chance ----------------------------------------------------------------------------

_CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
    "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.sleep",
    "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.environ", "os.getenv",
}  # fmt: skip
_DICE = {"random", "secrets"}
REPLAYED = [
    path
    for folder in ("policy", "workflows", "models/contract")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of what a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def unrepeatable(source: str) -> list[str]:
    """Uses of a clock, of chance or of the environment in a file."""
    tree = ast.parse(source)
    found = [name for name in imports(tree) if name.split(".")[0] in _DICE or name in _CLOCKS]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            # datetime.datetime.now and dt.now alike; workflow.now and workflow.uuid4 are replayed.
            if not name.startswith("workflow.") and any(
                name == clock or name.endswith(f".{clock}") for clock in _CLOCKS
            ):
                found.append(f"{name} (line {node.lineno})")
    return found


@pytest.mark.parametrize("path", REPLAYED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_replayed_asks_no_clock_and_throws_no_dice(path: Path) -> None:
    assert not unrepeatable(path.read_text())


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "import datetime\nday = datetime.date.today()",
        "from time import monotonic",
        "import time\ntime.sleep(1)",
        "from uuid import UUID, uuid4",
        "import uuid\nname = uuid.uuid4()",
        "import random",
        "from random import choice",
        "def late():\n    import secrets",
        "import os\nhome = os.environ['HOME']",
    ],
)
def test_the_search_finds_them(source: str) -> None:
    assert unrepeatable(source)


def test_the_search_spares_what_temporal_replays() -> None:
    allowed = (
        "from temporalio import workflow\nfrom uuid import uuid5\n"
        "workflow.now(), workflow.uuid4(), workflow.random().random(), uuid5(a, 'b')"
    )
    assert not unrepeatable(allowed)
