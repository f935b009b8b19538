"""From an answer to stdout, stderr and a picture file, in the order in which they can fail."""

import sys

from ..grammar.errors import did_you_mean
from .answer import Answer
from .failures import NOT_MET, Failure, warn
from .files import write_stdout, write_whole
from .formats import FORMATS, PICTURE_KINDS
from .request import Request


def check(request: Request) -> None:
    """Failure where the request names a format or a kind of picture that there is not."""
    if request.format is not None and request.format not in FORMATS:
        hint = did_you_mean(request.format, list(FORMATS)) or f"the formats are {', '.join(FORMATS)}"
        raise Failure(f"unknown format '{request.format}'", hint)
    if request.gates != "written":
        from ..engine.rewrites import GATES

        if request.gates not in GATES:
            hint = did_you_mean(request.gates, list(GATES)) or f"gates are {', '.join(GATES)}"
            raise Failure(f"unknown form of gates '{request.gates}'", hint)
    if request.render is not None and request.render.suffix.lower() not in PICTURE_KINDS:
        raise Failure(
            f"cannot tell the kind of picture by the ending of {request.render}", f"use {', '.join(PICTURE_KINDS)}"
        )


def put_out(answer: Answer, request: Request) -> None:
    """Print the answer and write its picture: everything that can fail comes before the first byte on stdout."""
    write = FORMATS[request.format or ("table" if sys.stdout.isatty() else "plain")]
    warnings = answer.warnings()
    if request.strict and warnings:
        raise Failure(warnings[0], code=NOT_MET)
    text = write(answer, request)
    if request.render is not None:
        from .pictures import picture

        write_whole(request.render, picture(answer, PICTURE_KINDS[request.render.suffix.lower()], request.max_drawn))
    if not request.quiet:
        for warning in warnings:
            warn("warning", warning)
    write_stdout(text)
