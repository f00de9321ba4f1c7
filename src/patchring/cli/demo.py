"""`patchring demo`: the story is in demo_show.py, which is read only to be told; other commands start without it."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    port: Annotated[int | None, typer.Option(help="Port of the page; agents get the next one.", min=1024)] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the demo; emptied at the start.")] = None,
    once: Annotated[
        bool, typer.Option(help="Stop after the story; exit code 4 when it differs from what is told.")
    ] = False,
    fast: Annotated[bool, typer.Option(help="Devices run faster still.")] = False,
) -> None:
    """Show Patchring at work: a server, 3 tenants, 60 simulated devices, one bad patch. Takes one to two minutes.

    Example: patchring demo --port 9440
    """
    from patchring.cli.demo_show import show

    show(port, home, once, fast)
