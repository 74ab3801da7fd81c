"""A report as PDF: A4, tagged (PDF/UA-1), with the fonts that typst brings; no network, no font of the machine.

What is said goes in as data and never as markup: whatever a title holds, it is only ever text.
"""

import json
from typing import Any

import typst

from tracker.files.printed import Block, Grid, Heading, Printed, clean, shown

_TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: data.office, date: none)
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), lang: data.language, size: 10.5pt)
#set par(justify: false)
#set page(
  paper: "a4",
  margin: (top: 20mm, bottom: 22mm, left: 25mm, right: 15mm),
  footer: context [
    #set text(7.5pt)
    #grid(columns: (1fr, auto), gutter: 6mm, data.footer, counter(page).display("1 / 1", both: true))
  ],
)
#set table(stroke: 0.4pt + luma(120), inset: (x: 3pt, y: 3.5pt))
#show table: set text(8.5pt)
#show heading: set block(above: 1.4em, below: 0.7em)
#show title: set text(15pt)
#show title: set block(below: 0.8em)
#if data.mark != "" { block(width: 100%, inset: 6pt, stroke: 1pt, strong(data.mark)) }
#text(9pt, data.office)
#title()
#for fact in data.facts { par[#text(fill: luma(70))[#fact.at(0):] #fact.at(1)] }
#for one in data.blocks {
  if one.kind == "heading" { heading(level: 1, one.text) }
  else if one.kind == "words" { par(text(if one.quiet { 8.5pt } else { 10.5pt }, one.text)) }
  else {
    let last = one.rows.len()
    table(
      columns: one.widths.map(w => w * 1fr),
      align: (x, y) => if one.numeric.at(x) { right } else { left },
      table.header(..one.header.map(cell => strong(cell))),
      ..one.rows.enumerate().map(((n, row)) => row.map(
        cell => if one.total and n == last - 1 { strong(cell) } else { [#cell] })).flatten()
    )
  }
}
"""


def pdf(printed: Printed) -> bytes:
    """Return a report as PDF; the same report gives the same bytes."""
    made = typst.compile(
        _TEMPLATE.encode(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_data(printed), ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=int(printed.at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


def _data(printed: Printed) -> dict[str, Any]:
    return {
        "title": clean(printed.title),
        "office": clean(printed.office),
        "language": printed.language,
        "facts": [[clean(label), clean(said)] for label, said in printed.facts],
        "blocks": [_block(block, printed.language) for block in printed.blocks],
        "footer": clean(printed.footer),
        "mark": printed.mark,
    }


def _block(block: Block, language: str) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "text": clean(block.text)}
        case Grid():
            return {
                "kind": "grid",
                "header": list(block.header),
                "widths": list(block.widths),
                "numeric": numeric(block),
                "rows": [[shown(value, language) for value in row] for row in block.rows],
                "total": block.total,
            }
    return {"kind": "words", "text": clean(block.text), "quiet": block.quiet}


def numeric(grid: Grid) -> list[bool]:
    """Return which columns of a table hold numbers alone."""
    return [
        any(isinstance(row[place], int | float) for row in grid.rows)
        and all(isinstance(row[place], int | float | None) for row in grid.rows)
        for place in range(len(grid.header))
    ]
