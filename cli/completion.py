"""What a shell offers behind an option: every closed set, from the place that lists it."""


def programs(incomplete: str) -> list[str]:
    """The files whose names begin as the one behind `@` does."""
    from glob import escape, glob
    from os.path import isdir

    if not incomplete.startswith("@"):
        return []
    return [f"@{file}/" if isdir(file) else f"@{file}" for file in sorted(glob(f"{escape(incomplete[1:])}*"))]


def gates() -> list[str]:
    """The forms of gates."""
    from autodiff.engine.gates import GATES

    return list(GATES)


def styles() -> list[str]:
    """The styles of pictures."""
    from autodiff.pictures.pictures import STYLES

    return list(STYLES)


def row_formats() -> list[str]:
    """The formats of rows that are read."""
    from autodiff.rows.formats.registry import READ

    return list(READ)


def reductions() -> list[str]:
    """What one row may be for all of them."""
    return ["sum", "mean"]


def policies() -> list[str]:
    """What may happen at a bad row."""
    from autodiff.rows.table import POLICIES

    return list(POLICIES)


def operations() -> list[str]:
    """The names of all operations."""
    from autodiff.engine.table.operations import SPELLINGS
    from autodiff.grammar.values import VECTOR_FUNCTIONS

    return [*SPELLINGS, *VECTOR_FUNCTIONS]
