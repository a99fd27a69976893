"""What alembic runs to take the steps, inside the transaction that ``upgrade`` began."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
