"""Between the network and the page: launch, headers, who is there, how much is taken."""
