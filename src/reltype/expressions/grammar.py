"""The text of an expression → a tree of allowed nodes, or a complaint that shows the culprit.

DuckDB's grammar by sqlglot, pure or compiled, with every call kept as it was written. Whatever is
not in the lists here does not get in, whatever future versions of the parser may learn to read.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlglot import exp
    from sqlglot.dialects.duckdb import DuckDB
    from sqlglot.tokenizer_core import Token

MAX_LENGTH = 10_000
MAX_TOKENS = 2_000
MAX_DEPTH = 30
_WIDTH = 92

_TWO = "this expression"
NODES = {
    **dict.fromkeys(("Paren", "Neg", "Not", "Boolean", "Where", "DataTypeParam", "Var"), "this"),
    **dict.fromkeys(("And", "Or", "Add", "Sub", "Mul", "Mod", "Pow", "IntDiv", "Escape"), _TWO),
    **dict.fromkeys(("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "NullSafeEQ", "NullSafeNEQ"), _TWO),
    **dict.fromkeys(("Is", "Like", "ILike"), "this expression negate"),
    "Column": "this",
    "Identifier": "this quoted",
    "Literal": "this is_string",
    "Null": "",
    "Star": "",
    "Div": "this expression typed safe",
    "DPipe": "this expression safe",
    "Between": "this low high negate",
    "In": "this expressions negate",
    "Case": "this ifs default",
    "If": "this true",
    "Cast": "this to",
    "TryCast": "this to safe requires_string",
    "DataType": "this expressions nested",
    "Interval": "this unit",
    "Extract": "this expression",
    "Anonymous": "this expressions",
    "Filter": "this expression",
    "Distinct": "expressions",
}
"""Every kind of node that an expression may hold, and what may be said of it."""

SPECIAL = frozenset({"cast", "try_cast", "extract"})
"""Calls that the grammar itself reads."""
_BEFORE_PARENTHESIS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "between",
        "like",
        "ilike",
        "escape",
        "is",
        "case",
        "when",
        "then",
        "else",
        "end",
        "where",
        "from",
        "distinct",
        "filter",
        "decimal",
        "numeric",
        "varchar",
        "interval",
        "as",
    ]
)

_READ = SPECIAL | _BEFORE_PARENTHESIS
_NAMED = "reltype_"

_ROWS = "an expression has no sub-selects, tables or statements"
_WORDS = {
    **dict.fromkeys(("select", "union", "intersect", "except", "with", "values"), _ROWS),
    **dict.fromkeys(("insert", "update", "delete", "create", "drop", "alter", "attach"), _ROWS),
    **dict.fromkeys(("copy", "install", "load", "pragma", "call", "export", "import"), _ROWS),
    **dict.fromkeys(("over", "qualify"), "an expression has no windows"),
    "lambda": "an expression has no lambdas",
    "collate": "use lower(x) to compare without case",
}
_MARKS = {
    "SEMICOLON": "one expression, without `;`",
    "PLACEHOLDER": "an expression has no parameters",
    "PARAMETER": "an expression has no parameters",
    "COLON": "an expression has no slices, structs or parameters",
    "L_BRACKET": "an expression has no lists and no access by index",
    "L_BRACE": "an expression has no structs",
    "ARROW": "an expression has no lambdas and no JSON access",
    "DARROW": "an expression has no JSON access",
    "SIMILAR_TO": "use LIKE or regexp_matches(x, 'pattern')",
    "TILDE": "use regexp_matches(x, 'pattern')",
    "DOT": "write a column without a table before it",
    "HEREDOC_STRING": "write text in single quotes",
    "BYTE_STRING": "write text in single quotes",
    "RAW_STRING": "write text in single quotes",
}


@frozen
class ExpressionText:
    """The text of an expression, for complaints that show where in it the culprit is."""

    text: str

    def error(self, reason: str, start: int | None = None, end: int | None = None) -> ConfigError:
        """The complaint; *start* and *end* are the first and last letter of the culprit."""
        if start is None:
            shown = " ".join(self.text[: 4 * _WIDTH].split())
            return ConfigError(f"{reason}\n    {_cut(shown)}")
        start = max(0, min(start, len(self.text)))
        end = start if end is None else max(start, end)
        begin = self.text.rfind("\n", 0, start) + 1
        line = self.text[begin:].split("\n", 1)[0]
        left = max(0, start - begin - _WIDTH // 2)
        shown = "".join(c if c.isprintable() else " " for c in line[left : left + _WIDTH])
        carets = max(1, min(end - start + 1, len(shown) - (start - begin - left)))
        return ConfigError(
            f"{reason}\n    {shown}\n    {' ' * (start - begin - left)}{'^' * carets}"
        )

    def error_at(self, reason: str, node: exp.Expr) -> ConfigError:
        """A ConfigError that names the text, the column of the node in it, and what is wrong."""
        spans = [n.meta for n in node.walk() if "start" in n.meta]
        if not spans:
            return self.error(reason)
        return self.error(reason, min(s["start"] for s in spans), max(s["end"] for s in spans))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


@cache
def language() -> DuckDB:
    """DuckDB's dialect."""
    from sqlglot.dialects.duckdb import DuckDB

    return DuckDB()


