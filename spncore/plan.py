"""Mathematics on small arrays, compiled: NumPy functions run once on symbols leave bound calls with their outputs.

A step on a few hundred numbers spends its time in allocating results and in finding out what to do. Functions that only
use ufuncs, views, `take`, `concatenate` and the like are run once on symbols; each operation then is a call that knows
its inputs and its output, and running the plan does them again, with the same bits. What depends on no symbol is done
once, while compiling.

>>> plan = Plan()
>>> w = plan.symbol("w", np.array([1.0, 4.0]))
>>> root = plan.named("r", np.sqrt(w) + 1.0)
>>> w.array[:] = 9.0
>>> plan.run()
>>> root.array.tolist(), str(plan)
([4.0, 4.0], 'r = √w + 1')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any, TypeVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from spncore.arrays import Array

_INFIX = {"add": "+", "subtract": "−", "multiply": "·", "true_divide": "/", "divide": "/", "matmul": "@"}
_REDUCED = {"add": "Σ", "multiply": "∏", "maximum": "max", "minimum": "min"}
_PREFIX = {"sqrt": "√", "negative": "−", "absolute": "|·|"}
_VIEWS = (np.moveaxis, np.swapaxes, np.transpose, np.reshape, np.broadcast_to, np.squeeze, np.expand_dims)
Result = TypeVar("Result")


class Symbol(NDArrayOperatorsMixin):
    """An array of a plan under construction; what is done with it becomes a call of the plan.

    `array` holds its values, `text` is how it reads; it may not be branched on, nor turned into a plain array.
    """

    def __init__(self, plan: Plan, array: Array, text: str, is_whole: bool = True) -> None:
        self.plan, self.array, self.text = plan, array, text
        self.operand = text if is_whole else f"({text})"  # as it reads within another operation

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        text, is_whole = _written(ufunc.__name__, method, inputs)
        return self.plan.call(function, inputs, options, text, None if out is None else out[0], is_whole)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function in _VIEWS:
            first, *others = inputs
            return self.viewed(function(first.array, *others, **options))
        text = f"{function.__name__}({', '.join(map(_text, inputs))})"
        if function is np.concatenate:
            return self.plan.call(function, inputs, options, _text(inputs[0]), is_whole=True)
        return self.plan.whole(partial(function, **options), inputs, text)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a symbol is no plain array; a plan's functions work on what they are given")

    def __bool__(self) -> bool:
        raise TypeError("a plan cannot branch on values; make the branch a function that is `whole`")

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Symbol]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, index: Any) -> Symbol:
        inside = _index_text(index)
        text = f"{self.operand}[{inside}]" if inside else self.text
        view = self.array[index]
        if view.base is not None and np.may_share_memory(view, self.array):
            return Symbol(self.plan, view, text)
        picked: Symbol = self.plan.whole(lambda array: array[index], (self,), text)
        return picked

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, Symbol) and value.array.__array_interface__ == self.array[index].__array_interface__:
            return  # as after `x[i] += y`, which has written there
        self.plan.bound(partial(_put, index, _arrays(value)), self.array, _text(value))

    def viewed(self, view: Array) -> Symbol:
        """The same values in another shape; TypeError if they would have to be copied."""
        if not np.may_share_memory(view, self.array):
            raise TypeError(f"{self.text}: these values do not lie so that another shape is a view of them")
        return Symbol(self.plan, view, self.text, self.operand == self.text)

    def reshape(self, *shape: Any) -> Symbol:
        """As an array's reshape, always a view."""
        return self.viewed(self.array.reshape(*shape))

    def swapaxes(self, one: int, other: int) -> Symbol:
        """As an array's swapaxes."""
        return self.viewed(self.array.swapaxes(one, other))

    def ravel(self) -> Symbol:
        """As an array's ravel, always a view."""
        return self.viewed(self.array.ravel())

    def take(self, places: Any, axis: int = -1) -> Symbol:
        """As an array's take."""
        found = self.array.take(places, axis=axis)  # IndexError where a place is outside; later calls need not look
        text = f"{self.operand}[{'φ' if np.ndim(places) > 1 else 'i'}]"
        bound = partial(self.array.take, places, axis=axis, mode="clip")
        return self.plan.bound(bound, found, text)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its array."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Of its array."""
        return self.array.ndim

    @property
    def dtype(self) -> Any:
        """Of its array."""
        return self.array.dtype


