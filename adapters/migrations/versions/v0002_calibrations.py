"""What is known of each traffic, and which keys may add to it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table; whoever has a key may report."""
    op.create_table(
        "calibrations",
        sa.Column("tenant", sa.String, primary_key=True),
        sa.Column("namespace", sa.String, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.add_column("api_keys", sa.Column("may_report", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Drop both, and with them all that was learnt; the keys stay."""
    with op.batch_alter_table("api_keys") as keys:
        keys.drop_column("may_report")
    op.drop_table("calibrations")
