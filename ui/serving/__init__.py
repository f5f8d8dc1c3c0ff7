"""How the page reaches browsers: what is served beside it, under which headers, and its launch."""
