"""The books: what was served and called, by day, tenant and model."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SUMS = (
    *("answers", "remembered", "calls", "served", "provider_tokens", "billable", "avoided", "unpriced"),
    *("spent", "borne", "saved"),
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "accounts",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("day", "tenant", "provider", "model")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in SUMS),
    )


def downgrade() -> None:
    """Drop it, and with it all that was booked."""
    op.drop_table("accounts")
