"""Runs lark's lexer and parse tables in half of lark's time; where a text is not of the language, lark says why.

A number in the middle of an expression becomes an atom, a power, a signed, a product, a sum, a comparison and so on,
and lark takes a step for each. Where a chain of such steps leads is the same for the same state below and the same next
token, so it is worked out once.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Token(str):
    """A piece of text with its name in the grammar and its place: lark's token without what is not needed here."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int


class Rule(NamedTuple):
    """A rule of the grammar, as a reduction by it needs it."""

    size: int
    """The number of its parts."""
    made: str
    """The symbol that it makes of them."""
    action: str | None
    """The builder's method; None: it only renames its one part."""
    kept: list[tuple[int, bool]] | None
    """The parts that the action gets, each with whether it is a list to be spread; None for all, unchanged."""


class Tables(NamedTuple):
    """What the driver needs of a parser of lark's: literals only, so that `compile.py` can save them."""

    pattern: str
    """The regular expression of every token, in a group that has its name."""
    ignored: list[str]
    """The names of tokens that are skipped, such as blanks."""
    keywords: dict[str, str]
    """The names of the tokens that look like a NAME, by their text."""
    start: int
    rules: list[tuple[Any, ...]]
    """The fields of each `Rule`."""
    states: dict[int, dict[str, int]]
    """By state and symbol: a state to go to, or the bitwise complement of the place of a rule to reduce by."""


def tables(lark: Any) -> Tables:
    """Read a `Lark` that was built with `parser="lalr"` and `lexer="basic"`.

    No other place knows lark's private attributes. Where lark has changed inside, they are missing or of another kind,
    and this raises what Python happens to raise then: `parser.py` leaves the work to lark.
    """
    table, lexer = lark.parser.parser.parser.parse_table, lark.parser.lexer
    lexer = getattr(lexer, "lexer", lexer)  # inside of what a postlexer wraps around it
    # Where lark has to split its terminals into several patterns, this raises, as it should.
    (pattern,) = lexer.scanner._mres
    keywords = lexer.callback["NAME"].scanner.terminals
    places: dict[Any, int] = {}
    states = {
        state: {
            str(symbol): to if isinstance(to, int) else ~places.setdefault(to, len(places))
            for symbol, (_, to) in actions.items()
        }
        for state, actions in table.states.items()
    }
    end = table.end_states["start"]
    # The end of the text becomes a shift like any other, so that the loop does not look for it.
    states[end]["$END"] = end
    return Tables(
        pattern.pattern,
        sorted(lexer.ignore_types),
        {terminal.pattern.value: terminal.name for terminal in keywords},
        table.start_states["start"],
        [tuple(_rule(rule)) for rule in places],
        states,
    )


def _rule(rule: Any) -> Rule:
    parts = rule.expansion
    if rule.options.expand1 and not rule.alias:
        if len(parts) > 1:
            raise ValueError(f"{rule}: more than one part and no alias")
        return Rule(1, str(rule.origin.name), None, None)
    kept = [
        (i, not part.is_term and part.name[0] == "_")
        for i, part in enumerate(parts)
        if rule.options.keep_all_tokens or not (part.is_term and part.filter_out)
    ]
    whole = len(kept) == len(parts) and not any(spread for _, spread in kept)
    action = str(rule.alias or rule.origin.name)
    return Rule(len(parts), str(rule.origin.name), action, None if whole else kept)


def _reducer(rule: Rule, builder: Any) -> Callable[[list[Any]], Any] | None:
    """What a reduction by the rule calls with the parts."""
    if rule.action is None:
        return None
    make: Callable[[list[Any]], Any] = getattr(builder, rule.action) if rule.action[0] != "_" else _as_they_are
    kept = rule.kept
    if kept is None:
        return make

    def reduce(parts: list[Any]) -> Any:
        chosen: list[Any] = []
        for i, spread in kept:
            if not spread:
                chosen.append(parts[i])
            elif chosen:
                chosen += parts[i]
            else:
                chosen = parts[i]  # a list that grows by one part at a time is not copied each time
        return make(chosen)

    return reduce


def _as_they_are(parts: list[Any]) -> list[Any]:
    return parts


class Driver:
    """A parser that runs lark's tables: `builder` has the actions, and `postlex` changes the tokens on their way."""

    def __init__(self, tables: Tables, builder: Any, postlex: Any) -> None:
        self.pattern, self.ignored, self.keywords = re.compile(tables.pattern), set(tables.ignored), tables.keywords
        self.postlex, self.start = postlex, tables.start
        rules = [(_reducer(rule, builder), rule.size, rule.made) for rule in map(Rule._make, tables.rules)]
        self.states: dict[int, dict[str, Any]] = {
            state: {symbol: to if to >= 0 else rules[~to] for symbol, to in actions.items()}
            for state, actions in tables.states.items()
        }
        self.gotos: dict[tuple[int, str, str], int] = {}

    def parse(self, text: str) -> Any:
        """Parse a text and return what the builder makes of it; KeyError where the text is not of the language."""
        states, gotos = self.states, self.gotos
        stack, values = [self.start], list[Any]()
        for token in self.tokens(text):
            kind = token.type
            action = states[stack[-1]][kind]
            while type(action) is not int:
                callback, size, made = action
                parts = values[len(values) - size :]
                if size:
                    del values[-size:], stack[-size:]
                values.append(callback(parts) if callback else parts[0])
                key = stack[-1], made, kind
                state = gotos[key] if key in gotos else self.goto(key)
                stack.append(state)
                action = states[state][kind]
            stack.append(action)
            values.append(token)
        return values[-2]

    def tokens(self, text: str) -> Iterator[Any]:
        """The tokens of the text and one for its end; KeyError where a character belongs to no token."""
        yield from self.postlex.process(self.scan(text))
        end = Token()
        end.type = "$END"
        yield end

    def scan(self, text: str) -> Iterator[Any]:
        """Find the tokens that lark's lexer finds, by the same regular expression."""
        ignored, keywords = self.ignored, self.keywords
        end = 0
        for match in self.pattern.finditer(text):
            start = match.start()
            kind: Any = match.lastgroup
            # `finditer` skips characters that no token matches.
            if start != end:
                raise KeyError(text[end])
            end = match.end()
            if kind not in ignored:
                token = Token(match.group())
                token.type = keywords.get(token, kind) if kind == "NAME" else kind
                token.start_pos = start
                token.end_pos = end
                yield token
        if end != len(text):
            raise KeyError(text[end])

    def goto(self, key: tuple[int, str, str]) -> int:
        """The state above `below` once `made` is there, past all reductions that the next token makes to rename it."""
        below, made, kind = key
        row = self.states[below]
        state: int = row[made]
        while type(action := self.states[state].get(kind)) is tuple and action[0] is None:
            state = row[action[2]]
        self.gotos[key] = state
        return state
