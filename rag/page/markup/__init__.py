"""HTML that the page shows, made of values alone; everything from articles and questions is escaped."""
