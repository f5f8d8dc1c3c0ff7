"""What the page needs of the Map tab."""

from ui.map.api import build_map_api
from ui.map.files import routes
from ui.map.tab import build
from ui.page.tab import Feature

FEATURE = Feature(build, build_map_api, routes, css=("map",))
