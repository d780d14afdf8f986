"""`python -m fourthroot` and the command `fourthroot`: the program itself, in the place of this process."""

import os
import sys

from .errors import ProgramNotFoundError
from .program import environment, find_program


def main() -> None:
    try:
        program = find_program()
    except ProgramNotFoundError as error:
        print(f"fourthroot: {error}", file=sys.stderr)
        sys.exit(70)
    os.execve(program, ["fourthroot", *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
