// Package eventlog holds what all event logs share: how events become bytes and
// back, and the limits an append is held to.
package eventlog

import (
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ledgerline/domain"
)

// Codec turns events into JSON and back, by their stored type names. It is the
// one place through which every body passes on its way into and out of a log,
// and therefore where fields of type domain.Personal will be encrypted.
//
// A codec is immutable and safe for concurrent use.
type Codec struct {
	types map[string]reflect.Type
}

// NewCodec returns a codec for events of the types of these prototypes. It
// panics when two have the same stored name or one cannot be encoded.
func NewCodec(prototypes ...domain.Event) *Codec {
	c := &Codec{types: make(map[string]reflect.Type, len(prototypes))}
	for _, p := range prototypes {
		name := p.EventType()
		if other, taken := c.types[name]; taken {
			panic(fmt.Sprintf("eventlog: %v and %T are both called %q", other, p, name))
		}
		c.types[name] = reflect.TypeOf(p)
		if _, err := c.Encode(p); err != nil {
			panic(err)
		}
	}
	return c
}

// Encode returns the body under which an event is stored: the same bytes for
// equal events, and for domain.Unknown the bytes it was read from. It panics
// when the codec was not made for the type, as such an event could be written
// but not understood again.
func (c *Codec) Encode(e domain.Event) ([]byte, error) {
	if u, ok := e.(domain.Unknown); ok {
		return u.Data, nil
	}
	name := e.EventType()
	if t := c.types[name]; t != reflect.TypeOf(e) {
		panic(fmt.Sprintf("eventlog: the codec has no type %q for %T", name, e))
	}
	body, err := json.Marshal(e, encoding)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return body, nil
}

// Decode returns the event stored under a type name and body, as a value of the
// prototype's type. Fields that the type does not have are ignored. A name that
// the codec was not made for gives a domain.Unknown, which keeps body.
func (c *Codec) Decode(name string, body []byte) (domain.Event, error) {
	t, known := c.types[name]
	if !known {
		return domain.Unknown{Type: name, Data: body}, nil
	}
	v := reflect.New(t)
	if err := json.Unmarshal(body, v.Interface(), decoding); err != nil {
		return nil, fmt.Errorf("decode %s: %w", name, err)
	}
	return v.Elem().Interface().(domain.Event), nil
}

var (
	encoding = json.JoinOptions(json.Deterministic(true))

	// What is stored was written by Encode and is covered by a checksum, so
	// looking for repeated names again would only cost time.
	decoding = json.JoinOptions(jsontext.AllowDuplicateNames(true))
)
