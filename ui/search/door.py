"""What the page needs of the Search tab."""

from ui.page.tab import Feature
from ui.search.api import build_search_api
from ui.search.tab import build

FEATURE = Feature(build, build_search_api, css=("search",))
