"""Measures the product against what it is compared with, and writes benchmarks/results.md.

    python benchmarks/run.py [--only a,c] [--short] [--results FILE]

--short measures little and roughly, to see that it works, and writes no results unless --results
is given.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import acknowledge, calls, documents, planning, processes, visible
from benchmarks.table import RESULTS, Section, section, write
from sync.ops import logs

SECTIONS: dict[str, tuple[str, Section]] = {
    "a": ("calls of the Sheets API", calls.rows),
    "b": ("from the 202 until it is in the sheet", visible.rows),
    "c": ("acknowledgement", acknowledge.rows),
    "d": ("planning a change of a large sheet", planning.rows),
    "e": ("documents", documents.rows),
    "f": ("rebuild, start and idle", processes.rows),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(sorted(SECTIONS)), help="sections, e.g. a,c")
    parser.add_argument("--short", action="store_true", help="measure little and roughly")
    parser.add_argument("--results", type=Path, help="the file that the results are written to")
    given = parser.parse_args()
    logs.configure(logging.ERROR)
    results = given.results or (None if given.short else RESULTS)
    for letter in given.only.split(","):
        title, measure = SECTIONS[letter]
        text = section(letter, title, measure(given.short))
        print(text, flush=True)
        if results:
            write({letter: text}, results)


if __name__ == "__main__":
    main()
