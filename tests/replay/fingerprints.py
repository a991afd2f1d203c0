"""Fingerprints of the commands that workflow code issues, in source order.

A running campaign is replayed against today's code: it must issue the same commands in the same
order. This compares the order, read off the source, with the one that was last accepted
(``fingerprints.json``), so that a change is noticed while it is made.

``python -m tests.replay.fingerprints`` shows the difference, ``… --accept`` takes today's order as
the accepted one, after the golden histories replayed.
"""

import argparse
import ast
import asyncio
import difflib
import json
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "workflows"
BASELINE = Path(__file__).parent / "fingerprints.json"

Fingerprint = dict[str, list[str]]
"""Commands by ``module.Class.method`` (or ``module.function``)."""

ADVICE = """\
The commands of a workflow changed. Campaigns that run now will be replayed against this code, and
one that finds other commands than it issued stops with a non-determinism error until the old code
is back. So, before accepting:

1. Is it harmless? Renaming a private method is, and so is moving code between methods as long as
   the commands come in the same order on every path. A changed argument, summary, timeout or
   retry policy never shows up here, because it is safe.
2. Is the code only reached by campaigns that have not yet come there, and could none be half-way
   through the changed stretch? Then it is safe as well, but be sure.
3. Otherwise keep the old way for those who took it:

       # Campaigns started before 2026-12-01 verified after the lease; remove in March.
       VERIFY_FIRST = "campaign-verify-first-v1"

       if workflow.patched(VERIFY_FIRST):
           ...  # the new order
       else:
           ...  # the old order, unchanged

   The name is a constant beside the code and is never used twice. When no run started before
   the change is left, `workflow.deprecate_patch(VERIFY_FIRST)` replaces the branch; a release
   later that goes too.

Then:  python -m pytest tests/replay             the golden histories must still replay
       python -m tests.replay.fingerprints --accept   and commit fingerprints.json with the change

Do not record the golden histories anew to get them green: they stand for campaigns that run.
See docs/durability.md."""

_RUNNERS = {"_do", "carry_out", "start", "run"}
"""What starts an activity given as its first argument."""
_PLAIN = {
    "continue_as_new": "continue as new",
    "upsert_search_attributes": "upsert search attributes",
    "upsert_memo": "upsert memo",
    "request_cancel_external_workflow": "cancel another workflow",
}
_CHILDREN = {"start_child_workflow", "execute_child_workflow"}
_ACTIVITIES = {
    f"{verb}_{kind}"
    for verb in ("start", "execute")
    for kind in ("activity", "activity_method", "local_activity", "local_activity_method")
}
_PATCHES = {"patched", "deprecate_patch"}


def extract(sources: Path = SOURCES) -> Fingerprint:
    """Read the fingerprint off every module in a folder."""
    bodies: dict[str, ast.AsyncFunctionDef | ast.FunctionDef] = {}
    for path in sorted(sources.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                bodies[f"{path.stem}.{node.name}"] = node
            elif isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                        bodies[f"{path.stem}.{node.name}.{part.name}"] = part
    # Which of our own functions issue commands, directly or through others of them?
    issuing: set[str] = set()
    while True:
        found = {name: _Reader(issuing).read(body) for name, body in bodies.items()}
        now = {name.rsplit(".", 1)[1] for name, commands in found.items() if commands}
        if now == issuing:
            return {name: commands for name, commands in found.items() if commands}
        issuing = now


class _Reader(ast.NodeVisitor):
    """Collects the commands of one function, in the order they are evaluated."""

    def __init__(self, issuing: set[str]) -> None:
        self._issuing = issuing
        self._commands: list[str] = []

    def read(self, function: ast.AsyncFunctionDef | ast.FunctionDef) -> list[str]:
        for statement in function.body:
            self.visit(statement)
        return self._commands

    def visit_Call(self, call: ast.Call) -> None:
        self.generic_visit(call)  # arguments are evaluated before the call
        command = self._command(call)
        if command:
            self._commands.append(command)

    def _command(self, call: ast.Call) -> str | None:
        name = _last(call.func)
        first = call.args[0] if call.args else None
        activity = _activity(first)
        if name in _RUNNERS and activity:
            return f"activity {activity}"
        if name in _ACTIVITIES:
            return f"activity {activity or 'as given'}"
        if name in _CHILDREN:
            return f"child workflow {ast.unparse(first) if first else '?'}"
        if name == "wait_condition":
            timed = len(call.args) > 1 or any(word.arg == "timeout" for word in call.keywords)
            return "timer (wait)" if timed else None
        if name == "sleep" and _owner(call.func) in ("workflow", "asyncio"):
            return "timer (sleep)"
        if name in _PLAIN:
            return _PLAIN[name]
        if name in _PATCHES and _owner(call.func) == "workflow":
            return f"{name} {ast.unparse(first) if first else '?'}"
        if name == "signal" and isinstance(call.func, ast.Attribute):
            return f"signal another workflow: {ast.unparse(first) if first else '?'}"
        if name == "cancel" and isinstance(call.func, ast.Attribute):
            return f"cancel {ast.unparse(call.func.value)}"
        if name in self._issuing and _owner(call.func) in ("", "self", "self._errands"):
            return f"→ {name}"
        return None


def _last(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _owner(function: ast.expr) -> str:
    return ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""


def _activity(argument: ast.expr | None) -> str | None:
    """``Family.method`` where the argument names an activity by its class."""
    text = ast.unparse(argument) if argument is not None else ""
    family, _, method = text.partition(".")
    return text if family[:1].isupper() and method.isidentifier() else None


def difference(accepted: Fingerprint, found: Fingerprint) -> str:
    """A unified diff, with advice; empty when nothing changed."""
    lines = list(
        difflib.unified_diff(_lines(accepted), _lines(found), "accepted", "now", n=2, lineterm="")
    )
    return "\n".join([*lines, "", ADVICE]) if lines else ""


def accepted() -> Fingerprint:
    """The order that was last accepted."""
    return json.loads(BASELINE.read_text())


def write(found: Fingerprint) -> None:
    """Accept an order."""
    BASELINE.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def _lines(fingerprint: Fingerprint) -> list[str]:
    return [
        line
        for name in sorted(fingerprint)
        for line in (name, *(f"    {command}" for command in fingerprint[name]))
    ]


def main() -> int:
    """Show what changed; accept it when asked to and when the golden histories replay."""
    from tests.replay.golden import failures

    parser = argparse.ArgumentParser(prog="python -m tests.replay.fingerprints")
    parser.add_argument("--accept", action="store_true", help="take today's order as accepted")
    accept = parser.parse_args().accept
    told = difference(accepted() if BASELINE.exists() else {}, extract())
    if not accept:
        print(told or "The commands are as accepted.")
        return 1 if told else 0
    broken = asyncio.run(failures())
    if broken:
        for name, why in broken.items():
            print(f"{name} does not replay: {why}", file=sys.stderr)
        print(f"\nNot accepted.\n\n{ADVICE}", file=sys.stderr)
        return 1
    write(extract())
    print(f"Accepted: {BASELINE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
