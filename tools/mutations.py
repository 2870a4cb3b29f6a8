"""Write the tables of the mutation check into docs/validation.md: ``python -m tools.mutations``."""

from __future__ import annotations

from tests.support.mutation_table import PAGE, rows, with_tables


def main() -> None:
    """Write the page when it differs."""
    page = PAGE.read_text("utf-8")
    written = with_tables(page, rows())
    if written != page:
        PAGE.write_text(written, "utf-8")
        print("written: docs/validation.md")


if __name__ == "__main__":
    main()
