"""The directive language, measured: `python -m bench.language [--tasks N …] [--rounds N]`.

One function prints one table, and `TABLES` lists them. Everything measured runs in a process of its own, which prints
its seconds and its peak memory; contenders take turns within a round, and the best of the rounds counts. What is
compared is compared in one run only: on a shared machine the same work takes twice as long an hour later.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from operator import add, sub
from pathlib import Path
from typing import Any

from bench.figures import Figure, Point, tell

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.language", description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=SIZES, help="how many tasks")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender runs")
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(CHILDREN[asked.one[0]](Path(asked.one[1]))))
        return
    for table in TABLES:
        table(asked.tasks, asked.rounds)


def in_a_process(contender: str, folder: Path) -> dict[str, Any]:
    """Return what a contender printed. Its parent stays small: Linux counts a parent's memory as its child's peak."""
    command = [sys.executable, "-m", "bench.language", "--one", contender, str(folder)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measured(work: Callable[[], Any]) -> dict[str, Any]:
    """Return the seconds that some work took, the peak memory of the process in MB, and what the work answered."""
    start = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak, "answer": answer}


def best(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return min(rounds, key=lambda found: found["seconds"])


# ── The critical path ───────────────────────────────────────────────────────────────────────────────────────
#
# A plan of n tasks of 0 to 29 days, each needing one to three of the thousand before it: 2 edges a task. "in order":
# each task stands after what it needs; "shuffled": in any order, which whoever computes must undo first. The plan
# lies on disk as arrays; reading it is outside the clock, and inside the peak.

Plan = tuple["array[int]", "array[int]", "array[int]"]  # what each takes; of each edge the needed one and the task


def make_plan(folder: Path) -> dict[str, Any]:
    count, shuffled = json.loads((folder / "wanted.json").read_text())
    chance = random.Random(20250811)
    number = list(range(count))
    if shuffled:
        chance.shuffle(number)
    takes = array("q", (chance.randrange(30) for _ in number))
    needs: list[list[int]] = [[] for _ in number]
    for n in range(1, count):
        for _ in range(chance.choice((1, 2, 2, 3))):
            needs[number[n]].append(number[chance.randrange(max(0, n - 1000), n)])
    tasks = array("q", (task for task, needed in enumerate(needs) for _ in needed))
    for name, column in (("takes", takes), ("needed", [n for some in needs for n in some]), ("tasks", tasks)):
        (folder / name).write_bytes(array("q", column).tobytes())
    return {"edges": len(tasks)}


def read_plan(folder: Path) -> Plan:
    takes, needed, tasks = (array("q", (folder / name).read_bytes()) for name in ("takes", "needed", "tasks"))
    return takes, array("i", needed), array("i", tasks)


def ours_on_arrays(folder: Path) -> dict[str, Any]:
    import rustworkx  # noqa: F401 - as with its peers, the import is outside the clock

    from tracker.domain.network import Arrows, longest_chain, network

    takes, needed, tasks = read_plan(folder)

    def work() -> tuple[int, int]:
        gaps = array("q", map(takes.__getitem__, needed))
        net = network(takes, Arrows(needed=needed, tasks=tasks, gaps=gaps))
        longest_chain(net, int)
        return net.length, sum(map(sub, net.latest, net.earliest))

    return measured(work)


def ours_on_names(folder: Path) -> dict[str, Any]:
    import rustworkx  # noqa: F401

    from tracker.domain.schedule import Edge, schedule

    takes, needed, tasks = read_plan(folder)
    names = [f"2025/412-tb-vpcp/task-{n:07}" for n in range(len(takes))]
    durations = dict(zip(names, takes, strict=True))

    def work() -> tuple[int, int]:
        found = schedule(durations, map(Edge, map(names.__getitem__, needed), map(names.__getitem__, tasks)))
        return found.length, sum(map(sub, found.network.latest, found.network.earliest))

    return measured(work)


def floor(folder: Path) -> dict[str, Any]:
    """Two passes in plain Python with slack; the arrays must be in order, or are put in order in plain Python."""
    takes, needed, tasks = read_plan(folder)
    count, shuffled = json.loads((folder / "wanted.json").read_text())
    return measured(lambda: two_passes(takes, *(by_hand(count, needed, tasks) if shuffled else (needed, tasks))))


def two_passes(takes: "array[int]", needed: "array[int]", tasks: "array[int]") -> tuple[int, int]:
    gaps = array("q", map(takes.__getitem__, needed))
    starts = [0] * len(takes)
    for before, task, gap in zip(needed, tasks, gaps, strict=True):
        start = starts[before] + gap
        if start > starts[task]:
            starts[task] = start
    length = max(map(add, starts, takes))
    latest = [length - take for take in takes]
    for before, task, gap in zip(reversed(needed), reversed(tasks), reversed(gaps), strict=True):
        start = latest[task] - gap
        if start < latest[before]:
            latest[before] = start
    slack = array("q", map(sub, latest, starts))
    return length, sum(slack)


def by_hand(count: int, needed: "array[int]", tasks: "array[int]") -> Plan:
    """Return the edges as they come when each task is taken up once all it needs has been (Kahn's way)."""
    waiting = array("i", bytes(4 * count))
    ends = array("i", bytes(4 * (count + 1)))
    for before, task in zip(needed, tasks, strict=True):
        waiting[task] += 1
        ends[before + 1] += 1
    free = array("i", accumulate(ends))
    followers = array("i", bytes(4 * len(tasks)))
    for before, task in zip(needed, tasks, strict=True):
        followers[free[before]] = task
        free[before] += 1
    ready = [task for task, left in enumerate(waiting) if not left]
    from_, to = array("i"), array("i")
    for task in ready:
        for follower in followers[free[task - 1] if task else 0 : free[task]]:
            from_.append(task)
            to.append(follower)
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    return from_, to


def bare_rustworkx(folder: Path) -> dict[str, Any]:
    """Build, order and longest path: what the library answers by itself, without anybody's slack."""
    import rustworkx

    takes, needed, tasks = read_plan(folder)

    def work() -> None:
        graph = rustworkx.PyDiGraph(node_count_hint=len(takes), edge_count_hint=len(tasks))
        graph.add_nodes_from(range(len(takes)))
        graph.add_edges_from(list(zip(needed, tasks, map(takes.__getitem__, needed), strict=True)))
        rustworkx.topological_sort(graph)
        rustworkx.dag_longest_path_length(graph, lambda _, __, gap: gap)

    return measured(work)


def bare_networkx(folder: Path) -> dict[str, Any]:
    try:
        import networkx
    except ImportError:
        return {"missing": "not installed"}
    takes, needed, tasks = read_plan(folder)

    def work() -> None:
        graph = networkx.DiGraph()
        graph.add_nodes_from(range(len(takes)))
        graph.add_weighted_edges_from(zip(needed, tasks, map(takes.__getitem__, needed), strict=True))
        networkx.dag_longest_path(graph)

    return measured(work)


CONTENDERS = {
    "floor": "two passes in plain Python, with slack",
    "rustworkx": "rustworkx: order, longest path",
    "networkx": "networkx: longest path",
    "arrays": "ours on arrays, slack and path",
    "names": "ours on names (schedule)",
}


def critical_path(sizes: list[int], rounds: int) -> None:
    """Print how long the critical path with slack takes, beside its floor and its peers."""
    print("Critical path with slack, about 2 edges a task (goal: ours on arrays ≤ 1.3 × the faster of the floor and")
    print("rustworkx, ≥ 8 × networkx; × is the time beside the faster of those two)\n")
    print(f"{'tasks':>9}  {'listed':8}  {'contender':40} {'seconds':>8} {'×':>6} {'peak MB':>8}")
    for count in sizes:
        for shuffled in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "wanted.json").write_text(json.dumps([count, shuffled]))
                in_a_process("make", Path(folder))
                found = raced(Path(folder), rounds)
                tell_path(found, count, "shuffled" if shuffled else "in order")
                for line in plan_lines(found):
                    print(f"{count:>9,}  {'shuffled' if shuffled else 'in order':8}  {line}", flush=True)
    print()


