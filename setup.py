"""What setup.cfg cannot say: a wheel holds the phone app as it was built last, or says loudly that it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

APP = Path("agent_sync/pwa/dist")
LOUD = "=" * 78
MISSING = f"""
{LOUD}
THE PHONE APP IS NOT IN THIS WHEEL: it was not built. /agent/ will say so, too.
Run `make pwa` first (Node 20.19 or newer), then build the wheel again.
{LOUD}"""


class BuildWithApp(build_py):
    """Copies the packages, and no file of an app that was built before."""

    def run(self) -> None:
        """Build, then look whether the app is there."""
        shutil.rmtree(Path(self.build_lib) / APP, ignore_errors=True)
        super().run()
        if not (APP / "index.html").is_file():
            self.warn(MISSING)


setup(cmdclass={"build_py": BuildWithApp})
