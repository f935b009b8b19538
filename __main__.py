"""`python -m autodiff`."""

from .cli.main import run

run()
