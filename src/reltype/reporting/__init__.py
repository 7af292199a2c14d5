"""What a run says as a whole: the summary, warnings about data, how rules and packs do."""
