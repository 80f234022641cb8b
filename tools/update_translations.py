"""Brings the translations of the window up to date: `python tools/update_translations.py` after texts changed.

Reads every text of the window into `assets/translations/warploom_*.ts` (what was translated stays) and compiles them.
A module's own `_tr("text")` is read as the `QCoreApplication.translate("Context", "text")` that it stands for.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES, TRANSLATIONS = ROOT / "app" / "warploom_app", ROOT / "assets" / "translations"
_CONTEXT = re.compile(r'def _tr\(text: str\) -> str:(?:\s*"""[^"]*""")?\s*return QCoreApplication\.translate\("(\w+)"')

_RECEIVERS = {"view": "DagView", "self._panel": "InspectorPanel"}
"""Where a text is translated by another object than `self`: the class of that object, which is its context."""


def main(languages: list[str]) -> None:
    """Updates the given languages, or all that there are."""
    known = [path.stem.removeprefix("warploom_") for path in sorted(TRANSLATIONS.glob("*.ts"))]
    with tempfile.TemporaryDirectory() as folder:
        files = [_plain(path, Path(folder)) for path in sorted(SOURCES.rglob("*.py"))]
        for language in languages or known:
            target = TRANSLATIONS / f"warploom_{language}.ts"
            options = ["-source-language", "en", "-target-language", language, "-no-obsolete", "-locations", "none"]
            _run("pyside6-lupdate", *map(str, files), *options, "-ts", str(target))
            _run("pyside6-lrelease", "-silent", str(target), "-qm", str(target.with_suffix(".qm")))


def _plain(path: Path, folder: Path) -> Path:
    """A copy of a module that lupdate understands."""
    text = path.read_text(encoding="utf-8")
    if found := _CONTEXT.search(text):
        text = re.sub(r"(?<![\w.])_tr\((?!text: str)", f'QCoreApplication.translate("{found[1]}", ', text)
    for receiver, context in _RECEIVERS.items():
        text = re.sub(rf"(?<![\w.]){re.escape(receiver)}\.tr\(", f'QCoreApplication.translate("{context}", ', text)
    copy = folder / path.relative_to(SOURCES)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
    return copy


def _run(program: str, *arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).with_name(program)), *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
