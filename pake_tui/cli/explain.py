"""`pake-tui logs --explain`: as what each file is read, and why."""

from __future__ import annotations

from collections.abc import Iterator

from pake_tui.engine.logfiles.tape import SAMPLE_BYTES, SAMPLE_LINES, Tape, decoded
from pake_tui.records.export import record_json
from pake_tui.text.safe import safe

EXAMPLES = 2
MOST_TEXT = 100


def explain(tape: Tape) -> Iterator[str]:
    """The family of a file, how its first lines were counted, and what was read in some of them."""
    parser = tape.parser()
    yield f"{safe(tape.path)}: {parser.format}"
    if counts := parser.profile.families:
        told = ", ".join(f"{count} {name}" for name, count in counts)
        yield f"  first lines by family: {told}"
    yield from (f"  {note}" for note in parser.notes())
    data = tape.read(0, SAMPLE_BYTES)
    lines = [decoded(line, number == 0)[0] for number, line in enumerate(data.split(b"\n")[:SAMPLE_LINES])]
    shown = 0
    for number, line in enumerate(lines):
        if shown == EXAMPLES or not line.strip() or not parser.starts_record(line):
            continue
        for record in parser.parse([line])[:1]:
            shown += 1
            known = {
                name: value for name, value in record_json(record).items() if value not in (None, "", {})
            }
            yield f"  line {number + 1}, {record.format}:"
            yield from (f"    {name}: {_short(value)}" for name, value in known.items())


def _short(value: object) -> str:
    text = safe(", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value))
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
