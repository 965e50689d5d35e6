package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// promise is one command that was acknowledged, and what the answer said.
type promise struct {
	what    string
	request string    // as the log has it with a cause, or its beginning
	user    uuid.UUID // whom it is about
	changed bool      // something was recorded for this very request
	version int       // of the user's stream, that was shown; 0: none
	holds   func(subscriber.State) bool
}

// load is what customers ask of one program after the other. It remembers what
// was acknowledged.
type load struct {
	http  *http.Client
	token string
	acked func() // called after each acknowledgement

	mu         sync.Mutex
	promises   []promise
	unanswered int
	refused    map[string]int // by command and status
}

// enterprise is a customer, who asks one thing after the other.
type enterprise struct {
	*load
	name   string
	chance *rand.Rand
	base   string // of the program that is asked now
	ctx    context.Context
	made   int         // users, ever
	asked  int         // commands, ever
	users  []string    // the newest, by BroadWorks user id
	again  []*question // that nobody answered; they have an Idempotency-Key
	cut    string      // the file whose import was not answered to its end
}

// question is one request to the API.
type question struct {
	what, method, path, body string
	key, tracking            string
	user                     string
	holds                    func(subscriber.State) bool
	fresh                    bool // recorded for this very request, if at all
}

// some returns how a customer's chance decides between 0 and below n.
func (c *enterprise) some(n int) int { return c.chance.IntN(n) }

// work asks for things until the program is dead or all is asked that a round has.
func (c *enterprise) work(commands int) {
	again := c.again
	c.again = nil
	for _, q := range again {
		c.send(q)
	}
	for range commands {
		if c.ctx.Err() != nil {
			return
		}
		c.send(c.anything())
		time.Sleep(time.Duration(c.some(40)) * time.Millisecond) // as long as clients think
	}
}

// keptUsers is how many of its newest users a customer still does things to.
const keptUsers = 10

func (c *enterprise) newUser() string {
	c.made++
	user := fmt.Sprintf("%s-%d@as0.example", c.name, c.made)
	if c.users = append(c.users, user); len(c.users) > keptUsers {
		c.users = c.users[1:]
	}
	return user
}

func (c *enterprise) request(user string) map[string]string {
	return map[string]string{
		"userId": user, "spEnterpriseId": "SP1+" + c.name, "provisioningId": benchTemplate, "firstName": "Åsa", "lastName": "Öberg",
		"email": "mail." + user, "package": "basic", "extension": "1001",
	}
}

// anything draws what is asked next.
func (c *enterprise) anything() *question {
	c.asked++
	q := &question{tracking: fmt.Sprintf("%s.%d", c.name, c.asked)}
	if c.some(2) == 0 {
		q.key = "key-" + q.tracking
	}
	k := c.some(100)
	if k < 35 || len(c.users) == 0 {
		q.what, q.method, q.path, q.user = "onboard", http.MethodPost, "/api/users", c.newUser()
		q.body = asJSON(c.request(q.user))
		q.holds = subscriber.State.Here
		return q
	}
	q.user = c.users[c.some(len(c.users))]
	q.path = "/api/users/" + c.id(q.user).String()
	switch {
	case k < 55:
		to := webex.Packages[c.some(len(webex.Packages))]
		q.what, q.method, q.path = "change package", http.MethodPut, q.path+"/package"
		q.body = asJSON(map[string]string{"package": string(to)})
		q.holds = func(s subscriber.State) bool { return s.Profile.Package == to }
	case k < 75:
		name := "Öberg " + q.tracking
		q.what, q.method, q.body, q.fresh = "change details", http.MethodPatch, asJSON(map[string]string{"lastName": name}), true
		q.holds = func(s subscriber.State) bool { return s.Profile.LastName == name }
	case k < 88:
		q.what, q.method = "delete", http.MethodDelete
		q.holds = func(s subscriber.State) bool { return s.Stage == subscriber.Leaving || s.Stage == subscriber.Gone }
	default:
		q.what, q.method, q.path = "retry", http.MethodPost, q.path+"/retry"
		q.holds = func(s subscriber.State) bool { return s.Here() && s.Stage != subscriber.Stopped }
	}
	return q
}

