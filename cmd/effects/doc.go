// Package effects is tests only: how well the engine treats Webex, measured in
// virtual time. Use cases, driver and REST client are the real ones; they work on a
// log in memory and reach the real simulator of Webex without a socket.
//
//	go test ./cmd/effects                                   # small, for every day
//	go test ./cmd/effects -run Figure -v -jobs 50000        # never twice, never lost, beside a naive client
package effects
