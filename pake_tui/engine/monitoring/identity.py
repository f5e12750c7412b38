"""Who an alert is, and the texts it may carry: masked, bounded, storable."""

from __future__ import annotations

import hashlib
import json

from pake_tui.model.sample import Tags
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.safe import storable

MOST_TITLE = 300
MOST_TEXT = 4_000
MOST_TAGS = 32


def fingerprint(kind: str, name: str, tags: Tags) -> str:
    """Sixteen hexadecimal digits for a rule (kind `rule`) or an application's alert (kind: its service)."""
    text = json.dumps([kind, name, sorted(tags)])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def clean(text: str, most: int = MOST_TEXT) -> str:
    """Text as it is stored: masked, at most `most` characters, without halves of surrogate pairs."""
    masked = mask_text(storable(text))
    return masked if len(masked) <= most else f"{masked[: most - 1]}…"


def clean_tags(tags: Tags) -> Tags:
    """Sorted tags with masked values; the first 32."""
    given = {str(name)[:MOST_TITLE]: str(value)[:MOST_TITLE] for name, value in sorted(tags)[:MOST_TAGS]}
    masked = mask_fields(dict(given))
    return tuple(sorted((clean(name), clean(str(masked[name]))) for name in masked))
