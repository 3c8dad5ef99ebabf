"""One file a method: ours (`coverage`) and the rules that others published."""
