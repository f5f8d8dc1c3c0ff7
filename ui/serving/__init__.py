"""What stands between the network and the page: who is there, how much may be sent and wait."""
