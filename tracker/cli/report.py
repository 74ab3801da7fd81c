"""`tracker report`: figures that add up, say how, and can be made again."""

import typer

from tracker.cli import summary

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Figures that add up, say how, and can be made again."
)
summary.add_to(app)
