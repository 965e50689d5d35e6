package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/domain/webex"
)

// filter is what a list is narrowed by; empty fields and zero times do not.
type filter struct {
	userID, personID, email, provisioningID, enterprise string
	statuses                                            []string
	changedAfter, createdAfter                          int64 // strictly, ms; 0: any
	selfActivated                                       *bool
	max, offset                                         int
}

// list serves one page, oldest record first, which is not documented.
func (s *Simulator) list(c call) answer {
	f, trouble := filterOf(c.URL.Query(), c.knobs)
	if trouble != nil {
		return *trouble
	}
	if f.offset > 0 && s.happens(c.knobs.PageSkip) {
		f.offset++
	} else if f.offset > 0 && s.happens(c.knobs.PageRepeat) {
		f.offset--
	}
	s.mu.RLock()
	found := s.page(c.partner, f, c.knobs)
	s.mu.RUnlock()
	a := answer{status: http.StatusOK, link: links(c.Request, f, len(found) > f.max)}
	found = found[:min(len(found), f.max)]
	a.body = struct {
		Items []subscriber `json:"items"`
	}{found}
	return a
}

// page returns a page and, where there is one, the record after it.
func (s *Simulator) page(partner string, f filter, k *Knobs) []subscriber {
	found := []subscriber{}
	sh := s.state.shelves[partner]
	if sh == nil {
		return found
	}
	now, skip := s.now(), f.offset
	records := sh.candidates(s.state, f, now, k)
	if f.everything() && k.prompt() {
		records, skip = records[min(skip, len(records)):], 0
	}
	for _, r := range records {
		stage, listed := k.listed(r, now)
		switch {
		case !listed || !f.matches(r, partner, stage, k):
		case skip > 0:
			skip--
		default:
			if found = append(found, r.shown(k, stage)); len(found) > f.max {
				return found
			}
		}
	}
	return found
}

// prompt says whether lists show everything at once and with its exact time.
func (k *Knobs) prompt() bool {
	return k.TimeStep == 0 && k.ListLag.Max == 0 && k.ListNewLag.Max == 0
}

// listed returns the stage at which lists show a record, or that they do not yet.
func (k *Knobs) listed(r *record, now int64) (stage int, listed bool) {
	stage = r.stage(now)
	if k.ListNewLag.Max > 0 && now < r.Created+k.lag(k.ListNewLag, r.Seq, r.Created) {
		return stage, false
	}
	if k.ListLag.Max == 0 {
		return stage, true
	}
	for first := r.Was == nil; stage > 0 || stage == 0 && !first; stage-- {
		if at := r.Steps[stage].At; now >= at+k.lag(k.ListLag, r.Seq, at) {
			break
		}
	}
	return stage, true
}

// stamp is an instant as Webex's clock shows it.
func (k *Knobs) stamp(ms int64) int64 {
	ms += k.ClockSkew.millis()
	if step := k.TimeStep.millis(); step > 0 {
		ms -= ms % step
	}
	return ms
}

// candidates returns, by age, the records of the narrowest index that applies.
func (sh *shelf) candidates(st *state, f filter, now int64, k *Knobs) []*record {
	switch {
	case f.userID != "":
		return sh.users[fold(f.userID)]
	case f.email != "":
		return st.emails[fold(f.email)]
	case f.personID != "":
		return sh.persons[f.personID]
	case f.changedAfter != 0:
		return sh.changedAfter(f.changedAfter - k.ClockSkew.millis())
	case f.enterprise != "":
		return sh.enterprises[f.enterprise]
	case f.statuses != nil:
		return sh.inStatus(f.statuses, now-k.ListLag.Max.Milliseconds())
	}
	from, _ := slices.BinarySearchFunc(sh.order, f.createdAfter-k.ClockSkew.millis()+1, func(r *record, at int64) int { return cmp.Compare(r.Created, at) })
	return sh.order[from:]
}

// everything says whether all candidates match.
func (f filter) everything() bool {
	return f.userID+f.personID+f.email+f.provisioningID+f.enterprise == "" &&
		f.statuses == nil && f.changedAfter == 0 && f.selfActivated == nil
}

func (f filter) matches(r *record, partner string, stage int, k *Knobs) bool {
	current := r.step(stage)
	return r.Partner == partner &&
		(f.provisioningID == "" || f.provisioningID == r.ProvisioningID) &&
		(f.enterprise == "" || f.enterprise == r.SPEnterpriseID) &&
		(f.email == "" || strings.EqualFold(f.email, r.Email)) &&
		(f.personID == "" || (f.personID == r.PersonID && current.Status == provisioned)) &&
		(f.userID == "" || strings.EqualFold(f.userID, r.profileIn(stage).UserID)) &&
		(f.statuses == nil || slices.Contains(f.statuses, current.Status)) &&
		(f.changedAfter == 0 || k.stamp(current.At) > f.changedAfter) &&
		(f.createdAfter == 0 || k.stamp(r.Created) > f.createdAfter) &&
		(f.selfActivated == nil || !*f.selfActivated)
}

func filterOf(q url.Values, k *Knobs) (f filter, trouble *answer) {
	f = filter{
		userID:         q.Get("userId"),
		personID:       strings.TrimRight(q.Get("personId"), "="),
		email:          q.Get("email"),
		provisioningID: q.Get("provisioningId"),
		enterprise:     q.Get("spEnterpriseId"),
		max:            50,
	}
	for _, given := range strings.FieldsFunc(q.Get("status"), func(c rune) bool { return c == ',' }) {
		status := strings.TrimSpace(given)
		if !slices.Contains(webex.Statuses, webex.Status(status)) {
			return f, invalid("status")
		}
		f.statuses = append(f.statuses, status)
	}
	var ok bool
	if f.changedAfter, ok = instant(q.Get("lastStatusChange")); !ok {
		return f, invalid("lastStatusChange")
	}
	if f.createdAfter, ok = instant(q.Get("after")); !ok {
		return f, invalid("after")
	}
	if q.Has("selfActivated") {
		self, err := strconv.ParseBool(q.Get("selfActivated"))
		if err != nil {
			return f, invalid("selfActivated")
		}
		f.selfActivated = &self
	}
	if f.max, ok = number(q, "max", 50); !ok || f.max < 1 || (f.max > 100 && !k.ClampMax) {
		return f, invalid("max")
	}
	f.max = min(f.max, 100)
	if f.offset, ok = number(q, "offset", 0); !ok || f.offset < 0 {
		return f, invalid("offset")
	}
	return f, nil
}

func number(q url.Values, name string, otherwise int) (int, bool) {
	if !q.Has(name) {
		return otherwise, true
	}
	n, err := strconv.Atoi(q.Get(name))
	return n, err == nil
}

// instant reads milliseconds since 1970 or ISO 8601.
func instant(text string) (ms int64, ok bool) {
	if text == "" {
		return 0, true
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, true
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at.UnixMilli(), err == nil
}

// links builds the Link header; empty where there is but one page.
func links(r *http.Request, f filter, more bool) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	var out []string
	add := func(rel string, offset int) {
		q := r.URL.Query()
		q.Set("max", strconv.Itoa(f.max))
		q.Set("offset", strconv.Itoa(offset))
		out = append(out, fmt.Sprintf(`<%s://%s%s?%s>; rel="%s"`, scheme, r.Host, r.URL.Path, q.Encode(), rel))
	}
	if f.offset > 0 {
		add("first", 0)
		add("prev", max(0, f.offset-f.max))
	}
	if more {
		add("next", f.offset+f.max)
	}
	return strings.Join(out, ", ")
}
