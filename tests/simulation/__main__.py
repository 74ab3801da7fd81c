"""Run every simulation that has a long form, one after the other: `make chaos`.

    python -m tests.simulation [NAME ...]

Each prints its figures. The exit status says whether any of them failed.
"""

import subprocess
import sys
import time
from importlib.util import find_spec

# the name of each, and what its long form is asked for
LONG: dict[str, list[str]] = {
    "kill_points": ["--triples", "300"],
    "faults": [],
    "a_year": ["--seed", "1", "--seeds", "10", "--assignments", "10000"],
    "tamper": [],
    "life_cycle": [],
}


def main(chosen: list[str]) -> int:
    if strange := sorted(set(chosen) - set(LONG)):
        print(f"there is no simulation {', '.join(strange)}: choose of {', '.join(LONG)}", file=sys.stderr)
        return 2
    failed = []
    for name in chosen or LONG:
        module = f"tests.simulation.{name}"
        assert find_spec(module), module
        print(f"── {name} {' '.join(LONG[name])}", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, "-m", module, *LONG[name]], check=False).returncode
        print(f"── {name}: {'held' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
        failed += [name] * (code != 0)
    print(f"failed: {', '.join(failed)}" if failed else "everything held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
