"""The main job by the real command: the seed texts' numbers, pipes, drawing without a system Graphviz."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autodiff.cli import completion

from ..conftest import Run, interruptible, printed
from ..support import reference

AUTODIFF = str(Path(sys.executable).parent / "autodiff")

NEURON = "autodiff grad 'sigmoid(a*x+b)+a' a=0.2 x=2 b=0.6"

MICROGRAD = """
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + relu(b + a)
d += 3 * d + relu(b - a)
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
"""

# Program, bindings, value, gradient: as the seed texts and micrograd's README print them.
SEEDS = {
    "mlfz": (
        "sigmoid(a*x+b)+a",
        "a=0.2 x=2 b=0.6",
        0.931058578630005,
        "a 1.39322386648 x 0.03932238664 b 0.19661193324",
    ),
    "micrograd": ("e = a*b; d = e + c; L = d*f", "a=2 b=-3 c=10 f=-2", -8, "a 6 b -4 c -2 f 4"),
    "node": ("z = w0*x + w1*x + b; relu(z)", "w0=-1 w1=2 b=4 x=2", 6, "w0 2 w1 2 x 1 b 1"),
    "cs231n": (
        "sigy = 1/(1+exp(-y)); num = x + sigy; sigx = 1/(1+exp(-x)); den = sigx + (x+y)^2; num/den",
        "x=3 y=-4",
        1.5456448841066441,
        "x 2.0595697955721652 y 1.5922327514838093",
    ),
}


def gradient(text: str) -> dict[str, float]:
    """The numbers of plain `grad` output, or of `name number name number` text."""
    words = text.split()
    return {name: float(number) for name, number in zip(words[::2], words[1::2], strict=True)}


@pytest.mark.parametrize(("program", "bindings", "value", "derivatives"), SEEDS.values(), ids=SEEDS)
def test_seed_texts(shell: Run, program: str, bindings: str, value: float, derivatives: str) -> None:
    assert float(shell(f"autodiff eval '{program}' {bindings}").stdout) == pytest.approx(value, rel=1e-15)
    printed = gradient(shell(f"autodiff grad '{program}' {bindings}").stdout)
    assert printed == pytest.approx(gradient(derivatives), rel=1e-14, abs=1e-11)


def test_micrograd_readme(shell: Run) -> None:
    value = float(shell(f"autodiff eval '{MICROGRAD}' a=-4 b=2").stdout)
    assert f"{value:.4f}" == "24.7041"
    printed = gradient(shell(f"autodiff grad '{MICROGRAD}' a=-4 b=2").stdout)
    assert {name: f"{number:.4f}" for name, number in printed.items()} == {"a": "138.8338", "b": "645.5773"}


def test_nodes_keep_their_names(shell: Run) -> None:
    program, bindings, *_ = SEEDS["micrograd"]
    nodes = json.loads(shell(f"autodiff grad '{program}' {bindings} --nodes --format json").stdout)["nodes"]
    assert {node["name"]: node["gradient"] for node in nodes if node["name"] in "ed"} == {"e": -2, "d": -2}


def test_json_example_of_the_design(shell: Run) -> None:
    assert json.loads(shell(f"{NEURON} --format json").stdout) == {
        "expression": "sigmoid(a*x+b)+a",
        "value": 0.931058578630005,
        "inputs": {"a": 0.2, "x": 2.0, "b": 0.6},
        "gradient": {"a": 1.3932238664829637, "x": 0.039322386648296376, "b": 0.19661193324148185},
    }


def test_json_nodes_are_a_graph_in_topological_order(shell: Run) -> None:
    nodes = json.loads(shell(f"{NEURON} --nodes --format json").stdout)["nodes"]
    names = [node["name"] for node in nodes]
    assert len(set(names)) == len(names)
    for i, node in enumerate(nodes):
        assert all(names.index(operand) < i for operand in node["operands"])
    assert nodes[-1]["operation"] == "add"
    assert nodes[-1]["gradient"] == 1


def test_substitution(shell: Run) -> None:
    done = shell("x=$(autodiff eval 'exp(1)'); echo $x")
    assert float(done.stdout) == math.e


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("autodiff grad 'x*y' x=2 y=3 | cut -f2", "3\n2\n"),
        ("autodiff grad 'x*y' x=2 y=3 --format json | python -m json.tool | grep -c value", "1\n"),
        ("autodiff grad 'x*y' x=2 y=3 --format dot | graphviz-pure -Tpng | cut -b 2-4 | sed -n 1p", "PNG\n"),
        ("autodiff grad 'x*y' x=2 y=3 --format svg | grep -c '</svg>'", "1\n"),
        ("autodiff eval 'x^2' x=3 | head -0", ""),
        ("autodiff grad 'x*y, x+y' x=2 y=3 --nodes | head -0", ""),
        ("printf 'x\\n' | (autodiff eval '2*y' y=3; cat)", "6\nx\n"),
    ],
)
def test_pipes(shell: Run, line: str, printed: str) -> None:
    done = shell(line)
    assert (done.stdout, done.stderr, done.returncode) == (printed, "", 0)


def test_draws_with_an_empty_path(tmp_path: Path) -> None:
    line = [AUTODIFF, "grad", "sigmoid(a*x+b)+a", "a=0.2", "x=2", "b=0.6", "--render"]
    for ending, magic in {".svg": b"<?xml", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".dot": b"digraph"}.items():
        picture = tmp_path / f"graph{ending}"
        done = subprocess.run([*line, str(picture)], env={"PATH": ""}, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert picture.read_bytes().startswith(magic)


def test_pdf_without_graphviz_is_a_failure_in_words(tmp_path: Path) -> None:
    line = [AUTODIFF, "grad", "x^2", "x=3", "--render", str(tmp_path / "graph.pdf")]
    done = subprocess.run(line, env={"PATH": ""}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("error: a PDF needs a system Graphviz\nhint: install graphviz, or render to .svg or .png\n")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_command_leaves_the_old_picture(shell: Run, tmp_path: Path) -> None:
    (tmp_path / "graph.svg").write_text("old")
    assert shell("autodiff grad 'sqrt(x)' x=0 --strict --render graph.svg").returncode == 1
    assert shell("autodiff grad 'sqrt(x)' x=0 --max-drawn 1 --render graph.svg").returncode == 1
    assert (tmp_path / "graph.svg").read_text() == "old"
    assert os.listdir(tmp_path) == ["graph.svg"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk_is_a_failure_in_words(shell: Run) -> None:
    done = shell("autodiff eval 'x^2' x=3 > /dev/full")
    assert (done.returncode, done.stderr) == (1, "error: cannot write the answer: No space left on device\n")


@pytest.mark.parametrize(
    ("line", "code", "stdout", "stderr"),
    [
        ("autodiff eval 'x^2' x=3 >&-", 1, "", "error: cannot write the answer: stdout is closed\n"),
        ("autodiff eval 'log(x)' x=0 2>&-", 0, "-inf\n", ""),
        ("autodiff eval 'log(x)' x=0 2>/dev/full", 0, "-inf\n", ""),
        ("autodiff eval 'log(' x=0 2>&-", 2, "", ""),
        ("autodiff eval -f - x=0 <&-", 2, "", "error: cannot read stdin: it is closed\n"),
        ("autodiff --help | head -1 >/dev/null", 0, "", ""),
    ],
)
def test_closed_and_full_streams(shell: Run, line: str, code: int, stdout: str, stderr: str) -> None:
    done = shell(line)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_a_vector_of_numbers_from_a_file(shell: Run) -> None:
    bindings = """'{"w": [1, 2], "x": "[3, 4]"}'"""
    printed = shell(f"echo {bindings} > v.json; autodiff grad 'w @ x' --vars v.json --format json")
    assert json.loads(printed.stdout)["inputs"] == {"w": [1, 2], "x": [3, 4]}
    assert json.loads(printed.stdout)["gradient"] == {"w": [3, 4], "x": [1, 2]}


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_on_a_terminal_never_cuts_a_number(tmp_path: Path, columns: int) -> None:
    """In a real terminal of that width; joined again, its wrapped lines hold every number whole."""
    program = "autodiff grad 'a*b*100, a - b/1e5, a*98765.25' a=12 b=34.5 --digits 9"
    path = f"{Path(AUTODIFF).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "TERM": "xterm", "HOME": str(tmp_path)}
    status = subprocess.run(
        [sys.executable, "-c", PTY, str(columns), program], env=environment, capture_output=True, text=True, timeout=60
    )
    for number in ("41400", "11.999655", "1185183", "3450", "-1e-05", "98765.25"):
        assert number in status.stdout.replace("\n", "").replace("\r", "")


def test_eval_prints_the_whole_number_on_a_terminal(tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(AUTODIFF).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
        "HOME": str(tmp_path),
    }
    program = "autodiff eval 'x/3' x=0.1; autodiff eval 'x/3' x=0.1 --digits 3"
    command = [sys.executable, "-c", PTY, "80", program]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout
    assert "0.03333333333333333" in shown  # 0.1/3 in doubles
    assert re.search(r"0\.0333(?!3)", shown)


PTY = """
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "-c", sys.argv[2]])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
try:
    while data := os.read(fd, 65536):
        sys.stdout.write(data.decode())
