"""What is no package in the checkout lies inside one in the wheel, so that nothing else comes onto anybody's path."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

INSIDE = {
    "data": "spncore/shipped",
    "app": "spnlab/lab/app",
    ".streamlit": "spnlab/lab/.streamlit",
    "streamlit_app.py": "spnlab/lab/streamlit_app.py",
}


class BuildWithLab(build_py):
    """Copies these places too; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        for source, inside in () if self.editable_mode else INSIDE.items():
            target = Path(self.build_lib, inside)
            if Path(source).is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)


setup(cmdclass={"build_py": BuildWithLab})
