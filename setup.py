"""The rooms at the root become the sub-packages of `autodiff`, so that the clone's folder may have any name.

`library/` is the package itself. The root is no package: its own name would be that of the folder, and pytest and mypy
would look for `autodiff` there.
"""

import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "grammar"))
from compile import BuildParser  # noqa: E402

found = find_packages(str(ROOT), exclude=["library*", "tests*", "benchmarks*"])
folders = {"autodiff": "library", **{f"autodiff.{name}": name for name in found if "." not in name}}
packages = ["autodiff", *(f"autodiff.{name}" for name in found)]
packages += [f"autodiff.{name}" for name in find_packages(str(ROOT / "library"))]
manual = [("share/man/man1", ["docs/autodiff.1"])]
setup(package_dir=folders, packages=packages, data_files=manual, cmdclass={"build_py": BuildParser})
