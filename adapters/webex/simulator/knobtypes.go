package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Delay is a time between Min and Max, by chance. In JSON its ends are texts
// such as "1.2s".
type Delay struct{ Min, Max time.Duration }

// String writes "200ms..1.2s", or "1s" where both ends are the same.
func (d Delay) String() string {
	if d.Min == d.Max {
		return d.Min.String()
	}
	return d.Min.String() + ".." + d.Max.String()
}

type delayText struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// MarshalJSON writes {"min":"200ms","max":"1.2s"}.
func (d Delay) MarshalJSON() ([]byte, error) {
	return json.Marshal(delayText{d.Min.String(), d.Max.String()})
}

// UnmarshalJSON reads what MarshalJSON writes, with both ends, or what String
// writes.
func (d *Delay) UnmarshalJSON(data []byte) error {
	var text string
	var ends delayText
	err := json.Unmarshal(data, &text)
	if err == nil {
		low, high, two := strings.Cut(text, "..")
		if !two {
			high = low
		}
		ends = delayText{low, high}
	} else {
		err = strict(data, &ends)
	}
	if err == nil {
		d.Min, err = time.ParseDuration(ends.Min)
	}
	if err == nil {
		d.Max, err = time.ParseDuration(ends.Max)
	}
	if err != nil {
		return errors.New(`a delay is written "200ms..1.2s", "5s" or {"min":"200ms","max":"1.2s"}`)
	}
	return nil
}

// Duration is a time.Duration that is a text in JSON, such as "90s".
type Duration time.Duration

// MarshalJSON writes "1m30s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON is the reverse of MarshalJSON.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	err := json.Unmarshal(data, &text)
	if err == nil {
		var parsed time.Duration
		if parsed, err = time.ParseDuration(text); err == nil {
			*d = Duration(parsed)
			return nil
		}
	}
	return errors.New(`a time is written "90s", "5m" or "-1h30m"`)
}

func (d Duration) millis() int64 { return time.Duration(d).Milliseconds() }

// Mix says by weight how often each of several kinds comes: {"502":3,"reset":1}.
type Mix map[string]float64

// ParseMix reads "502:3,reset:1"; a kind without a weight has 1.
func ParseMix(text string) (Mix, error) {
	m := Mix{}
	for part := range strings.SplitSeq(text, ",") {
		kind, weight, weighted := strings.Cut(strings.TrimSpace(part), ":")
		m[kind] = 1
		if !weighted {
			continue
		}
		var err error
		if m[kind], err = strconv.ParseFloat(strings.TrimSpace(weight), 64); err != nil {
			return nil, fmt.Errorf(`a mix is written "502:3,reset:1"; %q is no weight`, weight)
		}
	}
	return m, nil
}

// Problems are errors of which one is chosen by weight.
type Problems []WeightedProblem

// WeightedProblem is a Problem and how often it comes, compared with the others.
type WeightedProblem struct {
	Problem
	Weight float64 `json:"weight"`
}

// strict reads one JSON value that has no fields but those of into.
func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return readable(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("there is something after the end of the JSON value")
	}
	return nil
}

// readable says in plain words what is wrong with a JSON value.
func readable(err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%s must be %s, not %s", kind.Field, kindName(kind.Type), kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("must be %s, not %s", kindName(kind.Type), kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON value is missing or ends too early")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