def read(place: ExpressionText, functions: Collection[str], left_out: dict[str, str]) -> exp.Expr:
    """The tree of an expression: allowed nodes only, calls as `Anonymous`.

    Args:
        place: The text.
        functions: Names that may be called, in lower case.
        left_out: Names that may not, and why.

    Raises:
        ConfigError: The text is too long or too deep, cannot be read, or holds what is not allowed.
    """
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError

    tokens = _tokens(place)
    _check_nesting(place, tokens)
    _check_words(place, tokens, functions, left_out)
    try:
        plain = [*_plain(tokens, functions)]
        trees = language().parser().parse_into(exp.Condition, plain, place.text)
    except ParseError as error:
        raise _unread(place, error) from error
    except (
        SqlglotError,
        RecursionError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
    ) as error:
        raise place.error("this cannot be read") from error
    if len(trees) != 1 or trees[0] is None:
        raise place.error("one expression is wanted")
    for call in trees[0].find_all(exp.Anonymous):
        call.set("this", call.name.removeprefix(_NAMED))
    _check_nodes(place, trees[0])
    return trees[0]


def _tokens(place: ExpressionText) -> list[Token]:
    from sqlglot.errors import SqlglotError

    if len(place.text) > MAX_LENGTH:
        raise place.error(f"an expression has at most {MAX_LENGTH:,} letters")
    for letter in "\0\ue000\ue001":
        if letter in place.text:
            reason = f"the letter U+{ord(letter):04X} cannot be used"
            raise place.error(reason, place.text.index(letter))
    try:
        tokens = language().tokenize(place.text)
    except (SqlglotError, ValueError, IndexError) as error:
        raise place.error("this cannot be read: is a quote not closed?") from error
    if not tokens:
        raise place.error("an expression is wanted, and this is empty")
    if len(tokens) > MAX_TOKENS:
        raise place.error(f"an expression has at most {MAX_TOKENS:,} words and signs")
    for token in tokens:
        if token.comments:
            raise place.error("an expression has no comments; in TOML they go behind a #")
    return tokens


def _check_nesting(place: ExpressionText, tokens: list[Token]) -> None:
    """Before the parser, which is recursive, sees it."""
    depth = run = 0
    for token in tokens:
        name = token.token_type.name
        run = run + 1 if name in {"NOT", "DASH", "PLUS", "TILDE", "INTERVAL"} else 0
        depth += name in {"L_PAREN", "CASE"}
        if depth > MAX_DEPTH or run > MAX_DEPTH // 3:
            raise place.error("this is nested too deeply", token.start, token.end)
        depth -= name in {"R_PAREN", "END"}


