// Package simulation is tests only: the whole engine in one process, through hours
// of a clock that is not real, against a log, a Webex and programs that fail.
//
//	go test ./cmd/simulation                                        # 1,000 seeds, or 50 with -short; then every bug
//	go test ./cmd/simulation -run Promise -seeds 100000 -from 5000  # a long run, of other worlds
//	go test ./cmd/simulation -run Promise -seeds 1 -from 42 -tell   # one world and all that happened in it
//	go test ./cmd/simulation -run Promise -bug NAME -seeds 200      # an engine that is broken on purpose; -bug list
//
// One seed is one world: two partners, their users and templates, one or two
// programs at a time (use cases, driver, memory log, wake-ups and views that lag),
// and for some hours everything that can go wrong. In some worlds Webex is in
// maintenance for a while, so that what fails is retried as planned; in some the
// users of one customer fail alike until somebody mends that; and people cancel
// retries, place holds and lift them, now and then by mistake. Then Webex is well,
// all holds are lifted, and what was promised is judged.
//
// The same seed gives the same log byte for byte, on any number of processors: all
// randomness (ids, jitter, faults, delays) is drawn from the seed, and whatever
// happens outside the engine does so at an instant of its own (see clock). That two
// timers of the engine itself fire in one nanosecond is not excluded, only improbable;
// then goroutines decide.
//
// # Promises
//
// A failure names the promise that was broken:
//
//	one-record                no user, and no subscriber, has or is about to have two records at Webex
//	one-request               no request is sent while another is under way for the subscriber, nor again with its
//	                          tracking id while nobody knows what became of it
//	intent-first              every request was recorded as intended before it was sent
//	no-call-in-retry-after    no program calls Webex in a time in which it was asked not to, by partner and API family
//	resolved-in-15m           15 minutes after Webex is well the outcome of every request is known
//	comes-to-rest             after 25 minutes every subscriber rests in a named state: a planned retry whose time has not
//	                          come is rest, one whose time has passed is not; one that started in the last ten minutes may go on
//	retry-as-planned          the engine tries again only when it planned to and not before, four times at most between two
//	                          acts of people or successes; after a retry is cancelled nothing is sent until somebody acts
//	hold-is-heeded            while a hold stands, from ten seconds after it was recorded, no request that it covers is begun
//	webex-agrees              who is provisioned has one record there, with the values that were wanted; who is removed
//	                          has none
//	no-orphan                 no record at Webex belongs to nobody
//	acknowledged-is-recorded  all that was acknowledged is in the log
//	answers-agree             use cases returned what the log says
//	repeat-is-harmless        a command that is repeated, or sent twice at once, is not refused for that
//	log-order                 versions and positions have no gaps, times do not go back, ids are there once
//	views-equal-rebuild       views kept entry by entry are those rebuilt from the log, counters those counted anew
//
// # What it relies on
//
// Webex carries out a request within two seconds after it was lost, or never. Nobody
// can tell a request that is not there from one that is not there yet. Clocks of
// programs differ by less than a second; that of Webex may be minutes off, and show
// full seconds only. A list at Webex may lag by minutes, the record itself does not.
//
// # Teeth
//
// Each bug is put into what the engine is given to work with (log, client of Webex,
// clock, ids, wake-ups, checkpoints), not into the engine, and has to be found by the
// promise beside it; TestEveryBugIsCaught holds that. How many of the seeds 1 to 200
// find it:
//
//	acknowledge-first  acknowledged-is-recorded  196 a command is acknowledged before it is recorded (first: 1)
//	drop-append        acknowledged-is-recorded  134 one append in twenty is acknowledged and dropped (first: 1)
//	torn-append        answers-agree             114 of several events only the first is recorded (first: 1)
//	blind-append       one-request                44 what was decided is recorded on top of what others recorded since (first: 1)
//	lose-claim         intent-first               62 a request is sent although somebody else was faster to record something (first: 1)
//	no-intent          intent-first               65 a request is sent although the log refused its intent (first: 3)
//	forget-commands    repeat-is-harmless         31 a command that is recorded is not recognised when it is repeated (first: 9)
//	no-settle-time     one-record                 37 a lost request is looked up at once, and what is not there yet counts as absent (first: 1)
//	no-look-up         one-record                145 a lost request counts as absent (first: 1)
//	early-retry        retry-as-planned           44 a planned retry is started at once (first: 2)
//	forget-tries       retry-as-planned           13 planned retries are not counted (first: 2)
//	forget-cancel      retry-as-planned           14 that a retry was cancelled is not seen (first: 16)
//	forget-plan        comes-to-rest              22 that a retry is planned is not seen (first: 2)
//	forget-hold        hold-is-heeded             27 that a hold was placed is not seen (first: 1)
//	forget-lifting     comes-to-rest              52 that a hold was lifted is not seen (first: 1)
//	any-outcome        one-request                 1 an outcome is recorded whatever request it is of (first: 63)
//	repeat-post        one-request               177 a request without a reply is sent again at once (first: 1)
//	repeat-429         no-call-in-retry-after     87 a request that came too early is sent again at once (first: 1)
//	strip-retry-after  no-call-in-retry-after    185 Retry-After is not read (first: 1)
//	lost-as-refused    no-orphan                 101 no reply counts as a refusal (first: 1)
//	lost-as-not-done   one-record                125 no reply counts as not carried out (first: 1)
//	lost-as-done       webex-agrees               31 no reply counts as accepted (first: 3)
//	keep-record        no-orphan                 167 a record is not removed at Webex, only here (first: 1)
//	lost-look-up       one-record                 22 a look-up without a reply counts as not found (first: 2)
//	cached-look-up     one-record                 24 what was not found counts as not there for ten minutes (first: 13)
//	other-look-up      no-orphan                  58 another user than the one asked for is looked up (first: 1)
//	mixed-up-list      webex-agrees               85 of two records in a list each is taken for the other (first: 2)
//	two-soles          one-request                 7 of two programs, killed every few minutes, each takes what the other sends for interrupted (first: 7)
//	clock-ahead        one-request                 6 clocks of two programs are two minutes apart (first: 1)
//	clock-backwards    resolved-in-15m           100 the clock runs backwards (first: 1)
//	same-ids           repeat-is-harmless         74 each program starts counting its ids at one (first: 1)
//	drop-wake-up       comes-to-rest              28 every other wake-up is lost (first: 3)
//	drop-hold          hold-is-heeded             11 nobody is told that a hold was placed or lifted (first: 1)
//	forget-accepted    comes-to-rest              48 an accepted request is not followed after a restart (first: 1)
//	early-checkpoint   views-equal-rebuild        63 a view's checkpoint is stored before its rows, and a program that starts skips an entry (first: 5)
//	late-checkpoint    views-equal-rebuild        92 a view's checkpoint is lost, and a program that starts applies an entry again (first: 1)
//
// The table is printed by
//
//	go test ./cmd/simulation -run EveryBug -seeds 200 -v
//
// What the list of a template does not show is looked at alone later. So an engine
// that reads only the first page of it, or from its own clock's now on, or gets an
// empty list always, breaks no promise: these are not in the table.
//
// Nothing here breaks log-order: no wrapper round a log can make the log itself
// number wrongly. That is what eventlogtest is for.
//
// Rules that were broken by hand in the engine's own code, when it was written, were
// found as well, in so many of the seeds 1 to 1,000: an update that is done counts for
// changes made since (54); a lost request is looked up by the user id that is wanted
// now (7); a retry leaves the failed record at Webex (351); nobody is told that the
// administrator is active (207); a wake-up is lost while the subscriber is worked on
// (1). So were faults that the simulation itself found, put back: the same command
// twice at once is refused (450); 503 with Retry-After is not heeded (352); a request
// is sent however long its intent took to record (6); a pause asked for meanwhile is
// not heeded (2); who waits never looks for what became of the administrator (1).
// Rarer ones, while worlds still changed from day to day: a list that lags ends an
// update that was lost and found (4 of 2,000); a hold that changes while a program
// reads it is not heeded (1 of 4,000); a lost update that failed in the background
// counts as not carried out (1 of 4,000).
package simulation
