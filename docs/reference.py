"""Writes docs/reference.md, the reference of everything public, from the code.

python docs/reference.py            # write it
python docs/reference.py --check    # exit 1 where it is not what the code says
"""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from textwrap import dedent

PAGE = Path(__file__).with_name("reference.md")
ROOMS = (
    "reltype",
    "reltype.plugin",
    "reltype.plugins.hookspecs",
    "reltype.checks",
    "reltype.errors",
)
"""What is public: the names in `__all__` of each, or, where it has none, what it defines."""

HEAD = """# Reference

Everything public, from the code: `python docs/reference.py` writes this page, and a test holds it to the code. What is not here,
or starts with an underscore, may change in any version.
"""


def public(module):
    """Name → object, as the module shows them."""
    names = getattr(module, "__all__", None) or sorted(
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
    )
    return {name: getattr(module, name) for name in names}


def page():
    """The page."""
    parts = [HEAD]
    seen = set()
    for room in ROOMS:
        module = import_module(room)
        parts.append(f"## `{room}`\n\n{(module.__doc__ or '').strip().splitlines()[0]}\n")
        for name, thing in public(module).items():
            home = f"{getattr(thing, '__module__', room)}.{getattr(thing, '__qualname__', name)}"
            if home in seen:
                parts.append(f"### `{room}.{name}`\n\nThe same as above.\n")
                continue
            seen.add(home)
            parts.append(entry(f"{room}.{name}", thing))
    return "\n".join(parts)


def entry(path, thing):
    """One name: its signature, what its docstring says, and a class's methods."""
    short = path.rpartition(".")[2]
    if inspect.isclass(thing):
        text = f"### `{path}`\n\n{signature(short, thing, 'class ')}\n{described(thing)}"
        for name, method in methods(thing):
            text += f"\n#### `{short}.{name}`\n\n{member(name, method)}"
        return text
    if callable(thing):
        return f"### `{path}`\n\n{signature(short, thing)}\n{described(thing)}"
    return f"### `{path}`\n\n{type(thing).__name__}.\n"


def methods(cls):
    """The public methods and properties that the class itself, or one of ours above it, defines."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("reltype"):
            found |= {
                name: value
                for name, value in vars(base).items()
                if (
                    not name.startswith("_")
                    and isinstance(value, (property, classmethod, staticmethod))
                )
                or (not name.startswith("_") and inspect.isfunction(value))
            }
    return sorted(found.items())


def member(name, method):
    """A method or a property."""
    if isinstance(method, property):
        return described(method.fget)
    function = getattr(method, "__func__", method)
    return f"{signature(name, function)}\n{described(function)}"


def signature(name, thing, before=""):
    """A Python block with the call, an argument a line where it is long."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return ""
    inside, star = [], False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            star = True
            inside.append("*")
        star = star or parameter.kind is parameter.VAR_POSITIONAL
        inside.append(argument(parameter))
    gives = found.return_annotation
    end = "" if inspect.isclass(thing) or gives is found.empty else f" -> {shown(gives)}"
    line = f"{before}{name}({', '.join(inside)}){end}"
    if len(line) > 100:
        line = f"{before}{name}(\n{''.join(f'    {part},{chr(10)}' for part in inside)}){end}"
    return f"```text\n{line}\n```\n"


def argument(parameter):
    """A parameter as it is written."""
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {shown(parameter.annotation)}"
    if parameter.default is not parameter.empty:
        default = repr(parameter.default)
        text += f" = {'…' if '<' in default or 'NOTHING' in default or 'Factory' in default else default}"
    return text


def shown(annotation):
    """A type as it is written."""
    return (
        annotation
        if isinstance(annotation, str)
        else getattr(annotation, "__name__", str(annotation))
    )


def described(thing):
    """The docstring as Markdown: sections in bold, arguments as a list, examples as code."""
    text = inspect.cleandoc(thing.__doc__ or "")
    lines, section, code = [], None, False
    for line in text.splitlines():
        if re.fullmatch(
            r"(Args|Attributes|Raises|Returns|Yields|Examples?|Raises, when called):", line
        ):
            section = line[:-1]
            lines += ["", f"**{section}**", ""]
            code = section.startswith("Example")
            lines += ["```text"] if code else []
        elif section is None or not line.strip():
            lines.append(line)
        elif code:
            lines.append(dedent(line) if line.startswith("    ") else line)
        else:
            item = re.match(r"    ([\w, ]+?(?: \([^)]*\))?): (.*)", line)
            lines.append(
                f"- `{item[1]}`: {item[2]}"
                if item and section != "Returns"
                else f"  {line.strip()}"
            )
    if code:
        while not lines[-1].strip():
            lines.pop()
        lines.append("```")
    return "\n".join(lines).strip() + "\n"


def main():
    """Write the page, or check it."""
    made = page()
    if "--check" in sys.argv:
        old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        sys.exit(
            0
            if old == made
            else "docs/reference.md is not what the code says: python docs/reference.py"
        )
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