def _check_words(
    place: ExpressionText, tokens: list[Token], functions: Collection[str], left_out: dict[str, str]
) -> None:
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        mark = _MARKS.get(token.token_type.name)
        if mark is not None:
            raise place.error(mark, token.start, token.end)
        quoted = token.token_type.name in {"IDENTIFIER", "STRING", "NUMBER"}
        word = token.text.lower()
        is_call = following is not None and following.token_type.name == "L_PAREN"
        if quoted:
            if is_call and token.token_type.name == "IDENTIFIER":
                raise place.error("a function's name is not quoted", token.start, token.end)
            continue
        reason = left_out.get(word)
        if is_call and word.isidentifier() and word not in functions:
            if word not in _READ:
                if reason is None:
                    reason = _WORDS.get(word) or "no function has this name"
                    near = did_you_mean(word, functions)
                    near = near if near.startswith(" Did") else ""
                    reason = f"{reason}.{near}"
                raise place.error(
                    f"{token.text}() is not allowed: {reason}", token.start, token.end
                )
        elif word in _WORDS and token.token_type.name != "VAR":
            raise place.error(_WORDS[word], token.start, token.end)


def _plain(tokens: list[Token], functions: Collection[str]) -> Iterator[Token]:
    """The tokens, in which the parser finds no functions of its own.

    A call gets a name that it does not know, so that it keeps it; what it takes for a call without
    parentheses (`current_date`, `if x`) becomes a column's name. A parser of our own without
    functions would do, but compiled ones have no descendants.
    """
    from sqlglot.tokenizer_core import Token, TokenType

    parser = language().parser_class
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        word, type_ = token.text.lower(), token.token_type
        place = (token.line, token.col, token.start, token.end)
        if type_ in {TokenType.IDENTIFIER, TokenType.STRING} or word in _READ:
            yield token
        elif following is not None and following.token_type == TokenType.L_PAREN:
            known = word in functions
            yield Token(TokenType.VAR, _NAMED + token.text, *place) if known else token
        elif type_ in parser.NO_PAREN_FUNCTIONS or word.upper() in parser.NO_PAREN_FUNCTION_PARSERS:
            yield Token(TokenType.IDENTIFIER, token.text, *place)
        else:
            yield token


def _unread(place: ExpressionText, error: Exception) -> ConfigError:
    details = getattr(error, "errors", None) or [{}]
    row, column = details[0].get("line"), details[0].get("col")
    reason = str(details[0].get("description") or "it does not hold together").rstrip(".")
    if reason.startswith("Required keyword"):
        reason = "something is missing"
    reason = reason.replace("Invalid expression / Unexpected token", "this is not expected here")
    reason = f"this cannot be read: {reason[:1].lower()}{reason[1:]}"
    if row is None or column is None:
        return place.error(reason)
    lines = place.text.split("\n")
    word = str(details[0].get("highlight") or " ")
    start = sum(len(line) + 1 for line in lines[: row - 1]) + column - len(word)
    return place.error(reason, start, start + len(word) - 1)


def _check_nodes(place: ExpressionText, tree: exp.Expr) -> None:
    for node, depth in _by_depth(tree):
        name = type(node).__name__
        said = {key for key, value in node.args.items() if value not in (None, False, [])}
        if name not in NODES or not said <= set(NODES[name].split()):
            raise place.error_at(f"{_called(name)} is not allowed in an expression", node)
        if depth > MAX_DEPTH:
            raise place.error_at("this is nested too deeply", node)


def _by_depth(tree: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    """Every node with its depth, where a chain of AND or OR counts once; without recursion."""
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        for child in node.iter_expressions():
            chained = type(child) is type(node) and type(node).__name__ in {"And", "Or"}
            stack.append((child, depth if chained else depth + 1))


def _called(name: str) -> str:
    words = {
        "Select": "a sub-select",
        "Subquery": "a sub-select",
        "Tuple": "a list of values",
        "AtTimeZone": "AT TIME ZONE",
        "Order": "ORDER BY",
        **dict.fromkeys(("BitwiseAnd", "BitwiseOr", "BitwiseXor"), "an operator on bits"),
        **dict.fromkeys(("BitwiseLeftShift", "BitwiseRightShift"), "an operator on bits"),
        "Window": "a window",
        "Placeholder": "a parameter",
        "RawString": "a $$text$$",
    }
    return words.get(name, name)
