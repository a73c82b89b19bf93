"""The project's own files, read once."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def project_files() -> tuple[Path, ...]:
    """Everything that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file())


def modules(*folders: str) -> list[Path]:
    """The Python files below these folders."""
    roots = [ROOT / folder for folder in folders]
    return [
        file for file in project_files() if file.suffix == ".py" and any(file.is_relative_to(root) for root in roots)
    ]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), filename=str(file))


def named(file: Path) -> str:
    """As a person would write it."""
    return str(file.relative_to(ROOT))
