"""What the page needs of the Pooling tab."""

from ui.page.tab import Feature
from ui.pooling.api import build_api
from ui.pooling.tab import build

FEATURE = Feature(build, build_api)
