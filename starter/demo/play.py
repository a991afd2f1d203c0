"""A demonstration on a throwaway sandbox stack: steps, each with its proofs, and a report."""

import asyncio
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from models.settings import Settings
from starter.cli.output import FAILED, OK, emit
from starter.stack.local import LocalStack, Options

LABEL = "sandbox networks, simulated market, rule-based planner"
PERSON = "demo marketer"
_REAL = (
    "DATABASE_URL", "TEMPORAL_", "ANTHROPIC_", "META_", "X_ADS_", "TIKTOK_", "TELEGRAM_",
    "GOOGLE_ADS_", "SNAPCHAT_", "UNITY_", "AXON_", "APPLE_ADS_", "ADFLIGHT_", "AI_ADS_",
    "ENCRYPTION_KEY", "OPENAI_", "BFL_", "RUNWAYML_",
)  # fmt: skip


class NotProved(Exception):
    """A step whose proof did not come."""


@dataclass(slots=True)
class Step:
    """One step of the story with its proofs."""

    name: str
    seconds: float = 0.0
    ok: bool = False
    proof: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Report:
    """What was seen."""

    steps: list[Step] = field(default_factory=list[Step])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


Story = Callable[[Settings, "Stage"], Awaitable[None]]
"""What is told on a running stack."""


def play(story: Story, *, tempo: float, seed: int, keep: bool, as_json: bool) -> int:
    """Play a story on a stack of its own; the exit code says whether all was proved.

    Real credentials and servers in the environment are left out: nothing real is touched.
    """
    for name in [name for name in os.environ if name.startswith(_REAL)]:
        del os.environ[name]
    out = Console(stderr=as_json, highlight=False)
    directory = Path(tempfile.mkdtemp(prefix="adflight-demo-", dir="/tmp"))
    directory.chmod(0o755)
    began = time.monotonic()
    report = Report()
    stage = Stage(report, out)
    stack = LocalStack(
        Options(
            directory,
            tempo=tempo,
            seed=seed,
            temporal_port=0,
            ui_port=0,
            sandbox_port=0,
            events_port=0,
            environment=(("ADFLIGHT_RESTATEMENT", "PT30M"), ("ADFLIGHT_PERSON", PERSON)),
        )
    )
    problem = None
    try:
        out.print(f"Adflight demo: {LABEL}.")
        with stage.step("start a throwaway stack") as step:
            stack.start()
            step.proof["stack"] = f"tempo {tempo:g}: one hour of campaign in {3600 / tempo:.1f} s"
        asyncio.run(_tell(story, stack.settings(), stage))
    except NotProved as failure:
        problem = str(failure)
    except Exception as failure:
        problem = f"{type(failure).__name__}: {failure}"
    finally:
        gc.collect()
        stack.stop()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)
    seconds = time.monotonic() - began
    ok = problem is None and all(step.ok for step in report.steps)
    if as_json:
        steps = [
            {"step": one.name, "seconds": round(one.seconds, 2), "ok": one.ok, "proof": one.proof}
            for one in report.steps
        ]
        emit(
            {
                "ok": ok,
                "label": LABEL,
                "problem": problem,
                "seconds": round(seconds, 1),
                "tempo": tempo,
                "seed": seed,
                **report.facts,
                "steps": steps,
            }
        )
    elif problem:
        out.print(f"[bold red]Not proved:[/] {problem}")
        if keep:
            out.print(f"Logs are in {directory}/logs")
    else:
        out.print(f"[bold]Every step was proved[/] in {seconds:.0f} s.")
    return OK if ok else FAILED


@dataclass(slots=True)
class Stage:
    """Where a story is told: it reports, and shows what it reports."""

    report: Report
    out: Console

    @contextmanager
    def step(self, name: str) -> Generator[Step]:
        """One step; it is proved when its block ends without complaint."""
        step = Step(name)
        self.report.steps.append(step)
        began = time.monotonic()
        try:
            yield step
            step.ok = True
        finally:
            step.seconds = time.monotonic() - began
            mark = "[green]✓[/]" if step.ok else "[red]✗[/]"
            self.out.print(f"{mark} {name} [dim]{step.seconds:.1f} s[/]")
            for source, text in step.proof.items():
                self.out.print(f"    [dim]{source:<9}[/] {text}", soft_wrap=True)


async def eventually(look: Callable[[], Awaitable[Any]], what: str, seconds: float = 30) -> Any:
    """The first answer that is not None.

    Raises:
        NotProved: there was none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = await look()
        if found is not None:
            return found
        await asyncio.sleep(0.1)
    raise NotProved(f"waited {seconds:.0f} s for {what}")


async def _tell(story: Story, settings: Settings, stage: Stage) -> None:
    await story(settings, stage)