func (c *enterprise) id(user string) uuid.UUID { return subscriber.ID("main", user) }

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// send asks, and remembers what was promised. What nobody answered is asked of the
// next program again, if it has a key.
func (c *enterprise) send(q *question) {
	reply, err := c.ask(q.method, q.path, "application/json", q.body, q)
	if err != nil {
		c.unheard(q)
		return
	}
	defer reply.Body.Close()
	var shown struct{ Version int }
	text, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode/100 == 2 {
		err = json.Unmarshal(text, &shown)
	}
	if err != nil {
		c.unheard(q)
		return
	}
	if reply.StatusCode/100 != 2 {
		c.no(q.what, reply.StatusCode)
		return
	}
	request := q.tracking
	if q.key != "" {
		request = q.key + "/"
	}
	c.keep(promise{
		what: q.what, request: request, user: c.id(q.user), version: shown.Version, holds: q.holds,
		changed: q.fresh || q.what == "onboard" && reply.StatusCode == http.StatusCreated,
	})
}

func (c *enterprise) ask(method, path, media, body string, q *question) (*http.Response, error) {
	r, err := http.NewRequestWithContext(c.ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", media)
	r.Header.Set("TrackingID", q.tracking)
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	return c.http.Do(r)
}

func (c *enterprise) unheard(q *question) {
	c.mu.Lock()
	c.unanswered++
	c.mu.Unlock()
	if q.key != "" {
		c.again = append(c.again, q)
	}
}

func (l *load) no(what string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[fmt.Sprintf("%s %d", what, status)]++
}

func (l *load) keep(p promise) {
	l.mu.Lock()
	l.promises = append(l.promises, p)
	l.mu.Unlock()
	l.acked()
}

// importFile imports new users and some that are there, or once more the file
// whose import was cut off. Each row that was answered is a command that was
// acknowledged.
func (c *enterprise) importFile(rows int) {
	c.asked++
	q := &question{what: "import", tracking: fmt.Sprintf("%s.%d", c.name, c.asked)}
	if c.cut == "" {
		c.cut = c.file(rows)
	}
	reply, err := c.ask(http.MethodPost, "/api/imports?rows=all", "text/csv", c.cut, q)
	if err != nil {
		c.unheard(q)
		return
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		c.no(q.what, reply.StatusCode)
		return
	}
	for lines := bufio.NewScanner(reply.Body); lines.Scan(); {
		var line struct {
			Row     struct{ UserID, Verdict string }
			Summary *struct{}
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		switch line.Row.Verdict {
		case "create":
			c.keep(promise{what: "row created", request: q.tracking, user: c.id(line.Row.UserID), changed: true})
		case "unchanged":
			c.keep(promise{what: "row unchanged", request: q.tracking, user: c.id(line.Row.UserID)})
		}
		if line.Summary != nil {
			c.cut = ""
		}
	}
}

func (c *enterprise) file(rows int) string {
	var file strings.Builder
	file.WriteString("userId,spEnterpriseId,provisioningId,firstName,lastName,email,package,extension\n")
	users := slices.Clone(c.users[:min(len(c.users), 5)])
	for range rows {
		users = append(users, c.newUser())
	}
	for _, user := range users {
		r := c.request(user)
		fmt.Fprintf(&file, "%s,%s,%s,%s,%s,%s,%s,%s\n", r["userId"], r["spEnterpriseId"], r["provisioningId"], r["firstName"], r["lastName"], r["email"], r["package"], r["extension"])
	}
	return file.String()
}

// newLoad returns a load and its customers.
func newLoad(customers int, seed uint64) (*load, []*enterprise) {
	l := &load{http: &http.Client{Timeout: 20 * time.Second}, refused: map[string]int{}}
	all := make([]*enterprise, customers)
	for i := range all {
		all[i] = &enterprise{load: l, name: fmt.Sprintf("ent%d", i), chance: rand.New(rand.NewPCG(seed, 10+uint64(i)))}
	}
	return l, all
}
