"""How large the deployment package is, and who makes it so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zipfile import ZipFile

from infra.bench.figures import Figure, Section, progress
from infra.stack.package import PackageError, package, press

BAR = 15.0  # MB beyond boto3, which is in Lambda's runtime
OURS = ("app.py", "chalicelib", ".chalice")


def measure() -> Section:
    """Packages as `deploy` would."""
    progress("deployment package")
    try:
        archive = package("bench", progress) / "deployment.zip"
        letters = press("lambda", progress)
    except PackageError as error:
        return Section("deployment package", (), {"package_mb": None}, (f"not measured: {error}",))
    parts = _parts(archive)
    result = {
        "total": _mb(archive.stat().st_size),
        "ours": _mb(parts["ours"]),
        "dependencies": _mb(parts["dependencies"]),
        "press": _mb(letters.stat().st_size),
    }
    figures = (
        Figure("zipped", result["total"], BAR, "MB"),
        Figure("of it ours", result["ours"], None, "MB"),
        Figure("of it dependencies", result["dependencies"], None, "MB"),
        Figure("the press beside, for letters only", result["press"], None, "MB"),
    )
    return Section("deployment package", figures, {"package_mb": result})


def _parts(archive: Path) -> Counter[str]:
    parts: Counter[str] = Counter()
    with ZipFile(archive) as opened:
        for entry in opened.infolist():
            ours = entry.filename.split("/")[0] in OURS
            parts["ours" if ours else "dependencies"] += entry.compress_size
    return parts


def _mb(size: int) -> float:
    return round(size / 1e6, 2)