def raced(folder: Path, rounds: int) -> dict[str, dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    for number in range(rounds):
        for name, results in found.items():
            if name != "networkx" or not number:  # the slow one runs once: nothing hangs on a few per cent of it
                results.append(in_a_process(name, folder))
    ours, expected = ({tuple(r["answer"]) for r in found[name]} for name in ("arrays", "floor"))
    assert ours == expected == {tuple(r["answer"]) for r in found["names"]}, "length and slack differ from the floor's"
    return {name: results[0] if "missing" in results[0] else best(results) for name, results in found.items()}


def tell_path(found: dict[str, dict[str, Any]], count: int, listed: str) -> None:
    ours, least = found["arrays"]["seconds"], min(found[name]["seconds"] for name in ("floor", "rustworkx"))
    slow = found["networkx"].get("seconds")
    figure = f"{ours:.2f} s: {ours / least:.2f} × the faster floor"
    peer = f"networkx {slow:.1f} s: {slow / ours:.0f} ×, goal ≥ 8" if slow else "networkx is not installed"
    met = ours <= 1.3 * least and (slow is None or slow >= 8 * ours)
    what = f"critical path with slack, {count:,} tasks {listed}"
    tell(Figure(goal="P7", what=what, figure=figure, floor=f"{least:.2f} s, goal ≤ 1.3 ×", peer=peer, met=met))
    for name, told in CONTENDERS.items():
        if listed == "shuffled" and "seconds" in found[name]:
            tell(Point(plot="critical-path", line=told, x=count, y=found[name]["seconds"], of="tasks", unit="s"))


def plan_lines(found: dict[str, dict[str, Any]]) -> Iterator[str]:
    least = min(found[name]["seconds"] for name in ("floor", "rustworkx"))
    for name, told in CONTENDERS.items():
        result = found[name]
        if "missing" in result:
            yield f"{told:40} {result['missing']}"
        else:
            yield f"{told:40} {result['seconds']:8.3f} {result['seconds'] / least:6.2f} {result['peak']:8.0f}"


# ── The check ───────────────────────────────────────────────────────────────────────────────────────────────
#
# A tree of 200 directives: titles in three languages, a source, an owner (a lead, or a fan-out), a deadline, needs
# within the file and now and then in another. It has no mistakes, so everything is read to the end. Beside it the
# floor: libyaml composes the same files one after the other, the nodes of each are dropped at once, and the garbage
# collector runs as it is.

REGISTRY = Path(__file__).parent.parent / "directives" / "registry"
FILES = 200
SHA = "0123456789abcdef" * 4
MOST_CHECKED = 100_000
DUES = ("{by: 2025-11-28}", "{before: 2025-12-15}", "{in: 2025-12}", "{within: 90 working days}", '{review: "30 days"}')
OWNERS = ("lead: BNV", "lead: BTC", "for_each: {agencies: provinces}", "for_each: {agencies: central}")


def make_tree(folder: Path) -> dict[str, Any]:
    count = json.loads((folder / "wanted.json").read_text())
    chance = random.Random(20250811)
    each = -(-count // FILES)
    (folder / "directives" / "2025").mkdir(parents=True)
    (folder / "directives" / "registry").symlink_to(REGISTRY.resolve())
    for number in range(1, FILES + 1):
        tasks = "".join(task_lines(number, n, chance) for n in range(min(each, count - each * (number - 1))))
        name = f"{number}/QĐ-TTg"
        title = f"{{vi: Số {number}, en: No {number}, fr: Numéro {number}}}"
        head = f"directive: {name}\nissued: 2025-08-11\nissuer: TTg\ntitle: {title}\n"
        sources = f"sources:\n  article: {{file: article.txt, language: fr, sha256: {SHA}}}\n"
        file = folder / "directives" / "2025" / f"{number}-qd-ttg.yaml"
        file.write_text(f"{head}{sources}tasks:\n{tasks}", encoding="utf-8")
    return {"bytes": sum(file.stat().st_size for file in (folder / "directives" / "2025").iterdir())}


def task_lines(number: int, n: int, chance: random.Random) -> str:
    needs = [f"task-{chance.randrange(max(0, n - 20), n)}"] if n else []
    if number > 1 and n % 10 == 0:
        needs.append(f"2025/{chance.randrange(1, number)}-qd-ttg/task-{n}")
    return f"""\
  task-{n}:
    title:
      en: Review part {n} of plan {number} for the communes
      vi: Rà soát phần {n} của kế hoạch {number} cho các xã
      fr: Passer en revue la partie {n} du plan {number} des communes
    source: {{in: article, sentence: {n + 1}, sha256: {SHA}}}
    {chance.choice(OWNERS)}
    needs: [{", ".join(needs)}]
    takes: {chance.randrange(1, 3)} working days
    due: {chance.choice(DUES)}
    deliverable: report on part {n} of plan {number}
"""


def tree(folder: Path) -> list[Path]:
    return sorted((folder / "directives" / "2025").iterdir())


def bare_compose(folder: Path) -> dict[str, Any]:
    import yaml

    def work() -> int:
        for file in tree(folder):
            yaml.compose(file.read_bytes(), Loader=yaml.CSafeLoader)
        return len(tree(folder))

    return measured(work)


def ours_checked(folder: Path, *, drafting: bool = False) -> dict[str, Any]:
    from tracker.files.reader import read_directives
    from tracker.files.registry import read_registry

    registry, findings = read_registry(folder / "directives" / "registry")  # 3,321 communes, outside the clock

    def work() -> list[int]:
        directives, found = read_directives(folder / "directives", registry, drafting=drafting)
        errors = [str(one) for one in (*findings, *found) if one.severity == "error"]
        assert not errors, errors[:3]
        return [len(directives), sum(len(one.tasks) for one in directives)]

    return measured(work)


CHECKERS = {
    "compose": "libyaml: compose, nodes dropped",
    "check": "ours: positions, references, cycles",
    "drafting": "ours, with the drafting check",
}


def checked(sizes: list[int], rounds: int) -> None:
    """Print how long a tree of directives takes to check, beside a bare load of the same files."""
    print(
        f"Check of a tree of {FILES} files (goal: ours ≤ 1.7 × libyaml's compose, ≤ 200 MB; × is the time beside it)\n"
    )
    print(f"{'tasks':>9}  {'MB':>5}  {'contender':40} {'seconds':>8} {'×':>6} {'peak MB':>8}")
    for count in (size for size in sizes if size <= MOST_CHECKED):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "wanted.json").write_text(json.dumps(count))
            size = in_a_process("tree", Path(folder))["bytes"] / 1e6
            found: dict[str, list[dict[str, Any]]] = {name: [] for name in CHECKERS}
            for _ in range(rounds):
                for name, results in found.items():
                    results.append(in_a_process(name, Path(folder)))
            assert all(result["answer"] == [FILES, count] for result in found["check"])
            least = best(found["compose"])["seconds"]
            tell_check(count, least, best(found["check"]))
            for name, told in CHECKERS.items():
                one = best(found[name])
                times = f"{one['seconds']:8.3f} {one['seconds'] / least:6.2f} {one['peak']:8.0f}"
                print(f"{count:>9,}  {size:5.1f}  {told:40} {times}", flush=True)
    print()


def tell_check(count: int, least: float, ours: dict[str, Any]) -> None:
    seconds, peak = ours["seconds"], ours["peak"]
    figure = f"{seconds:.2f} s: {seconds / least:.2f} × the floor, {peak:.0f} MB"
    met = seconds <= 1.7 * least and peak <= 200
    floor = f"{least:.2f} s, goal ≤ 1.7 ×, ≤ 200 MB"
    tell(Figure(goal="P6", what=f"directive check, {count:,} tasks", figure=figure, floor=floor, met=met))
    for line, y in (("directive check", seconds), ("floor: libyaml composes", least)):
        tell(Point(plot="directive-check", line=line, x=count, y=y, of="tasks", unit="s"))


CHILDREN: dict[str, Callable[[Path], dict[str, Any]]] = {
    "make": make_plan,
    "floor": floor,
    "rustworkx": bare_rustworkx,
    "networkx": bare_networkx,
    "arrays": ours_on_arrays,
    "names": ours_on_names,
    "tree": make_tree,
    "compose": bare_compose,
    "check": ours_checked,
    "drafting": partial(ours_checked, drafting=True),
}
TABLES: tuple[Callable[[list[int], int], None], ...] = (checked, critical_path)

if __name__ == "__main__":
    main()
