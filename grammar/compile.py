"""A build step: the grammar compiled to tables for the driver, so that a start pays neither lark's import nor its
build, and to a stand-alone parser, which knows what is wrong with a text that is not of the language.

Setuptools runs it for every install but an editable one, which parses with lark itself, straight from the grammar.
"""

from pathlib import Path

from driver import tables  # type: ignore[import-not-found]  # beside this file, as `setup.py` runs it
from lark import Lark
from lark.tools.standalone import gen_standalone
from setuptools.command.build_py import build_py


class BuildParser(build_py):
    """Copies the package, then writes `tables.py` and `standalone.py` beside the copy of the grammar."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, "autodiff", "grammar")
            lines: list[str] = []
            parser = Lark.open(str(folder / "language.lark"), parser="lalr", lexer="basic")
            saved = f"TABLES = {tuple(tables(parser))!r}\n"
            (folder / "tables.py").write_text(saved, "utf-8")
            gen_standalone(parser, output=lambda text="": lines.append(str(text)))
            unused = "import pickle, zlib, base64"  # only compressed tables need them
            text = "\n".join(line for line in lines if line != unused)
            # Where the package regex is installed, it takes a tenth of a start to load; the grammar does without.
            text = text.replace("    import regex\n    _has_regex = True", "    _has_regex = False")
            (folder / "standalone.py").write_text(text, "utf-8")
