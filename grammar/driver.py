"""Runs lark's lexer and parse tables in half of lark's time; where a text is not of the language, lark says why.

A number in the middle of an expression becomes an atom, a power, a signed, a product, a sum, a comparison and so on,
and lark takes a step for each. Where a chain of such steps leads is the same for the same state below and the same next
token, so it is worked out once.
"""

from collections.abc import Callable, Iterator
from typing import Any

Rule = tuple[Callable[[list[Any]], Any] | None, int, str]
"""What a reduction calls (None: it only renames its one part), how many parts it takes, and what it makes of them."""


class Token(str):
    """A piece of text with what the grammar calls it and where it stands: lark's own, without what nobody asks for."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int


class Driver:
    """A parser on the tables of a `Lark` that was built with `parser="lalr"` and a transformer."""

    def __init__(self, lark: Any) -> None:
        parser, lexer = lark.parser.parser.parser, lark.parser.lexer
        self.postlex = lexer.postlexer
        (self.pattern,) = lexer.lexer.scanner._mres
        self.ignored = lexer.lexer.ignore_types
        unless = lexer.lexer.callback["NAME"]
        self.keywords = {terminal.pattern.value: terminal.name for terminal in unless.scanner.terminals}
        table, callbacks = parser.parse_table, parser.callbacks
        self.start, end = table.start_states["start"], table.end_states["start"]
        rules: dict[Any, Rule] = {}
        self.states: dict[int, dict[str, Any]] = {}
        """By state and symbol: a state to go to, or a rule to reduce by."""
        for state, actions in table.states.items():
            row: dict[str, int | Rule] = {}
            self.states[state] = row
            for symbol, (_, argument) in actions.items():
                if isinstance(argument, int):
                    row[symbol] = argument
                else:
                    if argument not in rules:
                        renames = argument.options.expand1 and len(argument.expansion) == 1 and not argument.alias
                        callback = None if renames else callbacks[argument]
                        rules[argument] = callback, len(argument.expansion), argument.origin.name
                    row[symbol] = rules[argument]
        self.states[end]["$END"] = end
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
            start, kind = match.start(), match.lastgroup
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
