"""Coverage-guided fuzzing of everything between a text and its gradient. Not a test: it runs as long as it is told to.

    pip install atheris && python benchmarks/fuzz.py -max_total_time=3600

Any text must be a program or a ProgramError that points into the text, within bounded time and memory.
"""

import sys

import atheris

with atheris.instrument_imports(include=["autodiff.grammar", "autodiff.engine"]):
    from autodiff.engine.passes import backward, forward
    from autodiff.grammar.errors import ProgramError
    from autodiff.grammar.parser import parse

WORDS = [
    *"xyzwfgθ0123456789.,;=+-*/%^@()[]<>!#eπ_²",
    *[
        "\n",
        " ",
        "**",
        "+=",
        "-=",
        "*=",
        "**=",
        "==",
        "!=",
        "<=",
        ">=",
        "≤",
        "−",
        "×",
        "if ",
        " else ",
        " and ",
        " or ",
        "not ",
    ],
    *[
        "where(",
        "max(",
        "sum(",
        "softmax(",
        "dot(",
        "exp(",
        "sigmoid(",
        "leaky_relu(",
        "f(x) = ",
        "g(x, y) = ",
        "f(",
        "g(",
    ],
    *["w[0]", "[1, 2]", "1e308", "inf", "nan", "pi", "1_000", ".5", "x", "y", "w"],
]


def check(error: ProgramError) -> None:
    start, end = error.span
    assert 0 <= start <= end <= len(error.text) + 1, (error.message, error.span)
    assert error.message


def one_text(data: bytes) -> None:
    """Each byte stands for a word of the language; a text that begins with a high byte is taken as it is."""
    if data[:1] > b"\xf0":
        text = data[1:].decode("utf-8", "surrogateescape")
    else:
        text = "".join(WORDS[byte % len(WORDS)] for byte in data)
    try:
        program = parse(text, {"w": 3}, max_nodes=100_000)
    except ProgramError as error:
        check(error)
        return
    graph = program.graph
    assert len(set(program.names())) >= sum(node.operation is not None for node in graph.nodes)
    values = forward(graph, {variable.name: 0.5 for variable in graph.inputs})
    for output in graph.outputs[:3]:
        backward(graph, values, output)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_text)
    atheris.Fuzz()
