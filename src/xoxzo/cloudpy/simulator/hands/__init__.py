"""What is done by hand: the desk of the carriers, and that of the people at Xoxzo."""