class Plan:
    """Bound calls in order, and lines of mathematics that say what they do."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], Any]] = []
        self._lines: list[str] = []

    def symbol(self, name: str, array: Array) -> Symbol:
        """An input: whoever runs the plan writes to its array before."""
        return Symbol(self, array, name)

    def named(self, name: str, value: Any) -> Any:
        """The same value by a name; the lines say what it is. A constant stays what it is."""
        if not isinstance(value, Symbol):
            return value
        self._lines.append(f"{name} = {value.text}")
        return Symbol(self, value.array, name)

    def run(self) -> None:
        """All calls, in order."""
        for call in self._calls:
            call()

    def __len__(self) -> int:
        return len(self._calls)

    def __str__(self) -> str:
        return "\n".join(self._lines)

    def call(
        self, function: Any, inputs: Any, options: Any, text: str, out: Any = None, is_whole: bool = False
    ) -> Symbol:
        """An operation that takes `out`; `is_whole` if its text needs no brackets within another's."""
        call = partial(function, *_arrays(inputs), **options)
        if out is None:
            return self.bound(call, np.array(call()), text, is_whole)
        return self.bound(call, out.array if isinstance(out, Symbol) else out, text, is_whole)

    def whole(self, function: Callable[..., Any], inputs: Any, text: str) -> Any:
        """A function with a result of its own, which is copied to where the plan has it."""
        arrays = _arrays(inputs)

        def written(out: Array) -> None:
            out[...] = function(*arrays)

        return self.bound(written, np.array(function(*arrays)), text)

    def bound(self, call: Callable[..., Any], out: Array, text: str, is_whole: bool = True) -> Symbol:
        """A call that writes to `out`, which holds an example of its result."""
        do = partial(call, out=out)
        do()
        self._calls.append(do)
        return Symbol(self, out, text, is_whole)

    def add(self, call: Callable[[], Any], line: str) -> None:
        """A call that knows where it reads and writes."""
        self._calls.append(call)
        self._lines.append(line)


def whole(function: Callable[..., Result]) -> Callable[..., Result]:
    """Mark a function that branches on values: in a plan it is one call."""

    @wraps(function)
    def either(*inputs: Any) -> Any:
        plan = next((value.plan for value in inputs if isinstance(value, Symbol)), None)
        if plan is None:
            return function(*inputs)
        return plan.whole(function, inputs, f"{function.__name__}({_text(inputs[0])})")

    return either


def _put(index: Any, value: Array, out: Array) -> None:
    out[index] = value


def _arrays(values: Any) -> Any:
    """The same nested values with the arrays of symbols."""
    if isinstance(values, Symbol):
        return values.array
    if type(values) in (list, tuple):
        return type(values)(map(_arrays, values))
    return values


def _text(value: Any) -> str:
    if isinstance(value, Symbol):
        return value.text
    if type(value) in (list, tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, np.ndarray) and value.size > 1:
        return "c"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _operand(value: Any) -> str:
    return value.operand if isinstance(value, Symbol) else _text(value)


def _written(name: str, method: str, inputs: Any) -> tuple[str, bool]:
    """How an operation reads, and whether it needs no brackets within another."""
    first = _operand(inputs[0])
    if method in ("reduce", "reduceat"):
        return f"{_REDUCED.get(name, name)} {first}", False
    if name in _INFIX and len(inputs) == 2:
        return f"{first} {_INFIX[name]} {_operand(inputs[1])}", False
    if name in _PREFIX:
        return f"{_PREFIX[name]}{first}", True
    return (f"{name} {first}", False) if len(inputs) == 1 else (f"{name}({', '.join(map(_text, inputs))})", True)


def _index_text(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(text for text in map(_part_text, parts) if text)


def _part_text(part: Any) -> str:
    if part is Ellipsis or part is None or (isinstance(part, slice) and part == slice(None)):
        return ""
    if isinstance(part, slice):
        return f"{'' if part.start is None else part.start}:{'' if part.stop is None else part.stop}"
    return "i" if isinstance(part, np.ndarray) else str(part)
