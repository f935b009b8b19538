"""The functions of `helpers.py` as text of a target, by their syntax trees."""

import ast
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from autodiff.engine.code import helpers
from autodiff.engine.code.target import Target

_OPERATORS: dict[type[ast.AST], str] = {
    **{ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.USub: "neg", ast.Not: "not"},
    **{ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal"},
    **{ast.Eq: "equal", ast.NotEq: "not_equal", ast.And: "and", ast.Or: "or"},
}


@cache
def _trees() -> dict[str, ast.FunctionDef]:
    module = ast.parse(inspect.getsource(helpers))
    return {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}


def names(target: Target) -> Iterable[str]:
    """The names of all functions that a target may have of its own."""
    return {**target.own, **_trees()}


def needed(target: Target, steps: Iterable[str]) -> list[str]:
    """The functions for some steps, each after those that it calls."""
    found: dict[str, None] = {}
    begun = set[str]()
    pending = [(name, False) for name in reversed(list(steps))]
    while pending:
        name, entered = pending.pop()
        # Entered a second time when what it calls is there.
        if entered:
            found[name] = None
        elif name not in target.forms and name not in begun:
            begun.add(name)
            pending.append((name, True))
            tree = list(ast.walk(_tree(target, name)))
            inner = {each.name for each in tree if isinstance(each, ast.FunctionDef)}
            calls = [each.id for each in tree if isinstance(each, ast.Name) and each.id not in inner]
            # In a helper an operator may be a function: Python's division raises.
            if name not in target.own:
                calls += [_OPERATORS[type(each)] for each in tree if type(each) in _OPERATORS]
            # A function of the target's own may call a builtin of its own name.
            pending += [(each, False) for each in reversed(calls) if each in names(target) and each != name]
    return list(found)


def _tree(target: Target, name: str) -> ast.AST:
    return ast.parse(target.own[name]) if name in target.own else _trees()[name]


def written(target: Target, name: str) -> str:
    """The text of a function."""
    if name in target.own:
        return ast.unparse(_Renamed(target, names(target)).visit(ast.parse(target.own[name])))
    function = _trees()[name]
    assigned = Counter(
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    assigned.update(argument.arg for argument in function.args.args)
    writer = _Writer(target, {name for name, times in assigned.items() if times > 1})
    parameters = [argument.arg for argument in function.args.args]
    syntax = target.syntax
    head = syntax.function.format(target.spelled(name), ", ".join(map(writer.parameter, parameters)))
    lines = [*syntax.block(head, list(writer.block(function.body, set(parameters))))]
    document = ast.get_docstring(function)
    return "\n".join([*([syntax.comment.format(document)] if document else []), *lines])


class _Renamed(ast.NodeTransformer):
    """A function without its types, which calls others by the names that they have in the target."""

    def __init__(self, target: Target, functions: Iterable[str]) -> None:
        self.target, self.functions = target, functions

    def visit_FunctionDef(self, function: ast.FunctionDef) -> ast.AST:
        function.name, function.returns = self.target.spelled(function.name), None
        return self.generic_visit(function)

    def visit_arg(self, argument: ast.arg) -> ast.AST:
        argument.annotation = None
        return argument

    def visit_Name(self, name: ast.Name) -> ast.AST:
        if name.id in self.functions:
            name.id = self.target.spelled(name.id)
        return name


class _Writer:
    """Writes the statements of one helper."""

    def __init__(self, target: Target, changing: set[str]) -> None:
        self.target, self.changing = target, changing

    def parameter(self, name: str) -> str:
        syntax = self.target.syntax
        return (syntax.changing_parameter if name in self.changing else syntax.parameter).format(name)

    def block(self, statements: Iterable[ast.stmt], known: set[str]) -> Iterator[str]:
        syntax = self.target.syntax
        for each in statements:
            if isinstance(each, ast.Return) and each.value:
                yield syntax.result.format(self.text(each.value))
            elif isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                name = each.targets[0].id
                form = syntax.change if name in known else syntax.declare
                # Rust and JavaScript want to be told which names change.
                if name not in known and name in self.changing:
                    form = syntax.declare_changing
                known.add(name)
                yield form.format(name, self.text(each.value))
            elif isinstance(each, (ast.If, ast.While)):
                head = syntax.when if isinstance(each, ast.If) else syntax.loop
                yield from syntax.block(head.format(self.text(each.test)), list(self.block(each.body, known)))
            elif not isinstance(each, ast.Expr):
                raise TypeError(f"no target is known to write {ast.unparse(each)}")

    def text(self, tree: ast.expr) -> str:
        return self.expression(tree)[0]

    def expression(self, tree: ast.expr) -> tuple[str, int]:
        """The text of an expression, and how tightly it binds."""
        target = self.target
        if isinstance(tree, ast.Constant) and isinstance(tree.value, float):
            return target.number(tree.value)
        # A constant of Python's is one of the target's, and every other name a parameter or a local variable.
        if isinstance(tree, ast.Name):
            return target.number(float(tree.id)) if tree.id in ("inf", "nan") else (tree.id, 10)
        if isinstance(tree, ast.BinOp):
            return self.applied(tree.op, tree.left, tree.right)
        if isinstance(tree, ast.UnaryOp):
            # Python has no negative numbers, only signs.
            if isinstance(tree.op, ast.USub) and isinstance(tree.operand, ast.Constant):
                return target.number(-float(str(tree.operand.value)))
            return self.applied(tree.op, tree.operand)
        if isinstance(tree, ast.Compare):
            return self.compared(tree)
        if isinstance(tree, ast.BoolOp):
            text = self.expression(tree.values[0])
            for each in tree.values[1:]:
                text = target.written(_OPERATORS[type(tree.op)], [text, self.expression(each)])
            return text
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            return target.written(tree.func.id, list(map(self.expression, tree.args)))
        raise TypeError(f"no target is known to write {ast.unparse(tree)}")

    def applied(self, operator: ast.AST, *operands: ast.expr) -> tuple[str, int]:
        return self.target.written(_OPERATORS[type(operator)], list(map(self.expression, operands)))

    def compared(self, tree: ast.Compare) -> tuple[str, int]:
        """A chain of comparisons as one `and`."""
        operands = [self.expression(each) for each in (tree.left, *tree.comparators)]
        pairs = zip(tree.ops, operands, operands[1:])
        first, *rest = [self.target.written(_OPERATORS[type(op)], [x, y]) for op, x, y in pairs]
        for each in rest:
            first = self.target.written("and", [first, each])
        return first
