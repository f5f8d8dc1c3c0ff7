"""The further sections of the Search tab, below the hits and why they were found."""

import gradio as gr

from ui.tabs.search_compress import SearchCompress
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_judge import SearchJudge
from ui.tabs.search_lab import SearchLab
from ui.tabs.search_twins import SearchTwins


class SearchSections:
    """Each lays itself out here and connects itself. `searched` is new when there are new hits."""

    def __init__(self, handlers: SearchHandlers, tab: gr.Tab, searched: gr.State) -> None:
        self.lab = SearchLab(handlers, searched)
        self.judge = SearchJudge(handlers, tab, searched)
        self.compress = SearchCompress(handlers, searched)
        self.twins = SearchTwins(handlers, searched)
