"""Which tests bite: small faults are put into a module, one at a time, and one of its tests must fail.

    python -m tests.mutants [MODULE ...] [--most N]    MODULE: a part of a name, such as metrics.ranking; else all

A mutant has one operator, number, text, condition or call changed. Each is a fork of a process that has collected the
tests, with the changed functions and constants put in place, so it costs a fraction of a second and leaves nothing.
Printed: mutants killed, and the survivors as `line: before -> after`.
Not mutated: annotations, decorators, docstrings, and the texts of errors and papers. Not run: tests that start
processes, which would import the unchanged source, and slow ones; the whole suite kills more.
"""

import argparse
import ast
import copy
import gc
import importlib
import os
import random
import re
import resource
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop as run_tests

METRICS = ["tests/evaluation/metrics"]
TESTS = {
    "evaluation/metrics/(result|summary)": [*METRICS, "tests/evaluation/own", "tests/evaluation/test_choices.py"],
    "evaluation/metrics/[a-z]": METRICS,
    "objectives/.*[a-z]\\.py": ["tests/objectives", "tests/contracts/test_objectives.py"],
    "data/draw": ["tests/data/test_draw.py"],
    "data/sampler": ["tests/data/test_batches.py"],
}
#: Contract tests run for the module's own objective, and for these where it is a part of several.
OBJECTIVES = {"_basis": ["semclip"], "_heads": ["xclip", "superclip"], "base": ["clip", "superclip", "weighted_sum"]}
OBJECTIVES |= {part: ["negclip", "semclip_plus", "tngclip", "laclip"] for part in ("_contrastive", "_chunks")}
NOT_RUN = "ranks|imports_no_torch|is_not_stale|worker|gpu"  # processes
NOT_RUN += "|one_time_in_twenty|false_alarms|covers|for_many_items|no_matrix|exclusion"  # slow

PAIRS = [("Lt", "LtE"), ("Gt", "GtE"), ("Eq", "NotEq"), ("Is", "IsNot"), ("In", "NotIn"), ("Add", "Sub"), ("And", "Or")]
PAIRS += [("Mult", "Div"), ("BitAnd", "BitOr"), ("min", "max"), ("any", "all"), ("sum", "mean"), ("minimum", "maximum")]
SWAPPED = {a: b for x, y in PAIRS for a, b in ((x, y), (y, x))} | {"FloorDiv": "Mult", "Mod": "Mult", "Pow": "Mult"}
DROPPED = {"abs", "clamp", "clip", "detach", "double", "sort", "sorted", "square", "sqrt", "unique", "set"}


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """The faulty versions of one node of the syntax tree."""

    def changed(node: ast.AST, **fields: Any) -> ast.AST:
        fault = copy.copy(node)
        for name, value in fields.items():
            setattr(fault, name, value)
        return fault

    def swapped(operator: ast.AST) -> Any:
        return getattr(ast, SWAPPED[type(operator).__name__])()

    match node:
        case ast.Compare(ops=operators):
            for i, operator in enumerate(operators):
                yield changed(node, ops=[*operators[:i], swapped(operator), *operators[i + 1 :]])
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) | ast.BoolOp(op=operator):
            if type(operator).__name__ in SWAPPED:
                yield changed(node, op=swapped(operator))
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(str(value)):
            yield ast.Constant("XX" + value)
        case ast.IfExp(test, body, otherwise):
            yield ast.IfExp(test, otherwise, body)
        case ast.If(test=test):
            yield changed(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[_, *_]):
            yield changed(node, ifs=[])
        case ast.Raise() | ast.Expr(ast.Call()) | ast.Continue():
            yield ast.Pass()
        case ast.Call(ast.Name(name)) if name in SWAPPED:
            yield changed(node, func=ast.Name(SWAPPED[name], ast.Load()))
        case ast.Call(ast.Attribute(_, name)) if name in SWAPPED:
            yield changed(node, func=changed(node.func, attr=SWAPPED[name]))
        case ast.Call(ast.Name(name) | ast.Attribute(ast.Name("np"), name), [argument, *_]) if name in DROPPED:
            yield argument
        case ast.Call(ast.Attribute(value, name)) if name in DROPPED:
            yield value


def sites(node: ast.AST) -> Iterator[tuple[ast.AST, str, Any, ast.AST, ast.AST]]:
    """Each fault below a node, as (parent, field, the field's faulty value, the node as it was, the faulty node)."""
    for field, value in ast.iter_fields(node):
        several = isinstance(value, list)
        for place, child in enumerate(value if several else [value]):
            match child:
                case (
                    ast.JoinedStr()
                    | ast.Expr(ast.Constant())
                    | ast.Call(ast.Name("UserError" | "Paper" | "finite" | "single" | "refuse_bad_weights"))
                ):
                    continue
                case ast.AST() if field not in ("annotation", "returns", "decorator_list"):
                    for fault in faults(child):
                        put = [*value[:place], fault, *value[place + 1 :]] if several else fault
                        yield node, field, put, child, fault
                    yield from sites(child)


