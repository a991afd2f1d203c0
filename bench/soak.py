"""Several chaoses, one after the other: the long version of ``tests/faults/test_chaos.py``.

``python -m bench.soak --seeds 7 8 9 --json``. Exits 1 when a promise was broken by any seed, and
names the command that repeats it. Every run brings its own stack up and takes it down again.
"""

import argparse
import asyncio
import json
import sys

from starter.chaos.report import NOTE, TEMPO, Report
from starter.chaos.run import run
from starter.temporal import leave


def main() -> int:
    """Run the seeds; the exit code."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9, 10])
    parser.add_argument("--promotions", type=int, default=40)
    parser.add_argument("--crashes", type=int, default=15)
    parser.add_argument("--tempo", type=float, default=TEMPO)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    reports: list[Report] = []
    for seed in given.seeds:
        report = asyncio.run(
            run(
                promotions=given.promotions,
                crashes=given.crashes,
                seed=seed,
                tempo=given.tempo,
            )
        )
        reports.append(report)
        verdict = "every promise held" if report.ok else f"BROKEN; repeat with: {report.repeat}"
        print(f"seed {seed}: {verdict}, {report.seconds:.0f} s", file=sys.stderr, flush=True)
    ok = all(report.ok for report in reports)
    if given.as_json:
        runs = [report.document() for report in reports]
        crashes = sum(report.crashes.total() for report in reports)
        print(json.dumps({"ok": ok, "crashes": crashes, "note": NOTE, "runs": runs}, indent=2))
    return 0 if ok else 1


if __name__ == "__main__":
    leave(main())
