package commands

import (
	"context"
	"sync"
	"time"

	"ledgerline/domain/webex"
)

// followers see how far Webex is with what it accepted: one reader per template
// asks the list for what has changed since it last read, which costs one call for
// up to 100 subscribers. Who is missed there is looked at alone, later
// (activation.Known.Patience).
type followers struct {
	d       *Driver
	mu      sync.Mutex
	of      map[list]*follower
	streams map[string]place // where each awaited subscriber is
}

// list is what is read: the subscribers of one template.
type list struct{ partner, provisioningID string }

type place struct {
	list
	webexID string
}

// follower reads for one template.
type follower struct {
	*followers
	list
	awaited map[string]awaited // by Webex's id
	mark    watermark
	timer   *time.Timer
	next    time.Time // when the timer fires; zero: it does not
	reading bool

	lastRead   time.Time
	lastAdded  time.Time
	lastUrgent time.Time // when the last was added for whom somebody waits
	added      int       // since the last reading
	rate       float64   // additions per second, as between the last two readings
	urgent     int       // awaited ones for whom somebody waits
	typical    time.Duration
}

// awaited is a subscriber of whom Webex has accepted a request.
type awaited struct {
	stream   string
	tracking string // of the request
	since    time.Time
	urgent   bool
}

// How often a template is read. A reading should show about perReading changes,
// unless somebody waits.
const (
	perReading     = 200
	soonestReading = 6 * time.Second
	urgentReading  = time.Second
	latestReading  = 30 * time.Second
	longestRewind  = time.Hour // what was accepted before is looked at alone after a start
)

// settled are the statuses in which something has come to rest.
var settled = []webex.Status{webex.Provisioned, webex.Failed, webex.PendingUserMigration, webex.PendingEmailInput, webex.PendingEmailValidation}

// await has a subscriber followed from now on.
func (f *followers) await(of list, webexID string, a awaited) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := (place{of, webexID}); f.streams[a.stream] != p {
		f.drop(a.stream, false)
		if f.of == nil {
			f.of, f.streams = map[list]*follower{}, map[string]place{}
		}
		f.streams[a.stream] = p
	}
	at := f.of[of]
	if at == nil {
		at = &follower{followers: f, list: of, awaited: map[string]awaited{}}
		f.of[of] = at
	}
	before, known := at.awaited[webexID]
	if known && before.tracking == a.tracking && before.urgent == a.urgent {
		return
	}
	now := time.Now()
	if len(at.awaited) == 0 {
		at.lastRead = now
	}
	if known && before.urgent {
		at.urgent--
	}
	if at.awaited[webexID] = a; a.urgent {
		at.urgent++
		at.lastUrgent = now
	}
	at.added++
	at.lastAdded = now
	at.plan(now)
}

// forget ends the following of a subscriber; done says that it has come to rest.
func (f *followers) forget(stream string, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(stream, done)
}

func (f *followers) drop(stream string, done bool) {
	p, known := f.streams[stream]
	if !known {
		return
	}
	at := f.of[p.list]
	a := at.awaited[p.webexID]
	delete(f.streams, stream)
	delete(at.awaited, p.webexID)
	if a.urgent {
		at.urgent--
	}
	if done {
		at.typical += (time.Since(a.since) - at.typical) / 8
	}
}

// patience is how long a list of the template may take to show a subscriber.
func (f *followers) patience(of list) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at := f.of[of]; at != nil && at.typical > 0 {
		return min(max(4*at.typical, leastPatience), mostPatience)
	}
	return mostPatience
}

const (
	leastPatience = time.Minute
	mostPatience  = 5 * time.Minute
)

// plan sets the timer for the next reading.
func (at *follower) plan(now time.Time) {
	if at.reading || len(at.awaited) == 0 {
		return
	}
	next := at.lastRead.Add(at.interval(now))
	if next.Before(now) {
		next = now
	}
	if !at.next.IsZero() && !next.Before(at.next) {
		return
	}
	at.next = next
	if at.timer == nil {
		at.timer = time.AfterFunc(next.Sub(now), at.fire)
	} else {
		at.timer.Reset(next.Sub(now))
	}
}

func (at *follower) interval(now time.Time) time.Duration {
	pause := within(now.Sub(at.lastAdded), soonestReading, latestReading)
	if at.rate > 0 && at.added > 0 {
		pause = within(time.Duration(perReading/at.rate*float64(time.Second)), soonestReading, latestReading)
	}
	if at.urgent > 0 {
		pause = min(pause, within(now.Sub(at.lastUrgent), urgentReading, latestReading))
	}
	return pause
}

func within(d, least, most time.Duration) time.Duration { return min(max(d, least), most) }

func (at *follower) fire() {
	at.mu.Lock()
	at.next = time.Time{}
	if at.reading || len(at.awaited) == 0 || !at.d.begin() {
		at.mu.Unlock()
		return
	}
	defer at.d.underWay.Done()
	now := time.Now()
	at.rate = float64(at.added) / max(now.Sub(at.lastRead).Seconds(), 0.001)
	at.reading, at.lastRead, at.added = true, now, 0
	oldest := now
	for _, a := range at.awaited {
		if a.since.Before(oldest) && now.Sub(a.since) < longestRewind {
			oldest = a.since
		}
	}
	mark := at.mark
	at.mu.Unlock()

	complete := at.read(&mark, oldest)

	at.mu.Lock()
	defer at.mu.Unlock()
	if at.reading = false; complete {
		at.mark = mark
	}
	at.plan(time.Now())
}

// read reads the list from the watermark on and passes on what it shows; false: it
// did not come to the end. A page stands for up to 100 subscribers, so it goes
// before those who stand for one.
func (at *follower) read(mark *watermark, oldest time.Time) (complete bool) {
	ctx, cancel := context.WithTimeout(at.d.calls, readingTime)
	defer cancel()
	api := &datedPages{WebexReads: at.d.Service.pacedFor(at.partner, Admin, "", 0), now: at.d.Service.Now}
	after := mark.begin(time.Now(), oldest)
	for r, err := range WebexRecords(ctx, api, WebexFilter{ProvisioningID: at.provisioningID, Statuses: settled, LastStatusChange: after}) {
		if err != nil {
			at.d.complain(at.partner, err)
			return false
		}
		mark.saw(r.LastStatusChange, time.Now())
		at.mu.Lock()
		a, known := at.awaited[r.ID]
		at.mu.Unlock()
		if asked := api.asked; known {
			at.d.Service.Lanes.start(func() { at.d.observe(a.stream, observation{record: r, asked: asked}) })
		}
	}
	mark.end()
	return true
}

// datedPages notes when the last page was asked for: what it shows of a request that
// was accepted later is of the one before. A long list has many pages.
type datedPages struct {
	WebexReads
	now   func() time.Time
	asked time.Time
}

// Page implements WebexReads.
func (w *datedPages) Page(ctx context.Context, f WebexFilter, from string) (WebexPage, error) {
	w.asked = w.now()
	return w.WebexReads.Page(ctx, f, from)
}

// readingTime bounds one reading of a list.
const readingTime = 10 * time.Minute