def transplant(live: Any, mutant: Any, module: str) -> None:
    """Give a living module or class its mutant's functions and constants, also where they were imported."""
    for key, value in list(vars(mutant).items()):
        old, new = (getattr(x, "fget", None) or getattr(x, "__func__", x) for x in (vars(live).get(key), value))
        if callable(new) and (getattr(new, "__module__", "") != module or type(old) is not type(new)):
            continue
        if isinstance(new, type):
            transplant(old, new, module)
        elif isinstance(new, types.FunctionType):
            old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
            for name, mine, theirs in zip(
                new.__code__.co_freevars, old.__closure__ or (), new.__closure__ or (), strict=True
            ):
                if name != "__class__":
                    mine.cell_contents = theirs.cell_contents
        elif isinstance(live, types.ModuleType) and not key.startswith("__"):
            for user in [user for name, user in sys.modules.items() if name.startswith(("semclip", "tests"))]:
                if key in vars(user) and vars(user)[key] is old:
                    setattr(user, key, new)
        elif key == "__dataclass_fields__" or not (key.startswith("__") or hasattr(new, "__set__")):
            setattr(live, key, new)


class Mutants:
    """A pytest plugin that runs the collected tests once for each mutant of a file."""

    def __init__(self, path: Path, most: int) -> None:
        self.path, self.module = path, ".".join(path.with_suffix("").parts[1:])
        self.tree = ast.parse(path.read_text())
        every = list(sites(self.tree))
        chosen = random.Random(self.module).sample(range(len(every)), min(most, len(every)))
        self.mutants = [every[i] for i in sorted(chosen)]
        self.survivors: list[str] = []
        self.used: list[str] = []
        self.killer = self.running = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        names = OBJECTIVES.get(self.path.stem, [self.path.stem])
        for item in list(items):
            named = (
                item.callspec.params.get("name") if "contracts" in item.nodeid and hasattr(item, "callspec") else None
            )
            if re.search(NOT_RUN, item.nodeid) or named not in (None, *names):
                items.remove(item)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.killer = self.killer or (report.nodeid if report.failed else "")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.running = nodeid

    def note_use(self, frame: types.FrameType, event: str, value: object) -> None:
        if event == "call" and frame.f_code.co_filename == str(self.path) and self.running not in self.used:
            self.used.append(self.running)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.setprofile(self.note_use)
        killer, used, seconds = self.run(session, 600)
        sys.setprofile(None)
        assert not killer, f"without a fault: {killer}"
        session.items[:] = [item for item in session.items if item.nodeid in used] or session.items
        gc.freeze()
        for parent, field, put, child, fault in self.mutants:
            before = getattr(parent, field)
            setattr(parent, field, put)
            killer, *_ = self.run(session, int(2 * seconds + 5))
            setattr(parent, field, before)
            if killer:  # the next mutants meet it first
                session.items.sort(key=lambda item, killer=killer: item.nodeid != killer)  # type: ignore[misc]
            else:
                line = next(x.lineno for x in ast.walk(child) if hasattr(x, "lineno"))
                self.survivors.append(f"  {line}: {ast.unparse(child)[:100]}  ->  {ast.unparse(fault)[:100]}")
        return True

    def run(self, session: pytest.Session, limit: int) -> tuple[str, list[str], float]:
        """The test that fails or what else ended the run, empty where all pass; the tests noted; CPU seconds."""
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            try:
                mutant = types.ModuleType(self.module)
                exec(compile(ast.fix_missing_locations(self.tree), self.path, "exec"), vars(mutant))
                transplant(sys.modules[self.module], mutant, self.module)
                run_tests(session)
            except BaseException as error:  # noqa: BLE001 - whatever ends it, the mutant was noticed
                self.killer = self.killer or repr(error).replace("\n", " ")
            with os.fdopen(writing, "w") as pipe:
                pipe.write("\n".join([self.killer, *self.used]))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            killer, *used = pipe.read().split("\n")
        _, status, usage = os.wait4(process, 0)
        return killer or (f"ended by {status}" if status else ""), used, usage.ru_utime


def main() -> None:
    parser = argparse.ArgumentParser(description="Which tests bite")
    parser.add_argument("modules", nargs="*", default=[""])
    parser.add_argument("--most", type=int, default=10_000, help="mutants of a file, drawn at random but always alike")
    given = parser.parse_args()
    for path in sorted(Path("src/semclip").rglob("*.py")):
        tests = next((tests for name, tests in TESTS.items() if re.match(name, "/".join(path.parts[2:]))), None)
        if tests is None or not any(part in ".".join(path.with_suffix("").parts) for part in given.modules):
            continue
        plugin = Mutants(path, given.most)
        importlib.import_module(plugin.module)
        code = pytest.main(["-xqq", "-p", "no:cacheprovider", "--capture=sys", *tests], plugins=[plugin])
        assert code in (0, 5), code  # 5: the process itself ran no test
        print(f"\n{plugin.module}: {len(plugin.mutants) - len(plugin.survivors)} of {len(plugin.mutants)} killed")
        print("\n".join(plugin.survivors), flush=True)


if __name__ == "__main__":
    main()
