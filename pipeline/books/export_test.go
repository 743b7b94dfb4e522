package books

import "context"

// Check is a turn of Run.
func Check(ctx context.Context, k *Keeper) error { return k.check(ctx) }
