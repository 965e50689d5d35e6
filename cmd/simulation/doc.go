// Package simulation is tests only: the whole engine in one process, through hours
// of a clock that is not real, against a log, a Webex and programs that fail.
//
//	go test ./cmd/simulation                                        # 1,000 seeds, or 50 with -short
//	go test ./cmd/simulation -run Promise -seeds 100000 -from 5000  # a long run, of other worlds
//	go test ./cmd/simulation -run Promise -seeds 1 -from 42 -tell   # one world and all that happened in it
//
// One seed is one world: two partners, their users and templates, one or two
// programs at a time (use cases, driver, memory log, wake-ups and views that lag),
// and for some hours everything that can go wrong. Then Webex is well, and what was
// promised is judged:
//
//   - no subscriber ever has two records at Webex, nor two requests under way; every
//     request was recorded as intended before it was sent;
//   - no program calls Webex in a time in which it was asked not to;
//   - 15 minutes later the outcome of every request is known, and after 25 every
//     subscriber rests in a named state;
//   - who is provisioned has one record there, with the values that were wanted; who
//     is removed has none; no record belongs to nobody;
//   - all that was acknowledged is in the log, once, and use cases returned what the
//     log says; versions and positions have no gaps;
//   - views kept entry by entry are those rebuilt from the log.
//
// The same seed gives the same log byte for byte, on any number of processors: all
// randomness (ids, jitter, faults, delays) is drawn from the seed, and whatever
// happens outside the engine does so at an instant of its own (see clock). That two
// timers of the engine itself fire in one nanosecond is not excluded, only improbable;
// then goroutines decide.
//
// # What it relies on
//
// Webex carries out a request within two seconds after it was lost, or never. Nobody
// can tell a request that is not there from one that is not there yet.
//
// # Teeth
//
// Broken on purpose, the engine is caught in this many of the seeds 1 to 1,000:
//
// TABLE
package simulation
