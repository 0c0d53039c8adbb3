"""What people can do: one cog a feature, written once for all platforms."""
