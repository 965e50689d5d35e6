// Package simulator is an HTTP server that behaves like the BroadWorks
// subscriber API of Webex, with knobs for everything that can go wrong. What
// it answers where Webex's behaviour is not documented is data in Knobs.
//
// Source of paths, names and codes: https://developer.webex.com/docs/api/v1/broadworks-subscribers
package simulator

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a simulator. The zero value keeps everything in memory.
type Options struct {
	// Path of a SQLite file, which belongs to one simulator at a time. What was
	// answered survives the end of the process at any moment, kill -9 included,
	// but not loss of power: synchronous is OFF. Knobs are not kept. Empty: in
	// memory.
	Path string
	// Tokens maps access tokens to partners, beside those that name theirs:
	// "sim-<partner>" is always good, and the refresh token "refresh-<partner>"
	// buys one that expires.
	Tokens map[string]string
	// Knobs to start with; nil: DefaultKnobs.
	Knobs *Knobs
	// Now is the clock; nil: time.Now. The simulator never sees it go back.
	Now func() time.Time
}

// Simulator answers requests like Webex. It is safe for concurrent use.
type Simulator struct {
	options Options
	latest  atomic.Int64           // newest reading of the clock, in ms
	knobs   atomic.Pointer[Knobs]  // never changed, only replaced
	outage  atomic.Pointer[outage] // nil: none

	mu    sync.RWMutex // guards all below: no reader sees what is not yet in the file
	state *state
	store *store // nil: in memory

	gate  sync.Mutex // guards all below, and who replaces knobs
	rng   *rand.Rand
	lanes map[string]*lane
	total map[string]int
}

var _ http.Handler = (*Simulator)(nil)

// New returns a simulator with what its file holds.
//
// Errors: the file cannot be opened, is in use or holds something else.
func New(o Options) (*Simulator, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Simulator{
		options: o,
		state:   newState(),
		lanes:   map[string]*lane{},
		total:   map[string]int{},
	}
	knobs := DefaultKnobs()
	if o.Knobs != nil {
		knobs = o.Knobs.clone()
	}
	if err := knobs.check(); err != nil {
		return nil, err
	}
	s.knobs.Store(&knobs)
	s.rng = seeded(knobs.Seed)
	if o.Path == "" {
		return s, nil
	}
	var err error
	if s.store, err = openStore(o.Path); err != nil {
		return nil, err
	}
	if err = s.store.load(s.state); err != nil {
		s.store.close()
		return nil, err
	}
	s.latest.Store(s.state.newest())
	return s, nil
}

// Close closes the file. Requests that come later fail.
func (s *Simulator) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.close()
}

// Knobs returns the present settings.
func (s *Simulator) Knobs() Knobs { return s.knobs.Load().clone() }

// SetKnobs changes the settings for requests that come later; what is under way
// goes on as it was decided. Another seed starts chance anew.
//
// Errors: a value is out of range, and then nothing has changed.
func (s *Simulator) SetKnobs(k Knobs) error {
	_, err := s.turn(func(now *Knobs) error { *now = k.clone(); return nil }, false)
	return err
}

// turn changes the knobs and returns them; anew: chance starts again.
func (s *Simulator) turn(change func(*Knobs) error, anew bool) (Knobs, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	before := s.knobs.Load()
	k := before.clone()
	err := change(&k)
	if err == nil {
		err = k.check()
	}
	if err != nil {
		return k, err
	}
	if anew || k.Seed != before.Seed {
		s.rng = seeded(k.Seed)
	}
	s.knobs.Store(&k)
	return k.clone(), nil
}

// now is the time in whole milliseconds since 1970; it never goes back.
func (s *Simulator) now() int64 {
	at := s.options.Now().UnixMilli()
	for {
		latest := s.latest.Load()
		if at <= latest {
			return latest
		}
		if s.latest.CompareAndSwap(latest, at) {
			return at
		}
	}
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
