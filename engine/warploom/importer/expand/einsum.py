"""Einsum written out: sums, a matrix product with batches for every two operands, and transposes around them."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warploom.importer.expand.writer import Expander, Writer


@dataclass(frozen=True, slots=True)
class _Term:
    """A tensor and the letter of each of its dimensions."""

    name: str
    letters: str


def einsum(writer: Writer) -> None:
    """Operands are joined from left to right; a letter is summed as soon as nothing behind needs it."""
    terms, wanted = _parsed(writer)
    sizes = _sizes(writer, terms)
    term, *rest = terms
    term = _summed(writer, term, _needed(rest, wanted))
    while rest:
        other = _summed(writer, rest.pop(0), wanted + term.letters + _letters(rest))
        term = _joined(writer, term, other, _needed(rest, wanted), sizes)
    writer.result(_ordered(writer, term, wanted))


def _parsed(writer: Writer) -> tuple[list[_Term], str]:
    """Operands and result with a letter for every dimension, those of an ellipsis included."""
    equation = writer.node.text("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    parts = left.split(",")
    names = writer.node.inputs
    free = [letter for letter in string.ascii_letters if letter not in equation]
    ranks = [len(writer.shape(name)) for name in names]
    covered = [rank - len(part.replace("...", "")) for rank, part in zip(ranks, parts, strict=True)]
    width = max((extra for extra, part in zip(covered, parts, strict=True) if "..." in part), default=0)
    spread = "".join(free[:width])
    terms = [
        _Term(name, part.replace("...", spread[width - extra :] if extra else ""))
        for name, part, extra in zip(names, parts, covered, strict=True)
    ]
    if any(len(set(term.letters)) < len(term.letters) for term in terms):
        raise writer.node.failure("takes a diagonal, which Warploom does not support: export the model without it.")
    if not arrow:
        everything = _letters(terms)
        right = "..." + "".join(sorted(letter for letter in set(left) & set(string.ascii_letters)
                                       if everything.count(letter) == 1))  # fmt: skip
    return terms, right.replace("...", spread)


def _letters(terms: Iterable[_Term]) -> str:
    return "".join(term.letters for term in terms)


def _needed(rest: Sequence[_Term], wanted: str) -> str:
    return wanted + _letters(rest)


def _sizes(writer: Writer, terms: Sequence[_Term]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term in terms:
        for letter, size in zip(term.letters, writer.shape(term.name), strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    return sizes


def _summed(writer: Writer, term: _Term, needed: str) -> _Term:
    """Without the letters that nothing else has."""
    axes = [axis for axis, letter in enumerate(term.letters) if letter not in needed]
    if not axes:
        return term
    left = "".join(letter for letter in term.letters if letter in needed)
    return _Term(writer.total(term.name, *axes), left)


def _joined(writer: Writer, left: _Term, right: _Term, needed: str, sizes: Mapping[str, int]) -> _Term:
    """The product of two operands, summed over what is not needed."""
    shared = [letter for letter in left.letters if letter in right.letters]
    batch = "".join(letter for letter in shared if letter in needed)
    inner = "".join(letter for letter in shared if letter not in needed)
    rows = "".join(letter for letter in left.letters if letter not in shared)
    columns = "".join(letter for letter in right.letters if letter not in shared)
    if not inner:
        return _multiplied(writer, left, right, batch + rows + columns)
    a = _grouped(writer, left, (batch, rows, inner), sizes)
    b = _grouped(writer, right, (batch, inner, columns), sizes)
    product = writer.op("MatMul", a, b)
    return _Term(_spread(writer, product, (batch, rows, columns), sizes), batch + rows + columns)


def _multiplied(writer: Writer, left: _Term, right: _Term, letters: str) -> _Term:
    """Element by element, each spread over the letters that it lacks."""
    spread = []
    for term in (left, right):
        name = _ordered(writer, term, "".join(letter for letter in letters if letter in term.letters))
        missing = [axis for axis, letter in enumerate(letters) if letter not in term.letters]
        spread.append(writer.unsqueeze(name, *missing) if missing else name)
    return _Term(writer.op("Mul", *spread), letters)


def _grouped(writer: Writer, term: _Term, groups: tuple[str, str, str], sizes: Mapping[str, int]) -> str:
    """The dimensions of the batch one by one, those of rows and those of columns as one each."""
    name = _ordered(writer, term, "".join(groups))
    if len(groups[1]) == len(groups[2]) == 1:
        return name
    batch = [_own_size(writer, term, letter, sizes) for letter in groups[0]]
    return writer.reshape(name, *batch, *(_product(group, sizes) for group in groups[1:]))


def _own_size(writer: Writer, term: _Term, letter: str, sizes: Mapping[str, int]) -> int:
    """Size of a dimension of the batch in one operand: 1 where it is repeated."""
    known = writer.scope.tensors.get(term.name)
    return sizes[letter] if known is None else known.shape[term.letters.index(letter)]


def _product(letters: str, sizes: Mapping[str, int]) -> int:
    result = 1
    for letter in letters:
        result *= sizes[letter]
    return result


def _spread(writer: Writer, name: str, groups: tuple[str, str, str], sizes: Mapping[str, int]) -> str:
    """Every dimension by itself again."""
    if len(groups[1]) == len(groups[2]) == 1:
        return name
    return writer.reshape(name, *(sizes[letter] for letter in "".join(groups)))


def _ordered(writer: Writer, term: _Term, letters: str) -> str:
    if term.letters == letters:
        return term.name
    return writer.transpose(term.name, [term.letters.index(letter) for letter in letters])


EXPANDERS: Mapping[str, Expander] = {"Einsum": einsum}
