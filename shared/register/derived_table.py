"""Tables that are computed from documents: comparison with the SQL that computes them, and repair by it."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import fetch

Columns = tuple[Any, ...]  # values of some columns, in order


class DerivedTable(NamedTuple):
    """A table, its key and other columns (none of them null), and the SQL that computes all of its rows."""

    table: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    expected: str

    @property
    def join(self) -> str:
        """The condition that stored rows `o` and computed rows `n` have the same key."""
        return " AND ".join(f"o.{key} = n.{key}" for key in self.keys)

    @property
    def differs(self) -> str:
        return f"({_columns('n', self.values)}) IS DISTINCT FROM ({_columns('o', self.values)})"


class DifferingRow(NamedTuple):
    """The key of a row, and its values as stored and as computed; None where there is no such row."""

    key: Columns
    stored: Columns | None
    expected: Columns | None


def differing_rows(connection: Connection, table: DerivedTable, /, **parameters: object) -> list[DifferingRow]:
    """Compute every row and return those that differ, in order of key."""
    key = ", ".join(f"coalesce(n.{name}, o.{name})" for name in table.keys)
    statement = f"""
        SELECT {key}, {_columns("o", table.values)}, {_columns("n", table.values)}
        FROM ({table.expected}) n FULL JOIN {table.table} o ON {table.join} WHERE {table.differs}
    """
    keys, values = len(table.keys), len(table.values)
    return sorted(
        DifferingRow(row[:keys], _present(row[keys:-values]), _present(row[-values:]))
        for row in fetch(connection, statement, Columns, **parameters)
    )


def rebuild_rows(connection: Connection, table: DerivedTable, /, **parameters: object) -> set[Columns]:
    """Compute every row and store, change or delete those that differ; return their keys."""
    assignments = ", ".join(f"{value} = n.{value}" for value in table.values)
    columns = (*table.keys, *table.values)
    statement = f"""
        MERGE INTO {table.table} o USING ({table.expected}) n ON {table.join}
        WHEN MATCHED AND {table.differs} THEN UPDATE SET {assignments}
        WHEN NOT MATCHED THEN INSERT ({", ".join(columns)}) VALUES ({_columns("n", columns)})
        WHEN NOT MATCHED BY SOURCE THEN DELETE
        RETURNING {_columns("o", table.keys)}
    """
    return set(fetch(connection, statement, Columns, **parameters))


def _columns(row: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def _present(values: Columns) -> Columns | None:
    return None if values[0] is None else values
