"""From an answer to stdout, stderr and a picture file, in the order in which they can fail."""

import sys

from .answer import Answer
from .failures import NOT_MET, Failure, warn
from .files import write_whole
from .formats import FORMATS
from .request import Request


def put_out(answer: Answer, request: Request) -> None:
    """Print the answer and write its picture: everything that can fail comes before the first byte on stdout."""
    write = FORMATS[request.format or ("table" if sys.stdout.isatty() else "plain")]
    warnings = answer.warnings()
    if request.strict and warnings:
        raise Failure(warnings[0], code=NOT_MET)
    text = write(answer, request)
    if request.render is not None:
        from .pictures import PICTURE_KINDS, picture

        write_whole(request.render, picture(answer, PICTURE_KINDS[request.render.suffix.lower()], request.max_drawn))
    if not request.quiet:
        for warning in warnings:
            warn("warning", warning)
    sys.stdout.write(text)
