package vm

// pieceSize is how many bytes a function works on between looks at the time: far less than a millisecond for most.
const pieceSize = 1 << 18

// Pieces calls f for one part of n bytes after another, from a place to the one behind its end, and looks at the wall
// time and the context in between. Functions go through texts of any length this way. It counts no work.
func (c *Call) Pieces(n int, f func(from, to int) error) error {
	if n > pieceSize {
		c.m.startClock()
	}
	for from := 0; ; from += pieceSize {
		to := min(from+pieceSize, n)
		if err := f(from, to); err != nil || to == n {
			return err
		}
		if err := c.m.checkClock(); err != nil {
			return err
		}
	}
}
