"""The shape of the product's code: modules, lines, floors of imports, names that say too little.

    python benchmarks/shape.py

A package whose `__init__.py` only has a docstring is no module; neither is a migration.
"""

import ast
import re
from collections import Counter
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
_VAGUE = re.compile(r"\b(?:found|one|there|some|shown|seen)\b(?=\s*[=.,)\[:])")


class Shape:
    """The modules of a package under `root`, by their dotted names."""

    def __init__(self, root: Path = ROOT, package: str = "sync") -> None:
        self.root = root
        paths = sorted((root / package).rglob("*.py"))
        self.texts = {
            self._name(path): path.read_text() for path in paths if "versions" not in path.parts
        }

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """The syntax tree of each module."""
        return {name: ast.parse(text) for name, text in self.texts.items()}

    @property
    def modules(self) -> dict[str, int]:
        """The lines of each module that has more than a docstring."""
        return {
            name: self.texts[name].count("\n")
            for name, tree in self.trees.items()
            if len(tree.body) > 1
        }

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The modules of the same package that each imports."""
        return {name: set(self._imported(tree)) for name, tree in self.trees.items()}

    def _imported(self, tree: ast.Module) -> list[str]:
        named = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        pairs = [(node.module or "", alias.name) for node in named for alias in node.names]
        wholes = [f"{module}.{name}" for module, name in pairs]
        return [
            whole if whole in self.trees else module
            for whole, (module, _) in zip(wholes, pairs, strict=True)
            if whole in self.trees or module in self.trees
        ]

    @cached_property
    def floors(self) -> dict[str, int]:
        """On which floor each module stands: 1 imports none, others one above all they import."""
        floors: dict[str, int] = {}

        def floor(name: str) -> int:
            if name not in floors:
                below = (floor(other) for other in self.imports[name] - {name})
                floors[name] = 1 + max(below, default=0)
            return floors[name]

        for name in self.trees:
            floor(name)
        return floors

    @property
    def classes_of_one_name(self) -> list[str]:
        """The public names that more than one class has."""
        names = Counter(
            node.name
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        )
        return sorted(name for name, count in names.items() if count > 1)

    @property
    def vague_names(self) -> int:
        """How often a name stands that says nothing of what it holds, in code and docstrings."""
        return sum(len(_VAGUE.findall(text)) for text in self.texts.values())


def main() -> None:
    """Print the figures."""
    shape = Shape()
    lines = shape.modules.values()
    print(f"{len(lines)} modules, {sum(lines)} lines, the longest {max(lines)}")
    print(f"{max(shape.floors.values())} floors of imports")
    print(f"{shape.vague_names} names that say too little")
    print(f"public class names twice: {shape.classes_of_one_name or 'none'}")
    for floor in range(1, max(shape.floors.values()) + 1):
        names = [name for name, its in shape.floors.items() if its == floor]
        print(floor, *(name.removeprefix("sync.") for name in names if name in shape.modules))


if __name__ == "__main__":
    main()
