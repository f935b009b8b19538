"""The console script, and `python -m autodiff`."""

import gc
import sys


def run() -> None:
    """Run the command line of this process and exit with its code."""
    gc.disable()  # neither the imports nor a graph make cyclic garbage, and looking for it takes 10 % of a start
    from .cli.main import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
