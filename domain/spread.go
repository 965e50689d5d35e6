package domain

import (
	"hash/fnv"
	"time"
)

// Spread returns a duration up to a fifth shorter or longer, always the same for
// the same seed: those who have to wait for the same reason do not all come back
// at the same instant, and when they do can be computed again from what is
// recorded.
func Spread(d time.Duration, seed string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(seed))
	return d + d/1000*time.Duration(int(h.Sum32()%401)-200)
}
