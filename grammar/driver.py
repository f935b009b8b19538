"""Runs lark's lexer and parse tables in half of lark's time; where a text is not of the language, lark says why.

A number in the middle of an expression becomes an atom, a power, a signed, a product, a sum, a comparison and so on,
and lark takes a step for each. Where a chain of such steps leads is the same for the same state below and the same next
token, so it is worked out once.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

Rule = tuple[Callable[[list[Any]], Any] | None, int, str]
"""What a reduction calls (None: it only renames its one part), how many parts it takes, and what it makes of them."""


class Token(str):
    """A piece of text with what the grammar calls it and where it stands: lark's own, without what nobody asks for."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int


class Tables(NamedTuple):
    """What the driver needs of a parser of lark's."""

    pattern: re.Pattern[str]
    """Every token, in a group that has its name."""
    ignored: Collection[str]
    """The names of tokens that are skipped, such as blanks."""
    keywords: Mapping[str, str]
    """The names of the tokens that look like a NAME, by their text."""
    postlex: Any
    start: int
    states: dict[int, dict[str, Any]]
    """By state and symbol: a state to go to, an int, or a `Rule` to reduce by."""


def tables(lark: Any) -> Tables:
    """Read a `Lark` that was built with `parser="lalr"`, `lexer="basic"` and a transformer.

    No other place knows lark's private attributes. Where lark has changed inside, they are missing or of another kind,
    and this raises what Python happens to raise then: `parser.py` leaves the work to lark.
    """
    parser, lexer = lark.parser.parser.parser, lark.parser.lexer
    (pattern,) = lexer.lexer.scanner._mres
    keywords = lexer.lexer.callback["NAME"].scanner.terminals
    table, callbacks = parser.parse_table, parser.callbacks
    end = table.end_states["start"]
    rules: dict[Any, Rule] = {}
    for actions in table.states.values():
        for _, rule in actions.values():
            if not isinstance(rule, int) and rule not in rules:
                renames = rule.options.expand1 and len(rule.expansion) == 1 and not rule.alias
                rules[rule] = None if renames else callbacks[rule], len(rule.expansion), rule.origin.name
    states = {
        state: {symbol: to if isinstance(to, int) else rules[to] for symbol, (_, to) in actions.items()}
        for state, actions in table.states.items()
    }
    states[end]["$END"] = end
    return Tables(
        re.compile(pattern),
        frozenset(lexer.lexer.ignore_types),
        {terminal.pattern.value: terminal.name for terminal in keywords},
        lexer.postlexer,
        table.start_states["start"],
        states,
    )


class Driver:
    """A parser on the tables of lark's."""

    def __init__(self, tables: Tables) -> None:
        self.pattern, self.ignored, self.keywords, self.postlex, self.start, self.states = tables
        self.gotos: dict[tuple[int, str, str], int] = {}

    def parse(self, text: str) -> Any:
        """What the transformer made of the text; KeyError where the text is not of the language."""
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
        """The tokens of the text and one for its end; KeyError where there is a character of none."""
        yield from self.postlex.process(self.scan(text))
        end = Token()
        end.type = "$END"
        yield end

    def scan(self, text: str) -> Iterator[Any]:
        """What lark's lexer yields, by the same regular expression."""
        ignored, keywords = self.ignored, self.keywords
        end = 0
        for match in self.pattern.finditer(text):
            start = match.start()
            kind: Any = match.lastgroup
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
