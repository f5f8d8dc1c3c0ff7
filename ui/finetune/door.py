"""What the page needs of the Fine-tune tab."""

from ui.finetune.api import build_tuning_api
from ui.finetune.tab import build
from ui.finetune.takehome.download import routes
from ui.page.tab import Feature

FEATURE = Feature(build, build_tuning_api, routes, css=("tuning",))
