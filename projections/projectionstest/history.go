package projectionstest

import (
	"container/heap"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Shape says what a made-up history looks like.
type Shape struct {
	Seed        uint64
	Partners    []string
	Customers   int // of each partner
	Import      int // subscribers of one import at most; each is at least a tenth of that
	Subscribers int // after which it ends
}

// Start is when made-up histories begin.
var Start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// History yields the entries of a made-up log: imports of subscribers, a third
// without an e-mail address; behind them the engine at work, with failures,
// changes of package and removals. The same shape gives the same history.
func History(shape Shape) iter.Seq[domain.Entry] {
	return func(yield func(domain.Entry) bool) {
		h := &history{Shape: shape, r: rand.New(rand.NewPCG(shape.Seed, 7)), versions: map[uuid.UUID]int{}, yield: yield}
		for h.made < h.Subscribers && !h.ended {
			h.importFile()
		}
		for len(h.due) > 0 && !h.ended {
			h.work()
		}
	}
}

// history is a made-up log in the making.
type history struct {
	Shape
	r        *rand.Rand
	yield    func(domain.Entry) bool
	ended    bool
	position domain.Position
	made     int
	due      tasks
	versions map[uuid.UUID]int
}

// task is what happens to a subscriber when the log has come to a position.
type task struct {
	at domain.Position
	do func()
}

type tasks []task

func (t tasks) Len() int           { return len(t) }
func (t tasks) Less(i, j int) bool { return t[i].at < t[j].at }
func (t tasks) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *tasks) Push(x any)        { *t = append(*t, x.(task)) }
func (t *tasks) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (h *history) importFile() {
	partner := h.Partners[h.r.IntN(len(h.Partners))]
	// customers differ in size by orders of magnitude
	customer := int(float64(h.Customers) * h.r.Float64() * h.r.Float64())
	request, template := h.id().String(), h.r.IntN(4)
	for range min(h.Import/10+h.r.IntN(h.Import), h.Subscribers-h.made) {
		h.onboard(partner, customer, template, request)
		for len(h.due) > 0 && h.due[0].at <= h.position {
			h.work()
		}
	}
}

func (h *history) work() {
	if t := heap.Pop(&h.due).(task); !h.ended {
		t.do()
	}
}

// later does something after about so many entries.
func (h *history) later(entries int, do func()) {
	heap.Push(&h.due, task{h.position + domain.Position(entries/2+h.r.IntN(entries)), do})
}

// person is one subscriber in a made-up history.
type person struct {
	h       *history
	id      uuid.UUID
	partner string
	request string
	attempt int
}

func (h *history) onboard(partner string, customer, template int, request string) {
	h.made++
	name := fmt.Sprintf("customer%03d", customer)
	first, last := firstNames[h.r.IntN(len(firstNames))], lastNames[h.r.IntN(len(lastNames))]+lastNames[h.r.IntN(len(lastNames))]
	user := fmt.Sprintf("%s.%s%d", strings.ToLower(first), strings.ToLower(last), h.made)
	p := &person{h: h, id: subscriber.ID(partner, user+"@"+name+".example"), partner: partner, request: request}
	flow := subscriber.API
	if template == 3 {
		flow = subscriber.FlowThrough
		if h.r.IntN(4) == 0 {
			flow = subscriber.SelfActivation
		}
	}
	e := subscriber.Onboarded{
		Flow: flow, UserID: domain.Personal(user + "@" + name + ".example"), SPEnterpriseID: partner + "+" + name,
		ProvisioningID: fmt.Sprintf("%s-template-%d-ZjcyNWQ4YjQtODc3MC00ZGY5", partner, template), Package: webex.Packages[h.r.IntN(4)],
		FirstName: domain.Personal(first), LastName: domain.Personal(last), EmailTrusted: true,
		PrimaryPhoneNumber: domain.Personal(fmt.Sprintf("+467%08d", h.made)), Extension: domain.Personal(fmt.Sprint(h.made % 10000)),
		Language: "sv", Timezone: "Europe/Stockholm", At: h.now(),
	}
	if h.r.IntN(3) > 0 {
		e.Email = domain.Personal(user + "@" + name + ".example")
	} else {
		e.EmailTrusted = false
	}
	p.record(domain.RoleProgram, domain.SurfaceCSV, e)
	if e.Email != "" {
		h.later(400, p.provision)
		return
	}
	if h.r.IntN(20) == 0 {
		h.later(20_000, func() {
			p.record(domain.RoleSubscriber, domain.SurfaceAPI, subscriber.EmailSubmitted{Email: domain.Personal(user + "@mail.example"), At: h.now()})
		})
	}
}

