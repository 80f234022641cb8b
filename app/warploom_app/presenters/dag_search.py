"""Searching the DAG: which nodes have a text, or match a regular expression, in their name, type or shape."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRegularExpression

from warploom_app.presenters.dag_nodes import DagNode

_AT_ONCE = 50
# Bounds what one match may try, so that an expression like (a+)+$ on a long name costs milliseconds, not minutes.
_LIMIT = "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=2000)"


class SearchIn(enum.StrEnum):
    """What is searched."""

    ANYWHERE = "anywhere"
    NAME = "name"
    TYPE = "type"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What the user looks for; without a regular expression all words must occur, in any order and case."""

    text: str = ""
    regex: bool = False
    where: SearchIn = SearchIn.ANYWHERE

    @property
    def error(self) -> str:
        """What is wrong with the regular expression; "" if it is fine."""
        if not self.regex:
            return ""
        pattern = _pattern(self.text)
        if pattern.isValid():
            return ""
        place = pattern.patternErrorOffset() - len(_LIMIT)
        return QCoreApplication.translate("DagSearch", "{} (at character {})").format(pattern.errorString(), place + 1)


def search(nodes: Sequence[DagNode], query: SearchQuery, into: list[str]) -> Iterator[None]:
    """Appends the names of the nodes that match, in small steps, so that a window can go on living."""
    if not query.text.strip() or query.error:
        return
    matches = _by_expression(query.text) if query.regex else _by_words(query.text)
    for i, node in enumerate(nodes):
        if matches(_fields(node, query.where)):
            into.append(node.name)
        if i % _AT_ONCE == _AT_ONCE - 1:
            yield


def _fields(node: DagNode, where: SearchIn) -> tuple[str, ...]:
    name = (node.name, node.alias, *(node.sources if len(node.sources) <= 8 else node.sources[:8]))
    kind = (*_as_typed(f"{node.title} {node.detail}".rstrip()), node.kind)
    shape = (*_as_typed(node.shape), _as_typed(node.shape)[-1].replace(" ", ""))
    return {SearchIn.NAME: name, SearchIn.TYPE: kind, SearchIn.SHAPE: shape}.get(where, (*name, *kind, *shape))


def _as_typed(text: str) -> tuple[str, str]:
    """As it is shown, and as it is typed: few keyboards have a ×."""
    return text, text.replace("×", "x")


def _pattern(text: str) -> QRegularExpression:
    return QRegularExpression(_LIMIT + text, QRegularExpression.PatternOption.CaseInsensitiveOption)


def _by_expression(text: str) -> Callable[[tuple[str, ...]], bool]:
    pattern = _pattern(text)
    return lambda fields: any(pattern.match(field).hasMatch() for field in fields)


def _by_words(text: str) -> Callable[[tuple[str, ...]], bool]:
    words = _shapes_joined(text.casefold()).split()

    def matches(fields: tuple[str, ...]) -> bool:
        joined = "\n".join(fields).casefold()
        return all(word in joined for word in words)

    return matches


def _shapes_joined(text: str) -> str:
    """A shape may be typed as 160 x 17 x 17, 160×17×17 or 160, 17, 17."""
    return re.sub(r"(?<=\d)\s*(?:[x×*,]\s*|\s)(?=\d)", "x", text)
