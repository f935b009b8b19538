"""The console script, and `python -m autodiff`."""

import gc
import os
import sys


def run() -> None:
    """Run the command line of this process and exit with its code."""
    gc.disable()  # neither the imports nor a graph make cyclic garbage, and looking for it takes 10 % of a start
    # A caller may close any of the three streams (`>&-`), which Python shows as None.
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    try:
        from autodiff.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # before main could take it
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
