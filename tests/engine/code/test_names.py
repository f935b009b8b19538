"""Identifiers: whatever the language takes for a name, a program can be made of it."""

import re
import sys

from autodiff.engine.code.names import identifiers
from autodiff.grammar.parser import normalized, parse

BEGINS = re.compile(r"[^\W\d²³¹⁰⁴-⁹¼½¾]")  # as in language.lark


def test_every_letter_is_an_identifier_of_python_and_all_are_different() -> None:
    letters = [chr(i) for i in range(sys.maxunicode + 1) if not 0xD800 <= i < 0xE000]
    names = dict.fromkeys(normalized(c) for c in letters if BEGINS.match(c))
    assert len(names) > 100_000
    assert list(parse("*".join(list(names)[::5000])).inputs) == list(names)[::5000]
    found = identifiers(names, ["a", "ª"])
    program = compile("".join(f"{name} = 1\n" for name in found.values()), "<names>", "exec")
    assert len(program.co_names) == len(names)  # as Python itself reads them, normalized
    assert not {"a", "ª"} & set(found.values())


def test_elements_and_taken_words_have_predictable_names() -> None:
    names = ["w[0]", "w_0", "lambda", "θ", "⅓", "a⑴"]
    plain = {"w[0]": "w_0", "w_0": "w_0_", "lambda": "lambda_", "θ": "θ", "⅓": "_1_3", "a⑴": "a_1_"}
    assert identifiers(names, ["lambda"]) == plain
    ascii_ones = identifiers([*names, "theta", "Θ", "中", "ά"], [], ascii_only=True)
    assert [ascii_ones[name] for name in ("θ", "theta", "Θ", "中", "ά")] == [
        "theta",
        "theta_",
        "Theta",
        "u4e2d",
        "u03ac",
    ]
    assert all(name.isascii() and name.isidentifier() for name in ascii_ones.values())
