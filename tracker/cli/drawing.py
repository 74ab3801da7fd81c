"""Drawing: the graph of directives as one SVG file, laid out here, to be opened anywhere.

Tasks stand in layers from left to right, each after what it needs; the critical path is bold. Sizes are in pixels of
an unscaled page. What is drawn is also said: a title, a description, and a title on every task.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from tracker.domain.agency import Registry
from tracker.domain.deadline import dated_due
from tracker.domain.directive import Directive, Need, Task
from tracker.domain.errors import Invalid
from tracker.domain.fanout import fan_out
from tracker.domain.layers import Layers, Spot, layered
from tracker.domain.planning import schedule_of, unit_of
from tracker.terminal.words import counted

MOST = 200
_WIDTH, _HEIGHT = 268, 66
_GAP_X, _GAP_Y = 88, 18
_PASSAGE = 6
_MARGIN, _TOP = 32, 92
_LETTERS = 33  # of a title on one line of a box
_LINES = 2
_PASSES = 16
_AT_LEAST_ACROSS = 3

_STYLE = """
  svg { background: #ffffff; font-family: system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; }
  text { fill: #1b1f24; font-size: 12.5px; }
  .head { font-size: 18px; font-weight: 600; } .sub, .fact { fill: #57606a; } .fact { font-size: 11px; }
  .box { fill: #f6f8fa; stroke: #8c959f; } .untracked .box, .outside .box { fill: #ffffff; stroke-dasharray: 4 3; }
  .critical .box { fill: #fff8e5; stroke: #9a4b00; stroke-width: 2.6; } .critical .name { font-weight: 600; }
  .arrow { fill: none; stroke: #8c959f; stroke-width: 1.3; } .inferred { stroke-dasharray: 5 4; }
  .arrow.critical { stroke: #9a4b00; stroke-width: 3; } .tip { fill: #8c959f; } .tip.critical { fill: #9a4b00; }
  .how { font-size: 10.5px; fill: #57606a; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
""".strip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """A task as drawn: its key, the lines of its title, the line of facts below, and how it is marked."""

    key: str
    lines: tuple[str, ...]
    fact: str
    marks: str


def svg(directives: Sequence[Directive], registry: Registry | None, language: str) -> str:
    """Return the drawing as an SVG document; Invalid, with what to do instead, where nobody could read it."""
    tasks = {task.key: task for directive in directives for task in directive.tasks}
    if len(tasks) > MOST:
        remedy = "draw one directive at a time, or use --format json"
        raise Invalid(f"{len(tasks)} tasks are too many for one drawing, {MOST} can be read: {remedy}")
    needs = {(need.task, task.key): need for task in tasks.values() for need in _needs(task)}
    outside = {start for start, _ in needs} - set(tasks)
    plan = schedule_of(tasks.values())
    bold = plan.critical_path if plan.length else ()
    boxes = {key: _outside(key) for key in outside}
    for directive in directives:
        for task in directive.tasks:
            boxes[task.key] = _box(task, directive, registry, language, critical=task.key in bold)
    found = layered(boxes, needs)
    places = _places(found)
    body = [
        *_arrows(found, places, needs, bold),
        *(line for key, box in boxes.items() for line in _drawn(box, *places[key])),
    ]
    length = f"{plan.length} {unit_of(tasks.values())} along the bold critical path" if bold else "no estimates"
    facts = f"{counted(len(tasks), 'task')}, {counted(len(needs), 'need')}, {length}"
    return "\n".join(
        _page(_title(directives, language), facts, body, places, _told(plan.critical_path if bold else ()))
    )


def _needs(task: Task) -> Iterator[Need]:
    """Yield what a task needs, and as one more the task that its period runs from."""
    yield from task.needs
    anchor = task.due.anchor_task if task.due else None
    if anchor and all(need.task != anchor for need in task.needs):
        yield Need(anchor)


def _page(
    title: str, facts: str, body: list[str], places: Mapping[Spot, tuple[float, float]], path: str
) -> Iterator[str]:
    across = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    across = max(across, _MARGIN * 2 + _AT_LEAST_ACROSS * _WIDTH)
    down = max((y for _, y in places.values()), default=_TOP) + _HEIGHT + 56
    size = f'width="{across:.0f}" height="{down:.0f}" viewBox="0 0 {across:.0f} {down:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">'
    yield f'<title id="title">{escape(title)}</title>'
    told = f"{facts}. {path}Arrows lead from what comes first to what waits for it."
    yield f'<desc id="desc">{escape(told)}</desc>'
    yield f"<style>\n{_STYLE}\n</style>"
    room = int((across - 2 * _MARGIN) / 10)
    yield f'<text class="head" x="{_MARGIN}" y="38">{escape(textwrap.shorten(title, room, placeholder=" …"))}</text>'
    yield f'<text class="sub" x="{_MARGIN}" y="60">{escape(facts)}</text>'
    yield from body
    legend = "Arrow: first → waits for it. Dashed arrow: the need is inferred. Dashed box: not tracked, or elsewhere."
    yield f'<text class="fact" x="{_MARGIN}" y="{down - 20:.0f}">{escape(legend)}</text>'
    yield "</svg>"


def _title(directives: Sequence[Directive], language: str) -> str:
    if len(directives) == 1:
        return f"{directives[0].number}: {directives[0].title.in_language(language)}"
    return f"{counted(len(directives), 'directive')} and their tasks"


def _told(path: Sequence[str]) -> str:
    return f"Critical path: {', then '.join(key.rpartition('/')[2] for key in path)}. " if path else ""


# ── What stands in a box ──────────────────────────────────────────────────────────────────────────────────────


def _box(task: Task, directive: Directive, registry: Registry | None, language: str, *, critical: bool) -> _Box:
    facts = [_owner(task, directive, registry)]
    if task.takes:
        facts.append(str(task.takes))
    if task.due and registry:
        deadline = dated_due(task.due, issued=directive.issued, calendar=registry.calendar)
        facts += [deadline.last_day.isoformat()] if deadline else []
    marks = [mark for mark, holds in (("critical", critical), ("untracked", not task.tracked)) if holds]
    lines = _wrapped(task.title.in_language(language))
    return _Box(key=task.key, lines=lines, fact=" · ".join(filter(None, facts)), marks=" ".join(marks))


def _outside(key: str) -> _Box:
    directive, _, name = key.rpartition("/")
    return _Box(key=key, lines=_wrapped(name), fact=directive, marks="outside")


def _owner(task: Task, directive: Directive, registry: Registry | None) -> str:
    if not task.tracked:
        return "not tracked"
    if task.lead or registry is None:
        return task.lead or ""
    return counted(len(fan_out(task, registry, directive.issued)), "agency", "agencies")


def _wrapped(words: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(words, _LETTERS, max_lines=_LINES, placeholder=" …"))


def _drawn(box: _Box, x: float, y: float) -> Iterator[str]:
    told = escape(f"{box.key}: {' '.join(box.lines)}")
    yield f'<g class="{box.marks}"><title>{told}</title>'
    yield f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
    first = y + (22 if len(box.lines) == _LINES else 29)
    for n, line in enumerate(box.lines):
        yield f'<text class="name" x="{x + 12:.1f}" y="{first + 16 * n:.1f}">{escape(line)}</text>'
    yield f'<text class="fact" x="{x + 12:.1f}" y="{y + _HEIGHT - 10:.1f}">{escape(box.fact)}</text></g>'


# ── Where it stands ───────────────────────────────────────────────────────────────────────────────────────────


def _places(found: Layers) -> dict[Spot, tuple[float, float]]:
    """Return the upper left corner of each task, and of each passage the point an arrow goes through."""
    tops = _tops(found)
    highest = min(tops.values(), default=0)
    places: dict[Spot, tuple[float, float]] = {
        spot: (_MARGIN + n * (_WIDTH + _GAP_X), _TOP + tops[spot] - highest)
        for n, column in enumerate(found.columns)
        for spot in column
    }
    below = max((y for _, y in places.values()), default=_TOP - _HEIGHT - 2 * _GAP_Y) + _HEIGHT + 2 * _GAP_Y
    across = max(len(found.columns), _AT_LEAST_ACROSS)
    for n, key in enumerate(found.alone):
        row, column = divmod(n, across)
        places[key] = (_MARGIN + column * (_WIDTH + _GAP_X), below + row * (_HEIGHT + _GAP_Y))
    return places


def _tops(found: Layers) -> dict[Spot, float]:
    """Return how high each spot stands: near the middle of its neighbours, in the order of its column."""
    near: dict[Spot, list[Spot]] = {}
    for way in found.ways.values():
        for left, right in pairwise(way):
            near.setdefault(left, []).append(right)
            near.setdefault(right, []).append(left)
    middles: dict[Spot, float] = {}
    for column in found.columns:
        middles |= _settled(column, [0.0] * len(column))
    for sweep in range(_PASSES):
        for column in found.columns if sweep % 2 == 0 else reversed(found.columns):
            wanted = [sum(middles[one] for one in near[spot]) / len(near[spot]) for spot in column]
            middles |= _settled(column, wanted)
    return {spot: middle - _tall(spot) / 2 for spot, middle in middles.items()}


def _settled(column: Sequence[Spot], wanted: Sequence[float]) -> dict[Spot, float]:
    """Return the middles that keep the order and the distances and lie nearest to those wanted.

    Neighbours that would overlap are pooled and share their mean wish.
    """
    steps = [0.0]
    for one, other in pairwise(column):
        steps.append(steps[-1] + (_tall(one) + _tall(other)) / 2 + _GAP_Y)
    pools: list[tuple[float, int]] = []
    for wish, step in zip(wanted, steps, strict=True):
        pools.append((wish - step, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (upper, several), (lower, more) = pools[-2:]
            pools[-2:] = [((upper * several + lower * more) / (several + more), several + more)]
    shifts = [shift for shift, count in pools for _ in range(count)]
    return {spot: shift + step for spot, shift, step in zip(column, shifts, steps, strict=True)}


def _tall(spot: Spot) -> int:
    return _HEIGHT if isinstance(spot, str) else _PASSAGE


# ── Arrows ────────────────────────────────────────────────────────────────────────────────────────────────────


def _arrows(
    found: Layers,
    places: Mapping[Spot, tuple[float, float]],
    needs: Mapping[tuple[str, str], Need],
    bold: Sequence[str],
) -> Iterator[str]:
    steps = set(pairwise(bold))
    words: list[str] = []
    for ends in sorted(found.ways, key=lambda ends: ends in steps):  # the bold ones on top
        need = needs[ends]
        marks = "".join(
            f" {mark}" for mark, holds in (("critical", ends in steps), ("inferred", need.basis == "inferred")) if holds
        )
        yield f'<path class="arrow{marks}" d="{_curve(found.ways[ends], places)}"/>'
        x, y = _entry(ends[1], places)
        yield f'<path class="tip{marks}" d="M{x - 9:.1f},{y - 5:.1f} L{x:.1f},{y:.1f} L{x - 9:.1f},{y + 5:.1f} Z"/>'
        x, y = _exit(ends[0], places)
        next_x, next_y = _entry(found.ways[ends][1], places)
        for n, told in enumerate(_how(need)):
            at = f'x="{(x + next_x) / 2:.1f}" y="{(y + next_y) / 2 - 4 + 14 * n:.1f}"'
            words.append(f'<text class="how" text-anchor="middle" {at}>{escape(told)}</text>')
    yield from words  # above every line


def _curve(way: Sequence[Spot], places: Mapping[Spot, tuple[float, float]]) -> str:
    x, y = _exit(str(way[0]), places)
    drawn = [f"M{x:.1f},{y:.1f}"]
    for spot in way[1:]:
        end_x, end_y = _entry(spot, places)
        if spot is way[-1]:
            end_x -= 8
        bend = (end_x - x) / 2
        drawn.append(f"C{x + bend:.1f},{y:.1f} {end_x - bend:.1f},{end_y:.1f} {end_x:.1f},{end_y:.1f}")
        x, y = end_x, end_y
        if not isinstance(spot, str):  # straight on beside the tasks of the layer
            x += _WIDTH
            drawn.append(f"L{x:.1f},{y:.1f}")
    return " ".join(drawn)


def _exit(key: str, places: Mapping[Spot, tuple[float, float]]) -> tuple[float, float]:
    x, y = places[key]
    return x + _WIDTH, y + _HEIGHT / 2


def _entry(spot: Spot, places: Mapping[Spot, tuple[float, float]]) -> tuple[float, float]:
    x, y = places[spot]
    return x, y + _tall(spot) / 2


def _how(need: Need) -> tuple[str, ...]:
    """Return what is written beside an arrow: the kind of need where it is not the usual one, and the lag."""
    kind = () if need.kind == "finish-start" else (need.kind,)
    return (*kind, f"+ {need.lag}") if need.lag else kind
