"""Rewrites the syntax tree of a template before it becomes code: prints are escaped, what can be long is bounded."""

from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

from otel_discord.templating.errors import TemplateError
from otel_discord.templating.reachable import refusal_of

_NODES_OF_A_STEP: Final = 8

REFUSED_STATEMENTS: Final[dict[type[nodes.Node], str]] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends (use the key `extends:` of the file)",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter block (use `{{ value | filter }}`)",
    nodes.AssignBlock: "set block (use `{% set name = value %}`)",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
}


def cost(node: nodes.Node) -> int:
    """Return the steps that going through a part of a template once may take."""
    return 1 + sum(1 for _ in node.find_all(nodes.Node)) // _NODES_OF_A_STEP


def harden(tree: nodes.Template, environment: Environment, slot: str, source: str, line: int) -> nodes.Template:
    """Return the tree with what is printed escaped for the slot, and with loops, lists and comparisons bounded.

    Raises:
        TemplateError: it has a statement that templates may not use, or reaches for what they may not have.
    """
    hardened: nodes.Template = _Hardening(environment, slot, source, line).visit(tree)
    return hardened


class _Hardening(NodeTransformer):
    """Refuses what templates may not use and wraps what must be escaped or bounded."""

    def __init__(self, environment: Environment, slot: str, source: str, line: int) -> None:
        self._environment = environment
        self._slot = slot
        self._source = source
        self._line = line

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        refused = REFUSED_STATEMENTS.get(type(node))
        if refused:
            raise TemplateError(self._source, self._line + node.lineno - 1, f"{refused} is not available in templates")
        reason = refusal_of(node, self._environment.filters)
        if reason:
            raise TemplateError(self._source, self._line + node.lineno - 1, reason)
        return super().generic_visit(node, *args, **kwargs)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.nodes = [
            part if isinstance(part, nodes.TemplateData) else self._filtered(part, self._slot) for part in node.nodes
        ]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        if node.recursive:
            raise TemplateError(self._source, self._line + node.lineno - 1, "recursive loops are not available")
        steps_each = cost(node)
        self.generic_visit(node)
        node.iter = self._filtered(node.iter, "limited", steps_each)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.expr = self._weighed(node.expr)
        for operand in node.ops:
            operand.expr = self._weighed(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = self._weighed(node.node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return self._filtered(nodes.List(node.nodes, lineno=node.lineno), "joined")

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._filtered(self.generic_visit(node), "literal")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._filtered(self.generic_visit(node), "literal")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return node if node.ctx == "store" else self._filtered(node, "literal")

    def _weighed(self, node: nodes.Expr) -> nodes.Expr:
        """Let what may be long draw from the budget before it is compared or copied."""
        return node if isinstance(node, nodes.Const) else self._filtered(node, "weighed")

    def _filtered(self, node: nodes.Node, name: str, *arguments: int) -> nodes.Filter:
        constants = [nodes.Const(argument, lineno=node.lineno) for argument in arguments]
        wrapped = nodes.Filter(node, name, constants, [], None, None, lineno=node.lineno)
        wrapped.set_environment(self._environment)
        return wrapped
