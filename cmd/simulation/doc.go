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
//	606  a request without a reply is sent again at once
//	770  Retry-After is ignored
//	170  not found at once counts as absent (SettleTime 0)
//	109  what was under way when a program died is sent again without a look-up
//	337  a request is sent although its intent could not be recorded (no claim)
//	  1  a wake-up is lost while the subscriber is worked on (seed 816)
//	 11  an outcome is recorded whatever request it is of
//	953  a command is acknowledged before it is recorded
//	162  a command id is not looked for in the stream
//	800  a subscriber is removed without asking Webex
//	  7  a lost request is looked up by the user id that is wanted now
//	 54  an update that is done counts for changes made since
//	351  a retry leaves the failed record at Webex
//	 45  of two programs each takes what the other sends for interrupted
//	1000 an accepted request is not followed after a restart
//	207  nobody is told that the administrator is active
//
// Faults that it found, put back: the same command twice at once is refused (450);
// 503 with Retry-After is not heeded (352); a request is sent however long its intent
// took to record (6); a pause asked for meanwhile is not heeded (2); who waits never
// looks for what became of the administrator (1).
package simulation
