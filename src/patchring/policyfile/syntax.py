"""What the parser of YAML has to say, in plain words, at the line where the mistake is: for a quote or a bracket that
is not closed that is where it was opened, and the parser notices many lines later."""

import re
from typing import Any

import yaml
from yaml.tokens import ScalarToken

from patchring.policyfile.errors import Problem

_QUOTE = "put a text that has a colon and a space in it between quotes, or mind the indentation"
_PLAIN = (
    ("while scanning an alias", "`*` begins an alias, which is not read here; put a text that begins so in quotes"),
    ("while scanning an anchor", "`&` begins an anchor, which is not read here; put a text that begins so in quotes"),
    ("scanning a tag", "`!` begins a tag, which is not read here; put a text that begins so in quotes"),
    ("parsing a tag", "`!` begins a tag, which is not read here; put a text that begins so in quotes"),
    ("scanning a directive", "a line that begins with % is not read here; remove it"),
    ("sequence entries are not", "a row, which begins with `- `, is where none can be; put it on a line of its own"),
    ("mapping keys are not", "a `?` is where no key can be; put a text that begins so in quotes"),
    ("mapping values are not allowed", f"a colon is where no key can be; {_QUOTE}"),
    ("'\\t' that cannot start", "there is a tab; indent with spaces, not with tabs"),
    ("that cannot start any token", "a text cannot begin with {0}; put it between quotes"),
    ("unknown escape character", "there is no escape \\{0}; double it, or use single quotes"),
    ("expected the node content", "expected a value, got {1}"),
    ("expected '<document start>'", "expected a key such as `title: ...`; a line that begins with % is not read here"),
    ("block scalar", "after `|` or `>` expected the end of the line, got {1}; put the text between quotes"),
)
_WORDS = {"'<stream end>'": "the end of the text", "'<scalar>'": "a text", "'?'": "a key", "'-'": "a row"}


def syntax(error: yaml.YAMLError, text: str) -> Problem:
    """The problem of a text that is not YAML."""
    line, found = _told(error, text)
    return Problem(line, "", f"this is not YAML: {found}")


def _told(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """(line, sentence)"""
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or str(error).splitlines()[0])
    context, line = str(getattr(error, "context", None) or ""), mark.line + 1 if mark else 1
    if "quoted scalar" in context and opened and "found unexpected" in said:
        return opened.line + 1, "a quote is opened here and never closed; close it at the end of the text"
    if mark and (quoted := _quote_over_lines(text, mark)):
        return quoted, f"a quote is opened here and closed only on line {line}; close it at the end of the text"
    if opened and "flow" in context and "node" not in context:
        return _bracket(opened.line + 1, line, "{}" if "mapping" in context else "[]", _got(said))
    if "could not find expected ':'" in said and opened:
        text_ = "expected a key with a colon, as in `title: ...`, or a row of a list, which begins with `- `"
        return opened.line + 1, text_
    if "<block end>" in said:
        return line, _block(context, said, opened.line + 1 if opened else line)
    return line, next((_filled(words, said) for sign, words in _PLAIN if sign in f"{context} {said}"), said)


def _quote_over_lines(text: str, mark: yaml.Mark) -> int:
    """The line of a quoted text that goes over several and ends where the parser stumbled; 0: there is none."""
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= mark.index:
                break
            over = token.end_mark.line > token.start_mark.line and token.end_mark.line == mark.line
            if isinstance(token, ScalarToken) and token.style in ("'", '"') and over:
                return int(token.start_mark.line) + 1
    except yaml.YAMLError:
        pass  # what was scanned before it is what is asked
    return 0


def _bracket(opened: int, line: int, pair: str, got: str) -> tuple[int, str]:
    if opened == line:
        return line, f"between `{pair[0]}` and `{pair[1]}` expected a comma or `{pair[1]}`, got {got}"
    text = f"`{pair[0]}` is opened here and not closed before line {line}; close it with `{pair[1]}`, or add the comma"
    return opened, f"{text} that is missing"


def _block(context: str, said: str, began: int) -> str:
    """Among keys or rows comes what is neither."""
    if "'}'" in said or "']'" in said:
        return f"{_got(said)} closes nothing that is open; remove it, or put the text between quotes"
    if "<scalar>" in said:
        return "a text goes on after its closing quote; put all of it between quotes, and write '' for ' in it"
    if "collection" in context:
        text = f"this line belongs to no row of the list that begins on line {began}"
        return f"{text}; begin a row with `- `, and indent the keys of a row alike"
    if "'-'" in said:
        return "a row, which begins with `- `, stands among keys; write it below the key whose list it belongs to"
    return f"this line is not indented as the keys from line {began} on; indent keys of one thing alike"


def _filled(words: str, said: str) -> str:
    """{0} is the character that was found, {1} what came."""
    found = re.search(r"character '(.*?)'|character (\S+)", said)
    return words.format((found[1] or found[2]) if found else "it", _got(said))


def _got(said: str) -> str:
    found: Any = re.search(r"(?:but got|but found) ('.*')", said)
    if found is None:
        return "something else"
    return _WORDS.get(found[1], f"`{found[1][1:-1]}`" if "<" not in found[1] else "something indented otherwise")
