package metrics

var booksGroup = newGroup("prickle_books_", []string{"pipeline", "destination"},
	gauge("unbalanced_events", "Events by which the books of a destination do not balance although nothing is on its way: accepted and not accounted for, or accounted for twice when negative. It should be 0.",
		func(off int64) float64 { return float64(off) }),
)
