"""`tracker report`: figures that add up, say how, and can be made again."""

import typer

from tracker.cli import summary
from tracker.cli.lateness import lateness

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Figures that add up, say how, and can be made again."
)
app.command("lateness")(lateness)
summary.add_to(app)
