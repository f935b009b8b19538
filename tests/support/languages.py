"""Compiles and runs generated functions: many in one file, each at many points, in one process a language."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from autodiff.engine.code.source import Function, Request, function_of
from autodiff.engine.code.targets import LANGUAGES
from autodiff.engine.graph import Graph
from autodiff.grammar.program import Program

Numbers = Sequence[Any]
"""Numbers, and lists of numbers for vectors."""


@dataclass(frozen=True)
class Case:
    """A function and the points to call it at."""

    request: Request
    points: Sequence[Numbers]


def program_request(program: Program, name: str, order: int = 1) -> Request:
    """A request for a program by all of its inputs."""
    parameters = {each: len(value) if isinstance(value, tuple) else None for each, value in program.inputs.items()}
    wrt = range(len(program.graph.inputs)) if order else []
    return Request(program.graph, parameters, {}, program.several, wrt, order, name, program.text, "0")


def request(graph: Graph, name: str, order: int = 1, several: bool = False, text: str = "") -> Request:
    """A request by all inputs, which are scalars."""
    parameters: dict[str, int | None] = {each.name: None for each in graph.inputs}
    wrt = range(len(graph.inputs)) if order else []
    return Request(graph, parameters, {}, several, wrt, order, name, text, "0")


def results(language: str, cases: Iterable[Case], folder: Path) -> list[list[list[float]]]:
    """For each case and each of its points the outputs, their derivatives row by row, and the second ones."""
    tool(language)
    program, command = _COMMANDS[language](folder)
    target, layout = LANGUAGES[language].target(), LANGUAGES[language].layout
    functions = [(function_of(case.request, target), case.points) for case in cases]
    helpers = dict.fromkeys(helper for function, _ in functions for helper in function.helpers)
    files = [layout(replace(function, helpers=[])) for function, _ in functions]
    main = _MAINS[language](functions, target.literal)
    program.write_text("\n".join([_HEADS.get(language, ""), *helpers, *files, main]), "utf-8")
    for each in (command, _RUNS[language](folder)) if language in _RUNS else (command,):
        done = subprocess.run(each, capture_output=True, text=True, cwd=folder)
        assert not done.stderr, done.stderr[:3000]
        assert done.returncode == 0
    lines = iter(done.stdout.splitlines())
    return [[list(map(float, next(lines).split())) for _ in points] for _, points in functions]


def tool(language: str) -> str:
    """The program that compiles or runs the language. Skips the test where there is none."""
    name = _TOOLS[language]
    if shutil.which(name) is None:
        pytest.skip(f"{language} is not tested here: there is no {name}")
    return name


_TOOLS = {"c": "gcc", "javascript": "node", "rust": "rustc", "python": sys.executable, "numpy": sys.executable}
Functions = Sequence[tuple[Function, Sequence[Numbers]]]


def _sizes(function: Function) -> tuple[int, int, int]:
    """The number of outputs, of derivatives and of second derivatives."""
    return (
        len(function.value),
        sum(map(len, function.jacobian)),
        sum(map(len, function.hessian)),
    )


def flat(point: Numbers) -> list[float]:
    return [x for each in point for x in (each if isinstance(each, (list, tuple)) else [each])]


def _arguments(function: Function, scalar: str, vector: str) -> list[str]:
    """The arguments of a call, given how an element of the point is written, and some of them from one to another."""
    arguments, place = [], 0
    for each in function.parameters:
        end = place + (each.length or 1)
        arguments.append(scalar.format(place) if each.length is None else vector.format(place, end))
        place = end
    return arguments


# --- C ----------------------------------------------------------------------------------------------------------------

_HEADS = {
    "c": "#include <math.h>\n#include <stdio.h>\n",
    "numpy": "import math\nfrom math import copysign, inf, isfinite, isnan, nan\nimport numpy as np\n",
    "python": "import math\nfrom math import copysign, inf, isfinite, isnan, nan\n",
}


def _main_of_c(functions: Functions, literal: Any) -> str:
    lines = ["int main(void)", "{", "    double v[4000], g[40000], h[40000];", "    int i, k;", "    (void)h;"]
    for function, points in functions:
        rows = [f"{{{', '.join(map(literal, flat(point))) or 0}}}" for point in points]
        size = len(flat(points[0]))
        lines.append(f"    {{ static const double p[{len(rows)}][{size or 1}] = {{{', '.join(rows)}}};")
        arguments = _arguments(function, "p[k][{}]", "p[k] + {}")
        arguments += ["v"] * function.several + ["g"] * (function.order > 0) + ["h"] * (function.order > 1)
        call = f"{'' if function.several else 'v[0] = '}{function.name}({', '.join(arguments)});"
        lines.append(f"    for (k = 0; k < {len(rows)}; k++) {{ (void)p; {call}")
        for array, size in zip("vgh", _sizes(function), strict=True):
            if size:
                lines.append(f'        for (i = 0; i < {size}; i++) printf("%.17g ", {array}[i]);')
        lines.append('        puts(""); } }')
    return "\n".join([*lines, "    return 0;", "}", ""])


# --- JavaScript -------------------------------------------------------------------------------------------------------


def _main_of_javascript(functions: Functions, literal: Any) -> str:
    lines = ["const lines = [];"]
    for function, points in functions:
        rows = [f"[{', '.join(map(literal, flat(point)))}]" for point in points]
        call = f"{function.name}({', '.join(_arguments(function, 'p[{}]', 'p.slice({}, {})'))})"
        lines.append(f"for (const p of [{', '.join(rows)}]) lines.push([{call}].flat(Infinity).join(' '));")
    return "\n".join([*lines, "console.log(lines.join('\\n'));", ""])


# --- Rust -------------------------------------------------------------------------------------------------------------


def _main_of_rust(functions: Functions, literal: Any) -> str:
    lines = ["fn main() {"]
    for function, points in functions:
        size = len(flat(points[0]))
        rows = [f"[{', '.join(map(literal, flat(point)))}]" for point in points]
        lines.append(
            f"    static P: [[f64; {size}]; {len(rows)}] = [{', '.join(rows)}];".replace(
                "P:", f"P_{function.name}:".upper()
            )
        )
        arguments = ", ".join(_arguments(function, "p[{}]", "p[{}..{}].try_into().unwrap()"))
        names = ["v", "g", "h"][: function.order + 1]
        lines.append(f"    for p in P_{function.name.upper()}.iter() {{ let _ = p;")
        bound = names[0] if len(names) == 1 else f"({', '.join(names)})"
        lines.append(f"        let {bound} = {function.name}({arguments});")
        rows_of = {"v": "v.iter()" if function.several else "[v].iter()", "h": "h.iter().flatten()"}
        rows_of["g"] = "g.iter().flatten()" if function.several else "g.iter()"
        lines += [f'        for x in {rows_of[name]} {{ print!("{{:e}} ", x); }}' for name in names]
        lines.append('        println!(""); }')
    return "\n".join([*lines, "}", ""])


# --- Python -----------------------------------------------------------------------------------------------------------


def _main_of_python(functions: Functions, literal: Any) -> str:
    lines = [FLATTEN]
    for function, points in functions:
        rows = ", ".join(f"[{', '.join(map(literal, flat(point)))}]" for point in points)
        call = f"{function.name}({', '.join(_arguments(function, 'p[{}]', 'p[{}:{}]'))})"
        lines.append(f"for p in [{rows}]:\n    print(*flat({call}))")
    return "\n".join(lines) + "\n"


def _main_of_numpy(functions: Functions, literal: Any) -> str:
    """All points at once, as arrays."""
    lines = [FLATTEN]
    for function, points in functions:
        rows = ", ".join(f"[{', '.join(map(literal, flat(point)))}]" for point in points)
        call = f"{function.name}({', '.join(_arguments(function, 'p[{}]', 'p[{}:{}]'))})"
        lines += [
            f"p = np.array([{rows}]).T",
            f"for x in np.array(flat({call})).reshape(-1, p.shape[1]).T:\n    print(*x)",
        ]
    return "\n".join(lines) + "\n"


FLATTEN = """
def flat(x):
    return [y for each in x for y in flat(each)] if isinstance(x, tuple) else [x]

"""
_MAINS = {
    "python": _main_of_python,
    "c": _main_of_c,
    "javascript": _main_of_javascript,
    "rust": _main_of_rust,
    "numpy": _main_of_numpy,
}


def _c(folder: Path) -> tuple[Path, list[str]]:
    flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O0"]
    return folder / "all.c", ["gcc", *flags, "-o", "all", "all.c", "-lm"]


_COMMANDS = {
    "c": _c,
    "javascript": lambda folder: (folder / "all.mjs", ["node", "all.mjs"]),
    "numpy": lambda folder: (folder / "all.py", [sys.executable, "all.py"]),
    "python": lambda folder: (folder / "all.py", [sys.executable, "all.py"]),
    "rust": lambda folder: (folder / "all.rs", ["rustc", "--edition", "2021", "-D", "warnings", "-o", "all", "all.rs"]),
}
_RUNS = dict.fromkeys(("c", "rust"), lambda folder: [str(folder / "all")])
