"""What script/bench measures, part by part, and the table it prints."""