func (p *person) provision() {
	h := p.h
	p.attempt++
	p.engine(subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: p.attempt, TrackingID: "LEDGERLINE_" + h.id().String() + "_1", At: h.now()})
	h.later(60, func() {
		p.engine(subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: webex.EncodeID(webex.TypeSubscriber, h.id()), TrackingID: "ROUTER_" + h.id().String(), At: h.now()})
		h.later(3_000, p.finish)
	})
}

func (p *person) finish() {
	h := p.h
	switch n := h.r.IntN(100); {
	case n < 4:
		p.engine(subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: 10022, Description: "The user already exists in another organization."}}, At: h.now()})
		if n == 0 {
			h.later(5_000, func() {
				p.record(domain.RoleAdmin, domain.SurfaceAPI, subscriber.DeletionRequested{At: h.now()})
				p.engine(subscriber.Removed{At: h.now()})
			})
		}
		return
	case n < 9:
		h.later(10_000, p.change)
	}
	p.engine(subscriber.Provisioned{PersonID: webex.EncodeID(webex.TypePerson, h.id()), At: h.now()})
}

func (p *person) change() {
	h := p.h
	p.record(domain.RoleAdmin, domain.SurfaceAPI, subscriber.PackageChanged{Package: webex.Packages[h.r.IntN(4)], At: h.now()})
	p.engine(subscriber.RequestStarted{Kind: subscriber.Update, Attempt: 1, TrackingID: "LEDGERLINE_" + h.id().String() + "_1", At: h.now()})
	p.engine(subscriber.RequestAccepted{Kind: subscriber.Update, TrackingID: "ROUTER_" + h.id().String(), At: h.now()})
	if h.r.IntN(2) == 0 {
		h.later(3_000, func() { p.engine(subscriber.Updated{At: h.now()}) })
	}
}

func (p *person) engine(e domain.Event) { p.record(domain.RoleEngine, domain.SurfaceEngine, e) }

func (p *person) record(role, surface string, e domain.Event) {
	h := p.h
	if h.ended {
		return
	}
	actor := "engine"
	if role != domain.RoleEngine {
		actor = "token:" + p.partner + "-" + role
	}
	h.position++
	h.versions[p.id]++
	h.ended = !h.yield(domain.Entry{
		Position: h.position, Stream: domain.StreamOf(subscriber.Kind, p.id), Version: h.versions[p.id], ID: h.id(), At: h.now(),
		Cause: domain.Cause{Partner: p.partner, Actor: actor, Role: role, Surface: surface, Request: p.request}, Event: e,
	})
}

// now goes on by a tenth of a millisecond for each entry.
func (h *history) now() time.Time {
	return Start.Add(time.Duration(h.position) * 100 * time.Microsecond).Truncate(time.Millisecond)
}

func (h *history) id() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(h.r.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

var firstNames = strings.Fields(`Anna Erik Åsa Lars Karin Nils Eva Per Birgitta Olof Søren Mette Ivan Maria Georgi Elena
	Jean Claire Luc Émilie Nicolas Chloé Mads Freja William Alice Hugo Maja Oscar Ebba Lucas Vera Adam Stella Noah Wilma
	Quentin Ulla Xavier Yvonne Zara Tove Rut Sixten Kjell Dag Folke Ingrid`)

var lastNames = strings.Fields(`Anders Svens Johans Karls Nils Lars Ols Pers Erik Hans Lind Berg Holm Gren Dahl Sand Sjö Ström Ek Björk
	Hedin Falk Moller Jensen Dubois Moreau Petrov Ivanov Quist Vinter Zetter Udd Wall Xander Yng Torn Rask Kvist`)
