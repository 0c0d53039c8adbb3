"""The platforms: what each can say and hear, and nothing else."""
