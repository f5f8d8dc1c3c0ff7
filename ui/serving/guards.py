"""The middleware that every request passes, in order."""

from starlette.middleware import Middleware

from ui.serving.bodies import Bodies
from ui.serving.connections import Connections
from ui.state.workbench import Workbench


def guards(workbench: Workbench) -> list[Middleware]:
    """First how much is sent, then who is there."""
    return [
        Middleware(Bodies, settings=workbench.settings, uploads=workbench.uploads),
        Middleware(Connections, workbench=workbench),
    ]
