package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// live is an answer that tells events as they happen, as server-sent events have
// it: https://html.spec.whatwg.org/multipage/server-sent-events.html
type live struct{ w http.ResponseWriter }

// newLive begins such an answer.
func newLive(w http.ResponseWriter) live {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies that keep answers back are to pass this one on
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // who listens knows at once that it does
	return live{w}
}

// tell sends an event. Clients that come again name the id of the last that they
// got, in the header Last-Event-ID.
func (l live) tell(name, id string, data any) error {
	text, err := json.Marshal(data) // in one line
	if err != nil {
		return err
	}
	return l.send(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, name, text))
}

// beat shows that the connection is alive.
func (l live) beat() error { return l.send(": alive\n\n") }

func (l live) send(text string) error {
	if _, err := strings.NewReader(text).WriteTo(l.w); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}
