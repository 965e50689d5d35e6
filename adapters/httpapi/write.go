package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Limits of what a request says about itself, in bytes and characters.
const (
	maxKey     = 255
	maxRequest = 128
	maxReason  = 500
)

// cause says who asks for a change and why, after the body was read. With an
// Idempotency-Key, the same request again is the same command.
func (c *call) cause() (domain.Cause, error) {
	why := domain.Cause{
		Partner: c.partner(), Actor: c.actor(), Role: c.token.Issued.Role, Surface: c.surface(), Request: c.tracking,
	}
	if given := c.Header.Get("TrackingID"); given != "" && len(given) <= maxRequest && visible(given) {
		why.Request = given
	}
	var err error
	if why.Reason, err = c.reason(); err != nil {
		return why, err
	}
	keys := c.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return why, nil
	}
	key := keys[0]
	if len(keys) > 1 || key == "" || len(key) > maxKey || !visible(key) {
		return why, badHeader("Idempotency-Key", "must have 1 to 255 visible ASCII characters, once")
	}
	sum := sha256.Sum256([]byte(c.Method + "\n" + c.URL.Path + "\n" + string(c.body)))
	why.Request = key + "/" + hex.EncodeToString(sum[:6])
	why.Command = domain.NameID("idempotency", why.Partner, key)
	return why, nil
}

// reason is what the actor says: the header X-Reason, percent-encoded where it is
// not ASCII, or the parameter reason.
func (c *call) reason() (string, error) {
	text := c.Header.Get("X-Reason")
	if decoded, err := url.PathUnescape(text); err == nil {
		text = decoded
	}
	if text == "" {
		text = c.URL.Query().Get("reason")
	}
	text = strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", badHeader("X-Reason", "must be UTF-8, percent-encoded, without line breaks")
	case utf8.RuneCountInString(text) > maxReason:
		return "", badHeader("X-Reason", "must have at most "+strconv.Itoa(maxReason)+" characters")
	}
	return text, nil
}

func badHeader(name, problem string) error {
	return &refusal{
		status: http.StatusBadRequest, name: "invalid", title: "The request needs correcting", detail: "A header needs correcting.",
		code: codeMalformed, fields: []domain.FieldError{{Field: name, Problem: problem}}, at: inHeader,
	}
}

func trimmed(text string) string { return strings.TrimSpace(text) }

func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// once carries out a write of one stream. A command that is recorded already is
// not carried out again: it is answered with what it left behind then.
func once[S, C any](a *api, c *call, why domain.Cause, stream string, d domain.Decider[S, C], do func(*commands.Service, domain.Cause) (commands.Recorded[S], error)) (commands.Recorded[S], error) {
	if r, found, err := then(c.Context(), a.Service.Log, why, stream, d); found || err != nil {
		return r, err
	}
	service := *a.Service
	if version, given, err := c.ifMatch(); err != nil {
		return commands.Recorded[S]{}, err
	} else if given {
		service.Log = onlyAt{EventLog: service.Log, stream: stream, version: version}
	}
	r, err := do(&service, why)
	if err != nil || r.Changed {
		return r, err
	}
	if r, found, err := then(c.Context(), a.Service.Log, why, stream, d); found || err != nil {
		return r, err // the same request, sent twice at once, was faster
	}
	return r, nil
}

// then returns what a command left behind when it was recorded.
func then[S, C any](ctx context.Context, log commands.EventLog, why domain.Cause, stream string, d domain.Decider[S, C]) (r commands.Recorded[S], found bool, err error) {
	if why.Command == uuid.Nil {
		return r, false, nil
	}
	entries, err := log.ReadStream(ctx, stream)
	if err != nil {
		return r, false, err
	}
	for i, e := range entries {
		if e.ID != why.Command {
			continue
		}
		if e.Cause.Request != why.Request || e.Cause.Partner != why.Partner {
			return r, false, commands.ErrKeyReused
		}
		last := i
		for last+1 < len(entries) && entries[last+1].ID == domain.EventID(why.Command, last+1-i) {
			last++
		}
		return commands.Recorded[S]{Value: d.Fold(entries[:last+1]), Version: last + 1, Position: entries[last].Position, Changed: true}, true, nil
	}
	return r, false, nil
}

// onlyAt is a log in which one stream is there only while it has one version, so
// that whatever is decided is decided on top of that version or not at all.
type onlyAt struct {
	commands.EventLog
	stream  string
	version int
}

// ReadStream implements commands.EventLog.
func (l onlyAt) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	entries, err := l.EventLog.ReadStream(ctx, stream)
	if err == nil && stream == l.stream && len(entries) != l.version {
		return nil, errVersion
	}
	return entries, err
}

// ifMatch reads the version that a change is meant for.
func (c *call) ifMatch() (version int, given bool, err error) {
	text := c.Header.Get("If-Match")
	if text == "" || text == "*" {
		return 0, false, nil
	}
	version, err = strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || text != etag(version) {
		return 0, false, errVersion // no version of ours: it cannot match
	}
	return version, true, nil
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// current reads what is recorded of a partner's thing.
//
// Errors: errNotFound.
func current[S, C any](ctx context.Context, a *api, partner, stream string, d domain.Decider[S, C]) (commands.Recorded[S], error) {
	entries, err := a.Service.Log.ReadStream(ctx, stream)
	if err != nil {
		return commands.Recorded[S]{}, err
	}
	if len(entries) == 0 || entries[0].Cause.Partner != partner {
		return commands.Recorded[S]{}, errNotFound
	}
	last := entries[len(entries)-1]
	return commands.Recorded[S]{Value: d.Fold(entries), Version: last.Version, Position: last.Position}, nil
}

// caughtUp waits until the views show a position.
//
// Errors: errBehind.
func (a *api) caughtUp(c *call, at domain.Position) error {
	ctx, cancel := context.WithTimeout(c.Context(), a.ViewWait)
	defer cancel()
	if err := a.Views.Wait(ctx, at); err != nil {
		if errors.Is(err, context.DeadlineExceeded) && c.Context().Err() == nil {
			return errBehind
		}
		return err
	}
	return nil
}
