"""One file a tab: handlers on top, wiring below."""