except OSError:
    pass
"""


def test_interrupt_is_quiet(tmp_path: Path) -> None:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([AUTODIFF, "eval", "-f", "-"], preexec_fn=interruptible, **pipes) as process:
        assert process.stdin is not None
        with pytest.raises(subprocess.TimeoutExpired):  # it reads its program from stdin, and none comes
            process.wait(2)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout, stderr) == (130, b"", b"")


def test_toml_errors_name_the_file(shell: Run) -> None:
    done = shell("echo 'x = ' > v.toml; autodiff eval 'x^2' --vars v.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: v.toml is not valid TOML: ")


@pytest.mark.parametrize("command", ["", "eval", "grad"])
def test_help_leads_with_an_example(shell: Run, command: str) -> None:
    done = shell(f"autodiff {command} --help", COLUMNS="100")
    assert (done.returncode, done.stderr) == (0, "")
    if command:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        assert lines[0].startswith(f"Usage: autodiff {command}")
        assert lines[1].startswith(f"autodiff {command} 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6")
        assert shell(lines[1]).returncode == 0


def test_completion_offers_commands_options_and_formats(shell: Run) -> None:
    def completions(words: str, at: int) -> list[str]:
        return shell(
            "autodiff", _AUTODIFF_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(at)
        ).stdout.split()

    assert "grad" in completions("autodiff g", 1)
    assert "--render" in completions("autodiff grad --r", 2)
    assert "json" in completions("autodiff grad --format j", 3)
    shell("touch model.ad")
    assert completions("autodiff eval @mo", 2) == ["@model.ad"]


@pytest.mark.parametrize(
    ("complete", "known"),
    [
        (completion.gates, "fused"),
        (completion.styles, "circuit"),
        (completion.row_formats, "parquet"),
        (completion.reductions, "mean"),
        (completion.policies, "skip"),
        (completion.operations, "sigmoid"),
    ],
)
def test_completion_offers_closed_sets(complete: Callable[[], list[str]], known: str) -> None:
    assert known in complete()


@pytest.mark.parametrize(("file", "made"), [(reference.PAGE, reference.page), (reference.MANUAL, reference.manual)])
def test_the_reference_is_what_the_declarations_make_of_it(file: Path, made: Callable[[], str]) -> None:
    assert file.read_text("utf-8") == made(), f"run python tests/rewrite.py docs/{file.name}"


@pytest.mark.parametrize("command", ["eval", "grad", "explain", "hessian", "check"])
def test_help_names_the_formats_that_the_command_takes(shell: Run, command: str) -> None:
    """Each of them, and of all that other commands take no other."""
    everything = "table plain json csv tsv markdown tree dot svg mermaid latex python".split()
    text = " ".join(shell(f"autodiff {command} --help", COLUMNS="200").stdout.split())
    named = re.search(r"--format FORMAT ([a-z ]+); by default", text)
    assert named is not None
    for kind in everything:
        code, _ = printed(command, "x^2", "x=3", "--format", kind)
        assert (code == 0) == (kind in named[1].split()), kind
