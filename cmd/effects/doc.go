// Package effects is tests only: how well the engine treats Webex, measured in
// virtual time. Use cases, driver and REST client are the real ones; they work on a
// log in memory and reach the real simulator of Webex without a socket.
//
//	go test ./cmd/effects                                   # small, for every day
//	go test ./cmd/effects -run NoJob -v -jobs 50000         # never twice, never lost, beside a naive client
//	go test ./cmd/effects -run Figure -v -rows 20000        # the granted rate: used, shared, with room for subscribers
//
// What goes wrong is drawn from a seed, but the engine's own goroutines are not: a
// run is not repeated exactly, and figures have margins.
package effects
