package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// client talks to the HTTP API, over the network or inside this process.
type client struct {
	http   *http.Client
	base   string // "http://host:port"
	token  string
	reason string // why things are changed, in the operator's words
	bulk   bool   // what is asked for is one of many, which others go before
	local  bool   // the engine runs in this process, until close
	close  func() error

	carryOutImports func() // where the engine runs in this process: has imports that were applied carried out, until close

	damagedLog string // whose damage keeps the engine from being opened; empty: it is open
}

// problemError is a no of the server (RFC 9457).
type problemError struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	TraceID string `json:"traceId"`
	Errors  []struct {
		Pointer string `json:"pointer"`
		Name    string `json:"name"`
		Problem string `json:"problem"`
		Fix     string `json:"fix"`
	} `json:"errors"`
}

// is says whether the problem is one of a type.
func (p *problemError) is(name string) bool { return strings.HasSuffix(p.Type, ":problem:"+name) }

// Error tells what is wrong, field by field with the fix.
func (p *problemError) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	if p.Detail == "" {
		b.WriteString(p.Title)
	}
	for _, e := range p.Errors {
		field := e.Name
		if e.Pointer != "" {
			field = strings.ReplaceAll(strings.TrimPrefix(e.Pointer, "#/"), "/", ".")
		}
		fmt.Fprintf(&b, "\n  %s: %s", field, e.Problem)
		if !strings.Contains(e.Fix, e.Problem) {
			b.WriteString(" (" + strings.TrimSuffix(e.Fix, ".") + ")")
		} else if !strings.HasSuffix(e.Problem, ".") {
			b.WriteString(".")
		}
	}
	if p.Status >= 500 && p.TraceID != "" {
		b.WriteString("\n  Tracking id: " + p.TraceID)
	}
	return plain(b.String(), true)
}

// do sends a request; headers come in pairs. A reply other than 2xx is a
// *problemError.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body io.Reader, media string, headers ...string) (*http.Response, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	if file, ok := body.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			r.ContentLength = info.Size()
			r.Header.Set("Expect", "100-continue") // a no comes before the file goes out
		}
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Ledgerline-Surface", "cli")
	if c.bulk {
		r.Header.Set("Ledgerline-Surface", "bulk")
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	if c.reason != "" && method != http.MethodGet {
		r.Header.Set("X-Reason", url.PathEscape(c.reason))
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	reply, err := c.http.Do(r)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	if reply.StatusCode >= 300 {
		defer reply.Body.Close()
		return nil, readProblem(reply)
	}
	return reply, nil
}

func unreachable(base string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s does not answer: %w", base, err)
}

func readProblem(reply *http.Response) error {
	p := &problemError{}
	text, _ := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if json.Unmarshal(text, p) != nil || p.Detail == "" && p.Title == "" {
		p.Detail = "The server answered " + reply.Status + "; is it Ledgerline?"
	}
	p.Status = reply.StatusCode
	return p
}

// ask sends a request with a JSON body, or none if body is nil, and returns the
// reply's body and version.
func (c *client) ask(ctx context.Context, method, path string, query url.Values, body any) (text []byte, reply *http.Response, err error) {
	var in io.Reader
	media := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		in, media = bytes.NewReader(encoded), "application/json"
	}
	reply, err = c.do(ctx, method, path, query, in, media)
	if err != nil {
		return nil, nil, err
	}
	defer reply.Body.Close()
	text, err = io.ReadAll(reply.Body)
	return bytes.TrimSpace(text), reply, err
}

// get reads one thing.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) (json.RawMessage, error) {
	text, _, err := c.ask(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	return text, json.Unmarshal(text, into)
}

// pageSize is how many items of a list are asked for at once.
const pageSize = 500

// each reads a list page by page until limit items were given to use; 0: all.
// More says whether there are others.
func (c *client) each(ctx context.Context, path string, query url.Values, limit int, use func(json.RawMessage) error) (more bool, err error) {
	for left := limit; ; {
		size := pageSize
		if limit > 0 {
			size = min(size, left)
		}
		query.Set("limit", fmt.Sprint(size))
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next"`
		}
		if _, err := c.get(ctx, path, query, &page); err != nil {
			return false, err
		}
		for _, item := range page.Items {
			if err := use(item); err != nil {
				return false, err
			}
		}
		left -= len(page.Items)
		if page.Next == "" || limit > 0 && left <= 0 {
			return page.Next != "", nil
		}
		query.Set("cursor", page.Next)
	}
}
