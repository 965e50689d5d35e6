// Package simulation is tests only: the whole engine in one process, over days of
// a clock that is not real, against a log and a Webex that misbehave.
package simulation
