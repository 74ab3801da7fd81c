"""Lists of many assignments in their order: by date, of a cell, of an agency; what is untouched; open questions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IN_ORDER = {
    "ix_assignment_late_from_ref": ("late_from",),
    "ix_assignment_cell_late_from_ref": ("cell", "late_from"),
    "ix_assignment_agency_late_from_ref": ("agency", "late_from"),
}
RARE = ("asked_at", "contested_at")


def upgrade() -> None:
    # references are sorted by their characters, whatever language the database was made in
    ref = sa.text('ref COLLATE "C"') if op.get_bind().dialect.name == "postgresql" else "ref"
    for name, columns in IN_ORDER.items():
        op.create_index(name, "assignment", [*columns, ref])
    op.drop_index("ix_assignment_agency_late_from", "assignment")
    op.create_index("ix_assignment_progress_touched_at", "assignment", ["progress", "touched_at"])
    for name in RARE:
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_assignment_{name}", "assignment", [name], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for name in RARE:
        op.drop_index(f"ix_assignment_{name}", "assignment")
    op.drop_index("ix_assignment_progress_touched_at", "assignment")
    op.create_index("ix_assignment_agency_late_from", "assignment", ["agency", "late_from"])
    for name in IN_ORDER:
        op.drop_index(name, "assignment")
