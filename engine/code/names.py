"""Names of variables as identifiers of a generated program."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count
from unicodedata import normalize


def identifiers(names: Iterable[str], taken: Collection[str], *, ascii_only: bool = False) -> dict[str, str]:
    """An identifier for each name, all different: w[0] is w_0, and one that is taken gets underscores at its end.

    `taken` are the words and names that the language, or the program, keeps for itself. Of a name only what no language
    objects to is left, in the form in which Python reads names (NFKC); `ascii_only` spells Greek letters, and replaces
    others by their code points.
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
        text = re.sub(r"[^\x00-\x7f]", lambda letter: _spelled(letter[0]), text)
    text = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
    return text if text.isidentifier() else f"_{text}"


def _spelled(letter: str) -> str:
    """A letter in ASCII: θ is theta, Θ is Theta."""
    words = unicodedata.name(letter, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        return words[3].lower() if words[1] == "SMALL" else words[3].title()
    return f"u{ord(letter):04x}"


class Names:
    """Gives each name once, as an identifier; two that differ in case only are the same, for the reader's sake."""

    def __init__(self, taken: Iterable[str], kept: Iterable[str] = (), *, ascii_only: bool = False) -> None:
        """`taken` are the words that mean something else already; those `kept` will be asked for."""
        self.ascii_only = ascii_only
        self.taken = {word.lower() for word in taken}
        self.kept = {self._possible(word).lower() for word in kept}
        self.counter = count(1)

    def unique(self, wanted: str) -> str:
        """The name, with as many underscores at its end as it takes."""
        name = self._possible(wanted)
        while name.lower() in self.taken:
            name += "_"
        self.taken.add(name.lower())
        return name

    def numbered(self, letter: str) -> str:
        """The next free one of v1, v2, v3, ..."""
        names = (f"{letter}{k}" for k in self.counter)
        return self.unique(next(each for each in names if each not in self.taken and each not in self.kept))

    def _possible(self, name: str) -> str:
        plain = _plain(name, self.ascii_only)
        # In C names that begin with an underscore belong to the compiler.
        return f"v{plain}" if self.ascii_only and plain.startswith("_") else plain
