"""Names of variables as identifiers of a generated program."""

import re
from collections.abc import Collection, Iterable
from unicodedata import normalize


def identifiers(names: Iterable[str], taken: Collection[str], *, ascii_only: bool = False) -> dict[str, str]:
    """An identifier for each name, all different: w[0] is w_0, and one that is taken gets underscores at its end.

    `taken` are the words and names that the language, or the program, keeps for itself. Of a name only what no language
    objects to is left, in the form in which Python reads names (NFKC); `ascii_only` replaces other letters by their
    code points.
    """
    used, found = set(taken), dict[str, str]()
    for name in names:
        if name not in found:
            plain = _plain(name, ascii_only)
            while plain in used:
                plain += "_"
            found[name] = plain
            used.add(plain)
    return found


def _plain(name: str, ascii_only: bool) -> str:
    # Normalized first: what becomes of ﷺ or of ⅓ holds blanks and signs that must be replaced in their turn.
    text = normalize("NFKC", name.replace("]", ""))
    if ascii_only:
        text = re.sub(r"[^\x00-\x7f]", lambda letter: f"u{ord(letter[0]):04x}", text)
    text = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
    return text if text.isidentifier() else f"_{text}"
