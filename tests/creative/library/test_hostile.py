"""Hostile uploads: all refused with their reason, in little memory (N16, D28, BUG-30)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.creative.library.hostile import CORPUS

_MOST_MEMORY = 512 * 1024**2
_ROOT = Path(__file__).parents[3]

# In a process of its own, so that the measured peak is that of the product and not of the test
# run: the highest of itself and of every process it started.
_RUN = r"""
import json, pathlib, re, resource
from creative.uploads import UploadRefused, inspect
from tests.creative.library.hostile import CORPUS

said = {}
for name, content, _ in CORPUS:
    try:
        inspect(content(), name=name)
        said[name] = "TAKEN"
    except UploadRefused as refused:
        said[name] = str(refused)
# Its own from Linux' books on this program: getrusage begins with the peak of who started it.
peak = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
own = int(peak.group(1)) * 1024
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"said": said, "own": own, "children": children}))
"""


def test_every_hostile_file_is_refused_with_its_reason_in_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    said = told["said"]
    assert len(said) == len(CORPUS) > 100
    wrong = {name: said[name] for name, _, reason in CORPUS if reason not in said[name]}
    assert not wrong, json.dumps(wrong, indent=1)
    for name, sentence in said.items():
        assert sentence.startswith(repr(name)), sentence
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        assert len(sentence) < 250, sentence
    assert told["own"] < _MOST_MEMORY, told["own"] >> 20
    assert told["children"] < _MOST_MEMORY, told["children"] >> 20
