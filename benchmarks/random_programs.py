"""Random programs, computed in every way and compared with the judge of the tests; failures are printed shrunk.

python benchmarks/random_programs.py 1000             # as many programs
python benchmarks/random_programs.py --minutes 60     # for as long
python benchmarks/random_programs.py 1 --seed 53      # that one
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from autodiff.engine.symbolic.numbers import TooLarge
from tests.support.judge import Judge, Unsure
from tests.support.random_programs import Case, Point, case
from tests.support.reader import BINARY, COMPARISONS, Statement, Tree
from tests.support.ways import Ways, Wrong


def failure(tried: Case) -> tuple[str, str] | None:
    """The way that fails, or how the judge could not tell, and what is wrong."""
    try:
        Ways(tried).check()
    except Wrong as wrong:
        return wrong.way, str(wrong)
    except (Unsure, TooLarge) as unsure:  # a derivative beyond its counted budget says so
        return "unsure", str(unsure)
    except Exception as error:
        return type(error).__name__, str(error)
    return None


# --- Shrinking --------------------------------------------------------------------------------------------------------


def written(statements: Sequence[Statement]) -> str:
    """Statements as a text again, with all parentheses."""
    lines = []
    for name, parameters, trees in statements:
        head = f"{name}({', '.join(parameters)}) = " if parameters else f"{name} = " if name else ""
        lines.append(head + ", ".join(map(expression, trees)))
    return "; ".join(lines)


def expression(tree: Tree) -> str:
    kind, *parts = tree
    if kind in ("number", "name"):
        return str(parts[0])
    if kind == "vector":
        return f"[{', '.join(map(expression, parts))}]"
    if kind == "index":
        return f"{expression(parts[0])}[{expression(parts[1])}]"
    name, *operands = parts
    texts = list(map(expression, operands))
    if name in BINARY or name in COMPARISONS:
        return f"({texts[0]} {name} {texts[1]})"
    sign = {"neg": "-", "not": "not "}.get(name)
    return f"({sign}{texts[0]})" if sign else f"{name}({', '.join(texts)})"


def simpler(tree: Tree) -> Iterator[Tree]:
    """The same with a part left out, the largest first."""
    kind, *parts = tree
    if kind in ("number", "name"):
        return
    first = 1 if kind == "op" else 0
    yield from parts[first:]
    yield ("number", "2")
    for i in range(first, len(parts)):
        for part in simpler(parts[i]):
            yield (kind, *parts[:i], part, *parts[i + 1 :])


def smaller(statements: list[Statement]) -> Iterator[list[Statement]]:
    for i in range(len(statements) - 1):
        yield statements[:i] + statements[i + 1 :]
    for i, (name, parameters, trees) in enumerate(statements):
        for k, tree in enumerate(trees):
            others = [trees[:k] + trees[k + 1 :]] if len(trees) > 1 else []
            for changed in (*others, *([*trees[:k], part, *trees[k + 1 :]] for part in simpler(tree))):
                yield [*statements[:i], Statement(name, parameters, changed), *statements[i + 1 :]]


def shrunk(found: Case, way: str) -> Case:
    """The smallest program that was found to fail in the same way."""
    statements, point = Judge(found.text).statements, found.point
    while True:
        for fewer in smaller(statements):
            tried = Case(written(fewer), point)
            if (failed := failure(tried)) and failed[0] == way:
                statements = fewer
                break
        else:
            return Case(written(statements), point)


def used(point: Point, text: str) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items() if name in text).replace(", ", ",")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=int, nargs="?", default=300)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1_000)
    options = parser.parse_args()
    seeds = count(options.seed) if options.minutes else range(options.seed, options.seed + options.programs)
    end, tally, kinds = monotonic() + 60 * (options.minutes or 1e6), Counter[str](), Counter[str]()
    for seed in seeds:
        if monotonic() > end:
            break
        found = failure(case(seed))
        tally["right" if found is None else "unsure" if found[0] == "unsure" else "wrong"] += 1
        if found and found[0] != "unsure":
            kinds[found[0]] += 1
            small = shrunk(case(seed), found[0])
            print(f"seed {seed}: {found[0]}\n  {small.text}\n  {used(small.point, small.text)}")
            print(f"  {(failure(small) or found)[1]}\n", flush=True)
    print(", ".join(f"{number} {name}" for name, number in tally.items()))
    for kind, number in kinds.most_common():
        print(f"{number:6} {kind}")
    return 1 if tally["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
